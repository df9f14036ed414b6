"""When to start a process again. Pure."""

from __future__ import annotations

from typing import Final


class Backoff:
    """Growing pauses between restarts; a process that ran well for a while starts from scratch."""

    PAUSES_S: Final = (0.0, 0.25, 0.5, 1.0, 2.0, 5.0)
    STABLE_S: Final = 10.0

    def __init__(self) -> None:
        self._failures = 0

    def pause_s(self, ran_s: float) -> float:
        """The pause before the next start of a process that has just ended after `ran_s`."""
        if ran_s >= self.STABLE_S:
            self._failures = 0
        pause = self.PAUSES_S[min(self._failures, len(self.PAUSES_S) - 1)]
        self._failures += 1
        return pause
