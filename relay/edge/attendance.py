"""Tells the bus at once who has begun to watch, and who has left: those of a rush together.

That those who watch still do is told once a second, elsewhere; what the bus does not hear of here
it learns then. Back-pressure: while the bus is being told, what changes waits for the next time, of
each viewer the last change.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from relay.bus import sessions
from relay.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from redis.asyncio import Redis


class Attendance:
    """See the module."""

    def __init__(self, bus: Redis, aside: Callable[[Coroutine[None, None, None]], None]) -> None:
        """`aside` does something that nobody waits for."""
        self._bus = bus
        self._aside = aside
        self._changes: dict[str, dict[str, bool]] = {}
        """By broadcast: viewers, and whether they are there."""
        self._telling = False

    def note(self, broadcast: str, viewer: str, *, present: bool) -> None:
        """A viewer has come, or has left."""
        self._changes.setdefault(broadcast, {})[viewer] = present
        if not self._telling:
            self._telling = True
            self._aside(self._tell())

    async def _tell(self) -> None:
        try:
            while self._changes:
                changes, self._changes = self._changes, {}
                for broadcast, viewers in changes.items():
                    with suppress(StoreError):
                        await self._tell_of(broadcast, viewers)
        finally:
            self._telling = False

    async def _tell_of(self, broadcast: str, viewers: dict[str, bool]) -> None:
        come = {name: 0.0 for name, present in viewers.items() if present}
        gone = [name for name, present in viewers.items() if not present]
        if come:
            await sessions.tell(self._bus, broadcast, come)
        if gone:
            await sessions.withdraw(self._bus, broadcast, *gone)
