"""Which renditions a camera's worker makes: those that somebody wants, and no other. Pure.

A rendition goes on for `LINGER_S` after the last wish for it. Edges read on for 4.5 s and wishes
live for 2.5 s; with the pace at which all that is looked at, a rung ends within 9 s of its last
viewer. None is kept ready for those who may join, or be congested: the worker hears of a new wish
at once, and begins with the source's last keyframe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from relay.media.ladder import SOUND, SOURCE

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
        self._made: frozenset[str] = frozenset()

    def see(self, wanted: Collection[str], now: float) -> None:
        """Take note of what is wanted."""
        for name in wanted:
            self._seen[name] = max(now, self._seen.get(name, now))

    def unseen(self, now: float) -> None:
        """Take note that it is not known what is wanted: what was wanted goes on."""
        for name in self._seen:
            self._seen[name] = now + AGAIN_S

    def active(self, ladder: Ladder | None, now: float) -> frozenset[str]:
        """The renditions to make: of those that are wanted the ones that are offered, and the ones
        that were and have not ended, because who watches goes on watching until going over.
        """
        self._seen = {name: at for name, at in self._seen.items() if now - at <= LINGER_S}
        offered: set[str] = set()
        if ladder is not None:
            offered = {rung.name for rung in ladder.video} | ({SOUND} if ladder.sound else set())
        self._made = frozenset(self._seen.keys() & (offered | self._made)) - {SOURCE}
        return self._made
