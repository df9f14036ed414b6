"""Whether a stream's frames come each later than the one before. No clock of its own.

A player that finds each frame later than the one before tells so, and by how much: its path takes
only a part of what it is sent. Where the stream itself comes like that, because of its camera's
path, the viewer's is not to blame. The player's rule is in `web/src/player/pace.ts`; this one
holds sooner.
"""

from __future__ import annotations

import math
from typing import Final

LATER_S: Final = 0.01
"""A frame is later than the one before from here on."""
RISES: Final = 2
"""So many have to be, one after the other."""
SLOW_S: Final = 0.1
"""And all in all by this much."""
BLAMED_S: Final = 1.0
"""For how long it explains what viewers tell: they tell it once the frames are on their screens."""


class Lateness:
    """See the module. Times are seconds of any monotonic clock."""

    def __init__(self) -> None:
        self._last: tuple[float, float] | None = None
        """When the last frame was taken, and when it came."""
        self._late_s = 0.0
        self._rises = 0
        self._slow_at = -math.inf

    def note(self, taken_s: float, now: float) -> None:
        """A frame that was taken at this time of the stream comes."""
        taken_before, came_before = self._last or (taken_s, now)
        self._last = taken_s, now
        later_s = (now - came_before) - (taken_s - taken_before)
        if later_s < LATER_S:
            self._late_s, self._rises = 0.0, 0
            return
        self._late_s += later_s
        self._rises += 1
        if self._rises >= RISES and self._late_s >= SLOW_S:
            self._slow_at = now

    def grows(self, now: float) -> bool:
        """Whether frames come, or have just come, each later than the one before."""
        return now - self._slow_at < BLAMED_S
