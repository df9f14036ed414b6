"""How many pictures a second a source makes, and which of them are shown. Pure."""

from __future__ import annotations

import math
import statistics
from collections import deque
from typing import TYPE_CHECKING, Final

from relay.camera.ladder import MAX_FPS
from relay.media.timebase import VIDEO_CLOCK

if TYPE_CHECKING:
    from collections.abc import Sequence


class FrameRate:
    """Measures a rate by decoding times, which may be rounded to milliseconds.

    Encoders are opened for a rate, so it has to be steady: it is measured over the last `WINDOW`
    steps, of which those far from the usual one (a gap, a burst) do not count. It is told anew only
    where it has changed by more than `CHANGE` and all of the window's steps are alike, or where it
    stays off for long.
    """

    WINDOW: Final = 16
    CHANGE: Final = 0.15
    _LONG: Final = 4 * WINDOW
    _FAR: Final = 3
    _EARLY: Final = 3
    """Steps by which a rate that the stream itself states is believed, if they agree with it."""
    _FIRST: Final = VIDEO_CLOCK // 2
    """The first estimate is made after this time at the latest, if there were two steps."""
    _LEAST: Final = 1.0
    _MOST: Final = 120.0
    _USUAL: Final = (24.0, 25.0, 29.97, 50.0, 59.94)

    def __init__(self) -> None:
        self._last: int | None = None
        self._steps: deque[int] = deque(maxlen=self.WINDOW)
        self._off = 0
        self.value: float | None = None
        """Frames a second, 1 to 120; None until it is known."""

    def add(self, dts: int, stated: float | None = None) -> None:
        """Take note of a picture's decoding time, 90 kHz; `stated` is its stream's own word."""
        if self._last is not None and dts > self._last:
            self._steps.append(dts - self._last)
            self._estimate(stated)
        self._last = dts

    def _estimate(self, stated: float | None) -> None:
        steps = list(self._steps)
        measured = self._of(steps)
        if self.value is None:
            is_full = len(steps) == self.WINDOW
            if is_full or (len(steps) >= 2 and sum(steps) >= self._FIRST):
                self.value = self._usual(measured)
            elif stated and len(steps) >= self._EARLY and _differ(stated, measured) < self.CHANGE:
                self.value = self._usual(min(max(stated, self._LEAST), self._MOST))
            return
        if _differ(measured, self.value) <= self.CHANGE:
            self._off = 0
            return
        self._off += 1
        is_even = len(steps) == self.WINDOW and max(steps) <= (1 + self.CHANGE) * min(steps)
        if is_even or self._off >= self._LONG:
            self.value, self._off = self._usual(measured), 0

    def _of(self, steps: Sequence[int]) -> float:
        usual = statistics.median(steps)
        near = [step for step in steps if usual / self._FAR <= step <= usual * self._FAR]
        rate = VIDEO_CLOCK / statistics.fmean(near) if near else VIDEO_CLOCK / usual
        return min(max(rate, self._LEAST), self._MOST)

    def _usual(self, rate: float) -> float:
        usual = min(self._USUAL, key=lambda other: abs(other - rate))
        return usual if abs(usual - rate) < 0.03 * usual else round(rate, 2)


def _differ(one: float, other: float) -> float:
    return abs(one / other - 1)


class Cadence:
    """Leaves out pictures of a camera that makes more than rungs have."""

    def __init__(self, most_fps: float = MAX_FPS) -> None:
        self._step = VIDEO_CLOCK / most_fps
        self._next = -math.inf

    def takes(self, pts: int) -> bool:
        """Whether the picture of this time, in 90 kHz, is one of those that are shown."""
        # A quarter of a step allows for time stamps in whole milliseconds.
        if pts < self._next - self._step / 4 and pts > self._next - 2 * self._step:
            return False
        self._next = max(self._next, pts - self._step / 2) + self._step
        return True
