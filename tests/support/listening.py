"""An open page, as far as its events socket goes."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp

from tests.support.stalls import HANG_S

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.support.gateway import Gateway

Event = dict[str, Any]


class OpenPage:
    """A page's events socket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, state: Event) -> None:
        self.socket = socket
        self.state = state
        """The broadcast, as the first message told it."""
        self.heard: list[Event] = []
        """What came after that."""

    async def hear(self, within_s: float = HANG_S) -> Event:
        """The next event."""
        message = await self.socket.receive(within_s)
        assert message.type is aiohttp.WSMsgType.TEXT, message
        event = json.loads(message.data)
        assert isinstance(event, dict)
        self.heard.append(event)
        return event

    async def hear_that(
        self, condition: Callable[[Event], bool], what: str, within_s: float = HANG_S
    ) -> Event:
        """The first event from now on of which the condition holds."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within_s
        while True:
            try:
                event = await self.hear(max(deadline - loop.time(), 0.001))
            except TimeoutError:
                raise AssertionError(f"did not hear {what}, but {self.heard}") from None
            if condition(event):
                return event

    async def hear_type(self, name: str, within_s: float = HANG_S, **fields: Any) -> Event:
        """The next event of a type with these fields."""
        wanted = {"type": name, **fields}
        return await self.hear_that(lambda e: e | wanted == e, f"{wanted}", within_s)

    async def hang_up(self) -> int:
        """Read on until the gateway hangs up; the code with which it does."""
        async with asyncio.timeout(HANG_S):
            async for _ in self.socket:
                pass
        assert self.socket.close_code is not None
        return self.socket.close_code


@asynccontextmanager
async def open_page(
    gateway: Gateway,
    slug: str,
    *,
    cookie: str | None = None,
    origin: str | None = None,
    address: str | None = None,
    protocols: tuple[str, ...] = (),
) -> AsyncIterator[OpenPage]:
    """A page of this broadcast, from its first message on; of `address`, if a proxy says so."""
    headers = {}
    if cookie is not None:
        headers["Cookie"] = cookie
    if origin is not None:
        headers["Origin"] = origin
    if address is not None:
        headers["X-Forwarded-For"] = address
    url = f"{gateway.url}/api/v1/broadcasts/{slug}/events"
    async with gateway.http.ws_connect(url, headers=headers, protocols=protocols) as socket:
        first = await socket.receive_json(timeout=HANG_S)
        assert first["type"] == "state"
        yield OpenPage(socket, first["broadcast"])
