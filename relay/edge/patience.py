"""How long a viewer waits before a dearer rung is tried (again). Pure.

A try that fails lengthens the pause before the next one a little. A rung that is reached and proves
too much soon after was tried at the cost of the picture: it alone is barred, for twice as long each
time, and stays under suspicion until it has held for long. A rung that has held for long and falls
once is not blamed: its path became narrow, and may be wide again in a moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

RELAPSE_S: Final = 20.0
"""A rung that proves too much within this time of being reached has failed."""
HELD_S: Final = 60.0
"""A rung that has held for this long is trusted again."""


@dataclass(frozen=True, slots=True)
class Pauses:
    """How long one waits, in seconds."""

    tries: tuple[float, ...]
    """Before the next try, after no, one, more failed ones."""
    climbed: float
    """Before the try that follows a climb."""
    barred: float
    """Before a rung that has failed is tried again, at first; the double each time after that."""
    barred_most: float
    """At the most."""


PROBING: Final = Pauses(tries=(3.0, 4.5, 6.0), climbed=1.0, barred=6.0, barred_most=60.0)
"""Where a try is made with repeated packets: it costs no picture, as long as the rung takes what is
told of it."""
BLIND: Final = Pauses(tries=(10.0,), climbed=10.0, barred=20.0, barred_most=240.0)
"""Where a rung can only be tried by sending it."""


@dataclass(slots=True)
class _Record:
    """What is held against one rung."""

    relapses: int = 0
    """How often it has failed since it last held for long."""
    until: float = 0.0
    """When it may be tried again."""


class Patience:
    """See the module; one viewer's. Times are seconds of any monotonic clock. It remembers as many
    rungs as ladders have names.
    """

    def __init__(self, pauses: Pauses, now: float) -> None:
        self._pauses = pauses
        self._failures = 0
        self._next = now + pauses.tries[0]
        self._records: dict[str, _Record] = {}
        self._reached: tuple[str, float] | None = None
        """The rung that was last gone up to, and when; None once one was too much."""

    def allows(self, rung: str, now: float) -> bool:
        """Whether `rung` may be tried."""
        record = self._records.get(rung)
        return now >= self._next and (record is None or now >= record.until)

    def asked(self, now: float) -> None:
        """The viewer asks for more: what is not barred may be tried at once."""
        self._next = now

    def failed(self, now: float) -> None:
        """A try was too much."""
        self._failures += 1
        self.rest(now)

    def rest(self, now: float) -> None:
        """A try has ended, or a rung was left."""
        tries = self._pauses.tries
        self._next = now + tries[min(self._failures, len(tries) - 1)]

    def reached(self, rung: str, now: float) -> None:
        """A rung was gone up to."""
        self._reached = (rung, now)
        self._failures = 0
        self._next = now + self._pauses.climbed

    def fell(self, rung: str, now: float) -> None:
        """A rung was too much."""
        reached, self._reached = self._reached, None
        if reached is not None and reached[0] == rung and now - reached[1] <= RELAPSE_S:
            record = self._records.setdefault(rung, _Record())
            pause = self._pauses.barred * 2.0 ** min(record.relapses, 16)
            record.until = now + min(pause, self._pauses.barred_most)
            record.relapses += 1
        self.rest(now)

    @property
    def suspects(self) -> bool:
        """Whether anything is held against any rung."""
        return bool(self._records)

    def trust(self, rungs: list[str]) -> None:
        """The last of `rungs`, which are those up to it, has held for `HELD_S`."""
        for rung in rungs:
            self._records.pop(rung, None)
