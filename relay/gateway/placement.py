"""Which edge takes the next session: the least loaded of those that answer. Pure.

Edges tell of their load once a second; sessions that were given to one since then count as well, so
that a rush does not go to one edge alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from relay.edge.admission import viewer_cost

if TYPE_CHECKING:
    from collections.abc import Mapping

    from relay.bus.presence import Fact

AVOID_S: Final = 5.0
"""An edge that has not answered is the last choice for this long."""


class Placement:
    """See the module. Times are seconds of any monotonic clock."""

    def __init__(self) -> None:
        self._given: dict[str, tuple[Fact, int]] = {}
        self._silent: dict[str, float] = {}

    def order(self, edges: Mapping[str, Fact], now: float) -> list[str]:
        """The edges that have room, the best first."""
        for known in (self._given, self._silent):
            for name in known.keys() - edges.keys():
                del known[name]
        free = [name for name, fact in edges.items() if not fact["full"]]
        return sorted(free, key=lambda name: (self._is_silent(name, now), *self._load(name, edges)))

    def gave(self, name: str, fact: Fact) -> None:
        """Note that a session went to an edge; `fact` is what was known of it then."""
        self._given[name] = (fact, self._count(name, fact) + 1)

    def missed(self, name: str, now: float) -> None:
        """Note that an edge has not answered."""
        self._silent[name] = now

    def _is_silent(self, name: str, now: float) -> bool:
        return now - self._silent.get(name, now - AVOID_S) < AVOID_S

    def _count(self, name: str, fact: Fact) -> int:
        since, count = self._given.get(name, (fact, 0))
        return count if since is fact else 0

    def _load(self, name: str, edges: Mapping[str, Fact]) -> tuple[float, int]:
        fact = edges[name]
        load, sessions = float(fact["load"]), int(fact["sessions"])
        given = self._count(name, fact)
        # In steps, so that idle edges whose loads differ by noise share the sessions.
        expected = load + given * viewer_cost(load, sessions)
        return round(expected, 1), sessions + given
