"""A stream that this edge serves: read from the bus once, pushed into the core.

Routing key: camera and rendition. Back-pressure: the reader's; the core never waits.
"""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from relay import process
from relay.bus import demand, keys
from relay.bus.client import connect_blocking
from relay.bus.events import publish
from relay.bus.reader import Start, StreamReader, has_stopped
from relay.edge.lateness import Lateness
from relay.errors import StoreError
from relay.log import logger
from relay.media.codecs import Kind
from relay.media.timebase import VIDEO_CLOCK

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis.asyncio import Redis

    from relay.edge.core import Core

LINGER_S: Final = 4.5
"""How long a stream is read on without viewers: a reconnecting one finds it warm, and one that goes
over to another rung still needs it until that one's keyframe, which may be 4 s away.
"""


@dataclass(frozen=True)
class Bus:
    """The bus, for feeds."""

    url: str
    """For the connection of their own that each of them reads with."""
    client: Redis
    """For commands."""


class Feed:
    """One stream of one camera."""

    def __init__(
        self, core: Core, bus: Bus, number: int, camera: str, rendition: str, kind: Kind
    ) -> None:
        self.number = number
        """Its number in the core."""
        self.camera = camera
        """Id of its camera."""
        self.rendition = rendition
        """Name of its rung, or `SOUND`."""
        self.kind = kind
        """Sound or picture."""
        self.viewers = 0
        """How many sessions hold it."""
        self.idle_since = 0.0
        """When the last one let go, by the loop's clock."""
        self.primed = False
        """Whether what the bus had at the start is in the core."""
        self.keyframe_at = -1.0
        """When its last keyframe was pushed, by the loop's clock."""
        self.gop_frames = 0
        """Number of frames since then, itself included."""
        self.lateness = Lateness()
        """Whether its frames come later and later."""
        self._waiting: list[Callable[[float], None]] = []
        self._pushed: float | None = None
        self._interval_s = 0.0
        self._core = core
        self._bus = bus
        start = Start.LIVE_KEYFRAME if kind is Kind.VIDEO else Start.LIVE
        self._client = connect_blocking(bus.url)
        key = keys.rendition_units(camera, rendition)
        self._reader = StreamReader(self._client, key, start)
        core.open_stream(number, kind)
        self.primed = kind is Kind.AUDIO
        self._task = process.vital(self._run(), "feed")

    @property
    def missed(self) -> int:
        """Units that this reader has missed."""
        return self._reader.missed

    @property
    def fresh(self) -> bool:
        """Whether its frames are of this moment: those of a camera that has stopped are not.

        Only their coming counts: a camera may send late, and its clock may be wrong.
        """
        pushed = self._pushed
        return pushed is not None and not has_stopped(time.monotonic() - pushed, self._interval_s)

    def when_primed(self, then: Callable[[float], None]) -> None:
        """Call `then` with the loop's time: now, or as soon as the feed is primed."""
        if self.primed:
            then(asyncio.get_running_loop().time())
        else:
            self._waiting.append(then)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            # Its worker may have to begin with it; the edge repeats this every second.
            await demand.want(self._bus.client, self.camera, [self.rendition])
        except StoreError as error:
            logger().warning("a rendition cannot be asked for", error=str(error))
        while True:
            units = [unit for unit in await self._reader.read() if unit.kind is self.kind]
            now = time.time()
            if not units:
                continue
            for unit in units:
                self._core.push(self.number, unit, now)
                self.lateness.note(unit.dts / VIDEO_CLOCK, loop.time())
                self.gop_frames = 1 if unit.opens_gop else self.gop_frames + 1
                if unit.opens_gop:
                    self.keyframe_at = loop.time()
            pushed = time.monotonic()
            self._interval_s = 0.0 if self._pushed is None else pushed - self._pushed
            self._pushed = pushed
            self.primed = True
            waiting, self._waiting = self._waiting, []
            for then in waiting:
                then(loop.time())

    async def stop(self) -> None:
        """Stop reading and close the stream in the core."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._core.close_stream(self.number)
        await self._client.aclose()


class Feeds:
    """The streams of one edge, opened when first asked for and closed when idle."""

    def __init__(self, core: Core, bus: Bus) -> None:
        self._core = core
        self._bus = bus
        self._feeds: dict[tuple[str, str, Kind], Feed] = {}
        self._next = 0

    @property
    def open(self) -> dict[str, set[str]]:
        """The renditions that are read, by camera."""
        found: dict[str, set[str]] = {}
        for feed in self._feeds.values():
            found.setdefault(feed.camera, set()).add(feed.rendition)
        return found

    def take(self, camera: str, rendition: str, kind: Kind) -> Feed:
        """The stream's feed, held until `release`."""
        key = (camera, rendition, kind)
        feed = self._feeds.get(key)
        if feed is None:
            feed = Feed(self._core, self._bus, self._next, camera, rendition, kind)
            self._feeds[key] = feed
            self._next += 1
        feed.viewers += 1
        return feed

    def find(self, number: int) -> Feed | None:
        """The feed of this number in the core."""
        return next((feed for feed in self._feeds.values() if feed.number == number), None)

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
    """Asks cameras' workers for keyframes, of each rung at most once in `EVERY_S`, or `SOON_S`."""

    EVERY_S: Final = 2.0
    """For viewers that cannot decode."""
    SOON_S: Final = 0.25
    """For viewers that go over to another rung."""

    def __init__(self, bus: Redis) -> None:
        self._bus = bus
        self._asked: dict[tuple[str, str], float] = {}
        """When cameras' rungs were asked for one of late."""
        self._tasks: set[asyncio.Task[None]] = set()

    def ask_soon(self, camera: str, rung: str, now: float) -> None:
        """Ask for a keyframe to go over with."""
        self._ask(camera, rung, now, self.SOON_S)

    def _ask(self, camera: str, rung: str, now: float, every_s: float) -> None:
        # Nobody waits for the bus: whoever asks keeps the edge's clock.
        if self._may_ask(camera, rung, now, every_s):
            task = asyncio.create_task(self._publish(camera, rung))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def ask(self, camera: str, rung: str, now: float) -> None:
        """Ask for a keyframe, unless that was done a moment ago."""
        self._ask(camera, rung, now, self.EVERY_S)

    def _may_ask(self, camera: str, rung: str, now: float, every_s: float) -> bool:
        if now - self._asked.get((camera, rung), -math.inf) < every_s:
            return False
        recent = {key: at for key, at in self._asked.items() if now - at < self.EVERY_S}
        self._asked = {**recent, (camera, rung): now}
        return True

    async def _publish(self, camera: str, rung: str) -> None:
        try:
            await publish(self._bus, keys.keyframe_wishes(camera), {"rendition": rung})
        except StoreError as error:
            logger().warning("a keyframe could not be asked for", error=str(error))
