"""Heartbeats of open pages on their way to bus and state: gathered, and told once a second.

Back-pressure: of each page only the newest heartbeat waits; while a store is away what was watched
is lost, not kept.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from relay.audience import watching
from relay.errors import StoreError
from relay.log import logger

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from relay.audience.watching import Beat, Watching

_TELL_S: Final = 1.0
_LEAST_S: Final = 1.0
"""A page that reports more often than this is not listened to."""
_PERIOD_S: Final = 10.0
"""So often pages report."""
_MOST_S: Final = 15.0
"""What is counted of the time between two reports."""


class Page:
    """One page's heartbeats: what each adds to the time watched. Times are the loop's."""

    def __init__(self) -> None:
        self._last: tuple[float, bool] | None = None

    def hear(self, report: Watching, now: float) -> float | None:
        """The seconds played since the report before; None: it comes too soon."""
        before, self._last = self._last, (now, report.playing)
        if before is None:
            return 0.0
        at, played = before
        if now - at < _LEAST_S and report.playing == played:
            self._last = before
            return None
        return min(now - at, _MOST_S) if played else 0.0

    def end(self, now: float) -> float:
        """The seconds played since the last report; a page that is silent for longer than they are
        apart has gone before.
        """
        at, played = self._last or (now, False)
        return min(now - at, _PERIOD_S) if played else 0.0


class Heartbeats:
    """Takes heartbeats for as long as `run` runs."""

    def __init__(self, state: Redis, bus: Redis) -> None:
        self._state, self._bus = state, bus
        self._beats: dict[str, Beat] = {}

    def put(self, beat: Beat) -> None:
        """Take one; the time of one that is still untold is added."""
        untold = self._beats.pop(beat.page, None)
        if untold is not None:
            beat = replace(beat, watched_s=beat.watched_s + untold.watched_s)
        self._beats[beat.page] = beat

    async def leave(self, last: Beat) -> None:
        """A page has gone; `last` says what it has watched since it reported last."""
        self.put(replace(last, gone=True))
        try:
            await watching.leave(self._bus, last.broadcast, last.page, last.partner)
        except StoreError as error:  # it is gone by itself after a while
            logger().warning("a page's end is not told", error=str(error))

    async def run(self) -> None:
        """Tell until cancelled; what is untold then is told yet."""
        try:
            while True:
                await asyncio.sleep(_TELL_S)
                await self.flush()
        finally:
            await self.flush()

    async def flush(self) -> None:
        """Tell what has come."""
        beats, self._beats = list(self._beats.values()), {}
        if not beats:
            return
        try:
            playing = await watching.report(self._bus, beats)
            await watching.count(self._state, beats, playing)
        except StoreError as error:
            logger().warning("it is not told who watches", error=str(error))
