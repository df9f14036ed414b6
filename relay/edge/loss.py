"""What share of its packets a viewer loses, by the totals of its receiver reports. Pure.

A report may come with every other message and speak of a handful of packets, of which a burst takes
half: what is lost is measured over a longer time, and over packets enough.
"""

from __future__ import annotations

from collections import deque
from typing import Final

WINDOW_S: Final = 2.0
"""How long back it is measured."""
SUDDEN_S: Final = 0.3
"""The same for what has begun a moment ago."""
SUDDEN_LEAST: Final = 40
LEAST_PACKETS: Final = 60
"""Fewer packets than this count as so many, of which the others have come."""
GIVE_UP_S: Final = 5.0
"""Receivers whose count does not reach ours in this time count otherwise, and are gone by."""
_WRAP: Final = 1 << 32
_JUMP: Final = 1 << 16
"""Totals that jump by more packets than this are those of another stream."""


class LossMeter:
    """See the module. Times are seconds of any monotonic clock."""

    def __init__(self) -> None:
        self._from: int | None = None
        """The sequence number from which it is measured, until a report has come so far."""
        self._until = 0.0
        """How long such a report is waited for."""
        self._totals: deque[tuple[float, int, int]] = deque(maxlen=64)
        """When totals came, the highest sequence number, and how many packets were lost."""

    def begin_anew(self, sequence: int, now: float) -> None:
        """Forget what is lost of the packets before this one: it says nothing of those from there
        on. A full queue may take seconds until it is told of.
        """
        self._from, self._until = sequence, now + GIVE_UP_S
        self._totals.clear()

    def note(self, highest: int, lost: int, now: float) -> float:
        """Take note of a report's totals; returns the share that is lost, 0 to 1."""
        totals = self._totals
        if totals and (highest - totals[-1][1]) % _WRAP > _JUMP:
            totals.clear()
        if self._from is not None:
            totals.clear()
            if (highest - self._from) % _WRAP < _WRAP // 2 or now >= self._until:
                self._from = None
        totals.append((now, highest, lost))
        while len(totals) > 2 and totals[1][0] <= now - WINDOW_S:
            totals.popleft()
        return self._share(totals[0], LEAST_PACKETS)

    @property
    def share(self) -> float:
        """The share that was lost by the last totals."""
        return self._share(self._totals[0], LEAST_PACKETS) if self._totals else 0.0

    def sudden(self) -> float:
        """The share that is lost at this moment, by the last totals."""
        totals = self._totals
        if not totals:
            return 0.0
        since = totals[-1][0] - SUDDEN_S
        return self._share(next(each for each in totals if each[0] >= since), SUDDEN_LEAST)

    def _share(self, before: tuple[float, int, int], least: int) -> float:
        _, highest, lost = self._totals[-1]
        expected = max((highest - before[1]) % _WRAP, least)
        return min(max((lost - before[2]) / expected, 0.0), 1.0)
