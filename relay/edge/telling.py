"""What an edge tells the bus once a second: that it lives, who watches, what cameras shall send."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from relay.bus import demand, presence, sessions
from relay.edge.viewer import State
from relay.errors import StoreError
from relay.log import logger
from relay.media.ladder import Ladder

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis.asyncio import Redis

    from relay.edge.admission import Headroom
    from relay.edge.core import Core
    from relay.edge.rendition import Feeds
    from relay.edge.roster import Roster
    from relay.edge.steering import Steering


@dataclass(frozen=True)
class Telling:
    """See the module."""

    name: str
    """The edge's name on the bus."""
    bus: Redis
    """Where it is told."""
    core: Core
    """Who knows when a viewer was heard last."""
    roster: Roster
    """The sessions."""
    feeds: Feeds
    """What is read."""
    steering: Steering
    """Who goes by what cameras offer."""
    headroom: Headroom
    """Whether there may be more viewers."""

    async def run(self, ready: Callable[[], None]) -> None:
        """Tell until cancelled; `ready` is called each time that it was heard."""
        while True:
            try:
                await self.once()
                ready()
            except StoreError as error:
                logger().warning("the bus does not hear of this edge", error=str(error))
            await asyncio.sleep(presence.INTERVAL_S)

    async def once(self) -> None:
        """Tell.

        Raises:
            StoreError: the bus is out of reach.
        """
        silent = self._silent()
        fact = {
            "viewers": sum(map(len, silent.values())),
            "sessions": len(self.roster),
            "load": round(self.headroom.load, 4),
            "full": self.headroom.full,
            "counters": {
                **self.core.counters(),
                **self.roster.pool.counters(),
                "checks_refused": self.roster.refused,
            },
            "strays": dict(self.roster.mux.strays),
        }
        await presence.tell(self.bus, presence.EDGE, self.name, fact)
        for broadcast, ages in silent.items():
            await sessions.tell(self.bus, broadcast, ages)
        await self._follow_cameras()

    def _silent(self) -> dict[str, dict[str, float]]:
        """For how long nothing was heard of each viewer, in seconds, by broadcast."""
        loop_now, wall_now = asyncio.get_running_loop().time(), time.time()
        found: dict[str, dict[str, float]] = {}
        for viewer in self.roster:
            if viewer.state is State.CONNECTED:
                stats = self.core.stats(viewer.number)
                quiet = min(loop_now - viewer.heard, wall_now - stats.heard_at)
                if stats.checked_s is not None:
                    quiet = min(quiet, stats.checked_s)
                ages = found.setdefault(viewer.broadcast, {})
                ages[viewer.counted] = max(min(quiet, ages.get(viewer.counted, quiet)), 0.0)
        return found

    async def _follow_cameras(self) -> None:
        """Say what is wanted of cameras, and go by what they offer."""
        wanted = self.feeds.open
        for camera, renditions in wanted.items():
            await demand.want(self.bus, camera, renditions)
        now = asyncio.get_running_loop().time()
        cameras = {viewer.camera for viewer in self.roster} | wanted.keys()
        facts = {name: await presence.get(self.bus, presence.LADDER, name) for name in cameras}
        ladders = {name: Ladder.from_json(fact) for name, fact in facts.items() if fact is not None}
        for viewer in self.roster:
            if viewer.camera in ladders:
                self.steering.fit(viewer, ladders[viewer.camera], now)
