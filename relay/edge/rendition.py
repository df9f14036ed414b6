"""A stream that this edge serves: read from the bus once, pushed into the core.

Routing key: camera and rendition. Back-pressure: the reader's; the core never waits.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from relay.bus import keys
from relay.bus.client import connect_blocking
from relay.bus.events import publish
from relay.bus.reader import Start, StreamReader
from relay.errors import StoreError
from relay.log import logger
from relay.media.codecs import Kind

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from relay.edge.core import Core
    from relay.media.unit import Unit

STALE_S: Final = 3.0
"""What the bus holds is not shown to joiners if it is older than this: its camera is gone."""
LINGER_S: Final = 5.0
"""How long a stream is read on without viewers: a reconnecting one finds it warm."""


class Feed:
    """One stream of one camera."""

    def __init__(self, core: Core, number: int, bus_url: str, key: str, kind: Kind) -> None:
        self.number = number
        """Its number in the core."""
        self.key = key
        """Its stream on the bus."""
        self.kind = kind
        """Sound or picture."""
        self.viewers = 0
        """How many sessions hold it."""
        self.idle_since = 0.0
        """When the last one let go, by the loop's clock."""
        self.primed = asyncio.Event()
        """Set once what the bus had at the start is in the core."""
        self._pushed = -STALE_S
        self._core = core
        start = Start.KEYFRAME if kind is Kind.VIDEO else Start.LIVE
        self._client = connect_blocking(bus_url)
        self._reader = StreamReader(self._client, key, start)
        core.open_stream(number, kind)
        if kind is Kind.AUDIO:
            self.primed.set()
        self._task = asyncio.create_task(self._run())

    @property
    def missed(self) -> int:
        """Units that this reader has missed."""
        return self._reader.missed

    @property
    def fresh(self) -> bool:
        """Whether its frames are of this moment: those of a camera that has stopped are not."""
        return time.monotonic() - self._pushed < STALE_S

    async def _run(self) -> None:
        while True:
            units = [unit for unit in await self._reader.read() if unit.kind is self.kind]
            now = time.time()
            if not units or (not self.primed.is_set() and _age_s(units[-1], now) > STALE_S):
                continue
            for unit in units:
                self._core.push(self.number, unit, now)
            self._pushed = time.monotonic()
            self.primed.set()

    async def stop(self) -> None:
        """Stop reading and close the stream in the core."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._core.close_stream(self.number)
        await self._client.aclose()


def _age_s(unit: Unit, now: float) -> float:
    return now - unit.captured_us / 1e6


class Feeds:
    """The streams of one edge, opened when first asked for and closed when idle."""

    def __init__(self, core: Core, bus_url: str) -> None:
        self._core = core
        self._bus_url = bus_url
        self._feeds: dict[str, Feed] = {}
        self._next = 0

    def take(self, camera: str, rendition: str, kind: Kind) -> Feed:
        """The stream's feed, held until `release`."""
        key = keys.rendition_units(camera, rendition)
        feed = self._feeds.get(key)
        if feed is None:
            feed = Feed(self._core, self._next, self._bus_url, key, kind)
            self._feeds[key] = feed
            self._next += 1
        feed.viewers += 1
        return feed

    def release(self, feed: Feed, now: float) -> None:
        """Let go of a feed."""
        feed.viewers -= 1
        feed.idle_since = now

    async def reap(self, now: float) -> None:
        """Stop the feeds that nobody has held for `LINGER_S`."""
        for key, feed in list(self._feeds.items()):
            if feed.viewers == 0 and now - feed.idle_since > LINGER_S:
                del self._feeds[key]
                await feed.stop()

    async def stop(self) -> None:
        """Stop them all."""
        feeds, self._feeds = list(self._feeds.values()), {}
        await asyncio.gather(*(feed.stop() for feed in feeds))


class KeyframeWishes:
    """Asks cameras' workers for keyframes, each at most once in `EVERY_S`."""

    EVERY_S: Final = 2.0

    def __init__(self, bus: Redis) -> None:
        self._bus = bus
        self._asked: dict[str, float] = {}

    async def ask(self, camera: str, now: float) -> None:
        """Ask for a keyframe, unless that was done a moment ago."""
        if now - self._asked.get(camera, -self.EVERY_S) < self.EVERY_S:
            return
        self._asked[camera] = now
        try:
            await publish(self._bus, keys.keyframe_wishes(camera), {})
        except StoreError as error:
            logger().warning("a keyframe could not be asked for", error=str(error))
