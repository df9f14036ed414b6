"""Where the load generator's viewers come in: WHEP through a gateway, or an edge's own calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import aiohttp

from relay.bus.client import connect
from relay.bus.rpc import CallTimeout, Refused, call

if TYPE_CHECKING:
    from redis.asyncio import Redis

_TIMEOUT_S = 8.0
_RETRY_S = 0.5


@dataclass(frozen=True, slots=True)
class Answer:
    """What a viewer is told."""

    sdp: str = ""
    """Empty: there is no room."""
    location: str = ""
    """The session."""
    retry_after_s: float = _RETRY_S
    """When to come again."""


class Door(Protocol):
    """Opens sessions."""

    async def open(self, offer: str) -> Answer:
        """Ask for a session."""

    async def close(self) -> None:
        """Let go of connections."""


class EdgeDoor:
    """An edge, called over the bus as the gateway does it."""

    def __init__(self, bus: Redis, edge: str, camera: str) -> None:
        self._bus = bus
        self._edge = edge
        self._body = {"broadcast": camera, "camera": camera, "host": "127.0.0.1"}

    async def open(self, offer: str) -> Answer:  # noqa: D102 - as in Door
        body = {**self._body, "sdp": offer}
        try:
            answer = await call(self._bus, self._edge, "open", body, timeout_s=_TIMEOUT_S)
        except Refused as refusal:
            return Answer(retry_after_s=refusal.retry_after or _RETRY_S)
        except CallTimeout:
            return Answer()
        return Answer(answer["sdp"], answer["session"])

    async def close(self) -> None:  # noqa: D102 - as in Door
        await self._bus.aclose()


class GatewayDoor:
    """WHEP."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = aiohttp.ClientSession(
            headers={"Content-Type": "application/sdp"},
            timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S),
        )

    async def open(self, offer: str) -> Answer:  # noqa: D102 - as in Door
        try:
            async with self._client.post(self._url, data=offer.encode()) as response:
                body = await response.text()
                if response.status == 201:
                    return Answer(body, response.headers["Location"])
                retry = response.headers.get("Retry-After")
                return Answer(retry_after_s=float(retry) if retry else _RETRY_S)
        except (TimeoutError, aiohttp.ClientError):
            return Answer()

    async def close(self) -> None:  # noqa: D102 - as in Door
        await self._client.close()


def make_door(what: dict[str, Any]) -> Door:
    """The door that is described: `whep` (a URL), or `bus` (a URL), `edge` and `camera`."""
    if "whep" in what:
        return GatewayDoor(what["whep"])
    return EdgeDoor(connect(what["bus"]), what["edge"], what["camera"])
