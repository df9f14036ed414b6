"""Which rungs a camera's worker encodes: those that somebody wants, and no other. Pure.

A rung goes on for `LINGER_S` after the last wish for it. Edges read on for 4.5 s and wishes live
for 2.5 s; with the pace at which all that is looked at, a rung ends within 9 s of its last viewer.
None is kept ready for those who may join, or be congested: the decoder goes on, the worker hears of
a new wish at once, and a rung begins with the next picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from relay.media.ladder import SOURCE

if TYPE_CHECKING:
    from collections.abc import Collection

    from relay.media.ladder import Ladder

LINGER_S: Final = 1.0
AGAIN_S: Final = 1.0
"""After an outage of the bus, until all who want something have said so again."""


class Demand:
    """See the module. Times are seconds of any monotonic clock."""

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}

    def see(self, wanted: Collection[str], now: float) -> None:
        """Take note of what is wanted."""
        for name in wanted:
            self._seen[name] = max(now, self._seen.get(name, now))

    def unseen(self, now: float) -> None:
        """Take note that it is not known what is wanted: what was wanted goes on."""
        for name in self._seen:
            self._seen[name] = now + AGAIN_S

    def active(self, ladder: Ladder, now: float) -> set[str]:
        """The rungs to encode."""
        self._seen = {name: at for name, at in self._seen.items() if now - at <= LINGER_S}
        return self._seen.keys() & {rung.name for rung in ladder.video} - {SOURCE}
