"""How much less is made of a camera whose pictures come faster than this machine can take. Pure.

What is late is left out picture by picture, which looks bad and helps little. Where that goes on,
the ladder gets smaller: at first 30 pictures a second at the most, then one rung after the other
without the largest. Sound is never reduced.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from relay.bus.faults import Fault, FaultKind

if TYPE_CHECKING:
    from relay.media.ladder import Rendition

WINDOW_S: Final = 2.0
"""So long a time is looked at."""
MUCH: Final = 0.1
"""Share of pictures that are late from which it is too much."""
PATIENCE: Final = 3
"""So many times in a row: a link that stalls, and delivers all at once, is not the machine."""
AGAIN_S: Final = 60.0
"""After so long without a late picture a step back is tried; after a try that failed, longer."""
_LONGEST_S: Final = 3600.0
MOST: Final = 4
"""Steps at the most."""


class Strain:
    """See the module. Times are seconds of any monotonic clock."""

    def __init__(self) -> None:
        self.steps = 0
        """By how many steps the ladder is smaller."""
        self._counted: tuple[int, int] = (0, 0)
        self._began: float | None = None
        self._bad = 0
        self._calm_since = 0.0
        self._eased_at: float | None = None
        self._again_s = AGAIN_S

    def note(self, late: int, shown: int, now: float) -> bool:
        """Take note of how many pictures were late and how many shown since the beginning; whether
        that changes the steps.
        """
        if self._began is None:
            self._begin(late, shown, now)
            self._calm_since = now
        assert self._began is not None
        if now - self._began < WINDOW_S:
            return False
        new_late, new_shown = late - self._counted[0], shown - self._counted[1]
        self._begin(late, shown, now)
        if new_late:
            self._calm_since = now
        self._bad = self._bad + 1 if new_late > MUCH * (new_late + new_shown) else 0
        if self._bad >= PATIENCE and self.steps < MOST:
            self.steps, self._bad = self.steps + 1, 0
            if self._eased_at is not None and now - self._eased_at < self._again_s:
                self._again_s = min(2 * self._again_s, _LONGEST_S)
            return True
        if self.steps and now - self._calm_since >= self._again_s:
            self.steps -= 1
            self._calm_since = self._eased_at = now
            return True
        return False

    def told(
        self, size: tuple[int, int] | None, fps: float | None, rungs: list[Rendition]
    ) -> Fault:
        """What operators are told while the ladder is smaller, of a source of this size and rate,
        and of the rungs that are left.
        """
        what = f"{size[0]}×{size[1]}" if size else "pictures"
        if fps is not None:
            what += f" at {fps:.0f} a second"
        left = ", ".join(rung.name for rung in rungs)
        at = f" at {rungs[0].fps:.0f} a second at the most" if rungs else ""
        text = f"this machine is too slow for its {what}: its rungs are {left}{at}"
        remedy = "have it send smaller or fewer pictures, or give the relay more cores"
        return Fault(FaultKind.OVERLOAD, text, remedy)

    def _begin(self, late: int, shown: int, now: float) -> None:
        self._counted, self._began = (late, shown), now
