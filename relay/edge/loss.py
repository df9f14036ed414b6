"""What share of its packets a viewer loses, by the totals of its receiver reports. Pure.

A report may come with every other message and speak of a handful of packets, of which a burst takes
half: what is lost is measured over a longer time, and over packets enough.
"""

from __future__ import annotations

from collections import deque
from typing import Final

WINDOW_S: Final = 2.0
"""How long back it is measured."""
LEAST_PACKETS: Final = 60
"""Fewer packets than this count as so many, of which the others have come."""
_WRAP: Final = 1 << 32
_JUMP: Final = 1 << 16
"""Totals that jump by more packets than this are those of another stream."""


class LossMeter:
    """See the module. Times are seconds of any monotonic clock."""

    def __init__(self) -> None:
        self._totals: deque[tuple[float, int, int]] = deque(maxlen=64)
        """When totals came, the highest sequence number, and how many packets were lost."""

    def note(self, highest: int, lost: int, now: float) -> float:
        """Take note of a report's totals; returns the share that is lost, 0 to 1."""
        totals = self._totals
        if totals and (highest - totals[-1][1]) % _WRAP > _JUMP:
            totals.clear()
        totals.append((now, highest, lost))
        while len(totals) > 2 and totals[1][0] <= now - WINDOW_S:
            totals.popleft()
        _, highest_before, lost_before = totals[0]
        expected = max((highest - highest_before) % _WRAP, LEAST_PACKETS)
        return min(max((lost - lost_before) / expected, 0.0), 1.0)
