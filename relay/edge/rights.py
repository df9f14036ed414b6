"""Whether an edge's sessions may go on: the rule is asked again whenever it may say something else.

The gateway asked it when a session was opened; what it read for that may be newer than what the bus
tells for a moment. So sessions are left alone until they are `YOUNG_S` old.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from relay.bus import keys, rights
from relay.bus.events import subscribe
from relay.errors import StoreError
from relay.log import logger
from relay.state.rights import Asker, Show, Verdict, Way, may_watch, may_watch_camera

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from redis.asyncio import Redis

    from relay.edge.viewer import Viewer

YOUNG_S: Final = 1.5
_LOOK_S: Final = 1.0
"""So often the bus is asked by itself, should a word be missed."""
_AT_ONCE: Final = 64
"""Sessions that are looked at before others have their turn."""


@dataclass(frozen=True, slots=True)
class Right:
    """By what right a session was opened."""

    asker: Asker
    """Who asked for it."""
    broadcast: str | None
    """The broadcast that it shows; None: a camera by itself."""

    @classmethod
    def from_json(cls, fact: dict[str, Any] | None) -> Right | None:
        """What the gateway sends along; None: it sends nothing, and the session is its matter."""
        return None if fact is None else cls(Asker.from_json(fact["asker"]), fact["broadcast"])


class Rights:
    """See the module."""

    def __init__(
        self,
        bus: Redis,
        blocking: Redis,
        viewers: Iterable[Viewer],
        end: Callable[[Viewer, str], Awaitable[None]],
    ) -> None:
        self._bus, self._blocking = bus, blocking
        self._viewers, self._end = viewers, end
        self._told: bytes | None = None
        self._shows: dict[str, Show] | None = None
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """End sessions that may not go on, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._look())

    def verdict(self, viewer: Viewer, now: float) -> Verdict:
        """Whether a session may go on, at the loop's time `now`."""
        right = viewer.right
        if right is None or self._shows is None or now - viewer.created < YOUNG_S:
            return Verdict.YES
        if right.broadcast is None:
            return may_watch_camera(self._shows.values(), right.asker, Way.HINT, viewer.camera)
        if right.asker.operator:
            # What is not live is not told of.
            return Verdict.YES
        return may_watch(self._shows.get(right.broadcast), right.asker, Way.HINT, viewer.camera)

    def learn(self, told: bytes) -> None:
        """Take note of what gateways tell; what cannot be read is left out."""
        if told == self._told:
            return
        try:
            shows = [Show.from_json(each) for each in json.loads(told)]
        except (LookupError, TypeError, ValueError) as error:  # another version of the relay
            logger().warning("rights cannot be read", error=repr(error))
            return
        self._told, self._shows = told, {show.slug: show for show in shows}

    async def _listen(self) -> None:
        async for _ in subscribe(self._blocking, keys.RIGHTS_EVENTS):
            self._changed.set()

    async def _look(self) -> None:
        now = asyncio.get_running_loop().time
        while True:
            self._changed.clear()
            try:
                told = await rights.read(self._bus)
            except StoreError:  # sessions go on until the bus tells otherwise
                told = None
            if told is not None:
                self.learn(told)
            for place, viewer in enumerate(list(self._viewers)):
                verdict = self.verdict(viewer, now())
                if verdict is not Verdict.YES:
                    await self._end(viewer, f"it may not be watched any more: {verdict}")
                elif place % _AT_ONCE == 0:
                    await asyncio.sleep(0)
            try:
                async with asyncio.timeout(_LOOK_S):
                    await self._changed.wait()
            except TimeoutError:
                continue
