"""How much a peer may ask for: so much at once, and so much a second. Pure.

A token bucket. What may be done by everybody together has its limit on the bus (`bus.limits`); this
is for one connection, whose process keeps it in mind.
"""

from __future__ import annotations


class Budget:
    """See the module. Times are seconds of any monotonic clock."""

    __slots__ = ("_at", "_burst", "_left", "_rate")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        """`burst` at once, and `rate` more each second."""
        self._rate, self._burst = rate, burst
        self._left, self._at = burst, now

    def spend(self, now: float, cost: float = 1.0) -> bool:
        """Spend `cost`; False, and nothing is spent, if there is not enough."""
        self._left = min(self._left + max(now - self._at, 0.0) * self._rate, self._burst)
        self._at = now
        if self._left < cost:
            return False
        self._left -= cost
        return True
