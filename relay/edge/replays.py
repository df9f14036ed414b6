"""How much of cached GOPs is sent again to viewers that cannot decode, over all of them. Pure.

A replay costs one viewer's link only, and brings its picture back at once; a keyframe from the
encoder costs every viewer. But what thousands lose at the same time is not to be sent to each of
them again: beyond this budget they all get a keyframe.
"""

from __future__ import annotations

from typing import Final

FRAMES_S: Final = 600.0
"""Frames a second that may be sent again, and as many at once: 1 % of what 2000 viewers get."""


class Replays:
    """A token bucket of frames. Times are seconds of any monotonic clock."""

    def __init__(self, frames_s: float = FRAMES_S) -> None:
        self._rate = frames_s
        self._left = frames_s
        self._at = 0.0

    def take(self, frames: int, now: float) -> bool:
        """Whether a GOP of so many frames may be sent again; counts as done if so."""
        self._left = min(self._left + max(now - self._at, 0.0) * self._rate, self._rate)
        self._at = now
        if frames > self._left:
            return False
        self._left -= frames
        return True
