"""Connections to the gateway, shared out by network: who is idle makes room for who comes.

A connection is busy while a request of it is handled, which an events socket is all its life. The
others are displaced when there are too many: a browser opens another one without a word. What a
peer does not read is kept for it `WRITE_S`.

Connections of trusted proxies are not counted: each stands for many viewers, and a proxy has limits
of its own.
"""

from __future__ import annotations

import asyncio
import resource
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, cast

from aiohttp import web

from relay.errors import Overloaded
from relay.gateway.keys import DOORS
from relay.gateway.visitor import is_trusted
from relay.log import pool_is_full
from relay.network import prefix
from relay.pool import Pool, Size

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from relay.config import Settings
    from relay.gateway.hub import Listener as Page
    from relay.listening import Listener

    Connection = web.RequestHandler

IDLE: Final = 1024
BUSY: Final = 8192
SOCKETS: Final = Size(unproven=2048, proven=8192)
"""Events sockets of pages that have not watched, and of those that have."""
WRITE_S: Final = 20.0
"""A peer that takes nothing of what it is sent for this long is cut off; a file is sent within."""
POSTS: Final = Size(unproven=1024, proven=1)
"""WHEP offers on their way to an edge and back."""
_LOOK_S: Final = 5.0


class Doors:
    """See the module."""

    def __init__(self, settings: Settings) -> None:
        self._trusted = settings.trusted_proxies
        self._stuck: dict[Connection, tuple[int, float]] = {}
        """Bytes that wait for their reader, and since when they have not become fewer."""
        # Each takes a descriptor, of which some are left for all else.
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        size = Size(unproven=min(IDLE, files // 4), proven=min(BUSY, files // 2))
        self.pool: Pool[Connection] = Pool("connections", size, pool_is_full)
        self.sockets: Pool[Page] = Pool("sockets", SOCKETS, pool_is_full)
        self.posts: Pool[asyncio.Task[dict[str, Any]]] = Pool("posts", POSTS, pool_is_full)
        self.listener: Listener | None = None
        """What accepts them, once it does."""
        self.cut_off = 0
        """Connections whose peers did not read."""
        self.said_too_much = 0
        """Events sockets that were closed for it."""
        self.unissued_sessions = 0
        """Reports that named a session which no edge has issued."""
        self.gone_early = 0
        """Requests whose peers did not wait for the answer."""
        self.refused: Counter[int] = Counter()
        """Requests that were refused, by status."""

    def came(self, connection: Connection, transport: asyncio.Transport) -> None:
        """A connection was made."""
        name = transport.get_extra_info("peername")
        peer = str(name[0]) if isinstance(name, tuple) else ""
        if not peer or is_trusted(peer, self._trusted):
            return
        entered, victim = self.pool.enter(connection, prefix(peer))
        if victim is not None and victim.transport is not None:
            _abort_soon(victim.transport)
        if not entered:
            _abort_soon(transport)

    def left(self, connection: Connection) -> None:
        """A connection has ended."""
        self.pool.leave(connection)
        self._stuck.pop(connection, None)

    def look(self, connections: list[Connection], now: float) -> None:
        """Cut off those whose peers do not read."""
        for connection in connections:
            transport = connection.transport
            size = 0 if transport is None else transport.get_write_buffer_size()
            before, since = self._stuck.get(connection, (0, now))
            if not size:
                self._stuck.pop(connection, None)
            elif not before or size < before:
                self._stuck[connection] = size, now
            elif now - since >= WRITE_S and transport is not None:
                self.cut_off += 1
                transport.abort()

    def counters(self) -> dict[str, int]:
        """For metrics."""
        pools = self.pool.counters() | self.sockets.counters() | self.posts.counters()
        return {
            **pools,
            "connections_turned_away": self.listener.turned_away if self.listener else 0,
            "connections_cut_off": self.cut_off,
            "said_too_much": self.said_too_much,
            "unissued_sessions": self.unissued_sessions,
            "gone_early": self.gone_early,
            **{f"refused_{status}": count for status, count in sorted(self.refused.items())},
        }


def _abort_soon(transport: asyncio.BaseTransport) -> None:
    # aiohttp begins to serve a connection in the loop's next turn, and fails if it has ended then.
    asyncio.get_running_loop().call_soon(cast("asyncio.Transport", transport).abort)


class Runner(web.AppRunner):
    """Runs an application behind its doors."""

    _looking: asyncio.Task[None] | None = None

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        doors = self.app[DOORS]
        made, lost = server.connection_made, server.connection_lost

        def connection_made(handler: Connection, transport: asyncio.Transport) -> None:
            made(handler, transport)
            doors.came(handler, transport)

        def connection_lost(handler: Connection, exc: BaseException | None = None) -> None:
            lost(handler, exc)
            doors.left(handler)

        # aiohttp has no other place to learn of connections that send no request.
        server.connection_made = connection_made  # type: ignore[method-assign]
        server.connection_lost = connection_lost  # type: ignore[method-assign]
        self._looking = asyncio.create_task(self._look(server, doors))
        return server

    async def _look(self, server: web.Server, doors: Doors) -> None:
        while True:
            await asyncio.sleep(_LOOK_S)
            doors.look(server.connections, asyncio.get_running_loop().time())

    async def cleanup(self) -> None:
        """Stop, and close all connections."""
        if self._looking is not None:
            self._looking.cancel()
        await super().cleanup()


@web.middleware
async def turns(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Hold a place for the request, and let those of other connections have their turn."""
    pool, connection = request.app[DOORS].pool, request.protocol
    if not pool.prove(connection):
        connection.close()
        raise Overloaded("this network has all the connections that one may have; try again")
    try:
        # Requests that came in one piece are handled without a break otherwise.
        await asyncio.sleep(0)
        return await handler(request)
    finally:
        pool.rest(connection)


class File(web.FileResponse):
    """A file that its reader has to take within `WRITE_S`: it holds two descriptors."""

    async def prepare(self, request: web.Request) -> object:  # type: ignore[override]
        """Send it."""
        try:
            async with asyncio.timeout(WRITE_S):
                return await super().prepare(request)
        except TimeoutError:
            if request.transport is not None:
                request.app[DOORS].cut_off += 1
                request.transport.abort()
            raise ConnectionResetError("its reader does not read") from None
