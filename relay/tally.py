"""What strangers bring about, summed up for the log: a line a second for each kind. Pure.

The first of a kind is told at once. What follows is counted, and told as one sum a second later,
and so on until a second has passed without any. So a log says within a second what goes on, and
nobody can fill it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

EVERY_S: Final = 1.0
_NETWORKS: Final = 10_000
_REASONS: Final = 8
_SHOWN: Final = 3
OTHERS: Final = "other reasons"


@dataclass(slots=True)
class Sum:
    """What followed the first of a kind."""

    kind: str
    due: float
    """When it is told."""
    more: int = 0
    networks: set[str] = field(default_factory=set)
    """Where they came from, as far as is known: up to 10,000."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Up to eight, and others."""

    def why(self) -> str:
        """The reasons that were given most."""
        return ", ".join(f"{why} ({count})" for why, count in self.reasons.most_common(_SHOWN))


class Tally:
    """See the module. Kinds are texts of our own, so that they are few."""

    def __init__(self) -> None:
        self._open: dict[str, Sum] = {}

    def note(self, kind: str, now: float, *, network: str = "", why: str = "") -> bool:
        """Whether to tell of it at once; else it is counted."""
        found = self._open.get(kind)
        if found is None:
            self._open[kind] = Sum(kind, now + EVERY_S)
            return True
        found.more += 1
        if network and len(found.networks) < _NETWORKS:
            found.networks.add(network)
        if why:
            is_known = why in found.reasons or len(found.reasons) < _REASONS
            found.reasons[why if is_known else OTHERS] += 1
        return False

    def take(self, now: float) -> list[Sum]:
        """What is to be told now."""
        due = [each for each in self._open.values() if each.due <= now]
        for each in due:
            del self._open[each.kind]
            if each.more:
                self._open[each.kind] = Sum(each.kind, now + EVERY_S)
        return [each for each in due if each.more]

    def next_due(self) -> float | None:
        """When to ask again; None: nothing is counted."""
        return min((each.due for each in self._open.values()), default=None)
