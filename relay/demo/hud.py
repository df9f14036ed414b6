"""What is written on the picture: which camera it is, the mission clock, the time; and a flash.

The flash is a white disc in the lower right corner that is lit in the first frame of each second,
while `sound` gives a tick: picture and sound are in sync when they come together.

In a picture of all around, corners are at the nadir and would be pulled apart there. So everything
is written where such a picture is looked at first: before the middle, some way above the horizon.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np

from relay.demo.blend import CLEAR, Overlay, Piece, Planes, Words
from relay.demo.colour import BLACK
from relay.demo.glyphs import letter

if TYPE_CHECKING:
    from relay.demo.noise import Floats

_BRIGHT: Final = 228
_QUIET: Final = 196
_SHADE: Final = 0.5
"""How dark the shadow is that keeps letters legible over clouds."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where things are, in units of a 720th of the picture's height."""

    left: float
    """Where the lines begin, from the picture's left edge."""
    title: float
    """Upper edge of the camera's name, from the picture's bottom."""
    clock: float
    """Upper edge of the clock."""


_FLAT: Final = _Layout(left=44, title=74, clock=42)
_AROUND: Final = _Layout(left=562, title=470, clock=443)
_LINE: Final = 22
"""From one line of the clock to the next, in a picture of all around."""
_BESIDE: Final = 150
"""From where the lines begin to the flash, in a picture of all around."""


def flash_centre(width: int, height: int, *, around: bool = False) -> tuple[int, int]:
    """Column and row of the middle of the flash; `around` is for an equirectangular picture."""
    if around:
        unit = height / 720
        return round((_AROUND.left + _BESIDE) * unit), height - round((_AROUND.title - 9) * unit)
    return width - round(height / 16), height - round(height / 16)


def flash_radius(height: int) -> float:
    """Radius of the flash in pixels."""
    return max(height / 72, 2.5)


def _blur(mask: Floats, reach: int) -> Floats:
    for axis in (0, 1, 0, 1):
        total = np.zeros_like(mask)
        for distance in range(-reach, reach + 1):
            total += np.roll(mask, distance, axis)
        mask = total / np.float32(2 * reach + 1)
    return mask


def _overlay(ink: Floats, level: float, left: int, top: int, reach: int) -> Overlay:
    """Make ink (0…1) of a luma level visible on any background; left and top are even."""
    rows, columns = (size // 2 * 2 for size in ink.shape)
    ink = ink[:rows, :columns]
    shade = np.minimum(_blur(ink, reach) * np.float32(1.6), 1) * np.float32(_SHADE)
    clear = (1 - shade) * (1 - ink)
    added = BLACK * shade * (1 - ink) + level * ink
    here = (slice(top, top + rows), slice(left, left + columns))
    luma = Piece(*here, _words(clear * CLEAR), (_words(added),))
    half = clear.reshape(rows // 2, 2, columns // 2, 2).mean((1, 3))
    here = (slice(top // 2, (top + rows) // 2), slice(left // 2, (left + columns) // 2))
    # Letters and shadow are neutral: chroma goes to its middle as far as they cover.
    grey = _words(128 - half * 128)
    return Overlay([luma], [Piece(*here, 128 - grey, (grey, grey))])


def _words(values: Floats) -> Words:
    return np.rint(values).astype(np.uint16)


class Hud:
    """The lettering and the flash of one camera."""

    def __init__(self, name: str, width: int, height: int, *, around: bool = False) -> None:
        """`around` is for an equirectangular picture."""
        self._width, self._height = width, height
        self._around, self._layout = around, _AROUND if around else _FLAT
        self._flash = flash_centre(width, height, around=around)
        self._scale = height / 720
        self._reach = max(1, round(4 * self._scale))
        self._name = name
        self._clock: tuple[list[str], list[Overlay]] | None = None
        self._title = self._line(name, self._layout.title, 19, 2.5, _BRIGHT)
        self._dot = {lit: self._disc(lit) for lit in (True, False)}

    def draw(self, planes: Planes, met_s: int, wall_ms: int, *, flash: bool) -> None:
        """Write onto the picture: mission elapsed time and wall clock, and the flash if lit."""
        hours, rest = divmod(met_s, 3600)
        now = datetime.fromtimestamp(wall_ms // 1000, UTC)
        elapsed = f"MET {hours:02}:{rest // 60:02}:{rest % 60:02}"
        lines = [f"{elapsed}    {now:%Y-%m-%d %H:%M:%S} UTC"]
        if self._around:
            # Short lines: a long one would not be seen whole.
            lines = [elapsed, f"{now:%H:%M:%S} UTC"]
        if self._clock is None or self._clock[0] != lines:
            above = (self._layout.clock - number * _LINE for number in range(len(lines)))
            drawn = [
                self._line(*line, 13.5, 1.8, _QUIET) for line in zip(lines, above, strict=True)
            ]
            self._clock = (lines, drawn)
        self._title.blend(planes)
        for line in self._clock[1]:
            line.blend(planes)
        self._dot[flash].blend(planes)

    def _line(self, text: str, above: float, size: float, weight: float, level: int) -> Overlay:
        margin = 3 * self._reach
        size, weight = max(size * self._scale, 6.0), max(weight * self._scale, 0.9)
        ink = letter(text, size, weight, margin)
        if self._around:
            ink = self._bent(ink, above)
        left = max(round(self._layout.left * self._scale) - margin, 0) // 2 * 2
        top = max(self._height - round(above * self._scale) - margin, 0) // 2 * 2
        ink = ink[: self._height - top, : self._width - left]
        return _overlay(ink, level, left, top, self._reach)

    def _bent(self, ink: Floats, above: float) -> Floats:
        """Lettering as it must be in a picture of all around to look straight.

        A straight line that is highest in the middle falls off on both sides.
        """
        radian = self._width / (2 * np.pi)
        yaw = np.arange(ink.shape[1]) / radian
        yaw += self._layout.left * self._scale / radian - np.pi
        pitch = (above * self._scale - self._height / 2) / radian
        drop = (pitch - np.arctan(np.tan(pitch) * np.cos(yaw))) * radian
        row = np.arange(ink.shape[0] + int(np.ceil(drop.max())))[:, None] - drop
        first = np.floor(row).astype(np.intp)
        padded = np.pad(ink, ((1, 2), (0, 0)))
        columns = np.arange(ink.shape[1])
        upper, lower = (
            padded[np.clip(at + 1, 0, len(padded) - 1), columns] for at in (first, first + 1)
        )
        bent: Floats = (upper + (lower - upper) * (row - first)).astype(np.float32)
        return bent

    def _disc(self, lit: bool) -> Overlay:
        x, y = self._flash
        radius = flash_radius(self._height)
        reach = int(radius + 3 * self._reach) + 2
        left, top = (x - reach) // 2 * 2, (y - reach) // 2 * 2
        size_x, size_y = min(2 * reach, self._width - left), min(2 * reach, self._height - top)
        down, across = np.mgrid[top : top + size_y, left : left + size_x] + 0.5
        distance = np.hypot(across - x, down - y).astype(np.float32)
        if lit:
            ink = np.clip(radius + 0.5 - distance, 0, 1)
            return _overlay(ink, 235, left, top, self._reach)
        ring = np.clip(1 - np.abs(distance - radius * np.float32(0.8)), 0, 1) * np.float32(0.4)
        return _overlay(ring, _QUIET, left, top, self._reach)
