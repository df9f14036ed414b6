"""Marks for measuring, which only tests and benches ask for: the timecode strip, and a flash.

The flash is a white disc in the lower right corner (in a picture of all around, left of the middle
and above the horizon) that is lit in the first frame of each second, while `sound` gives a tick:
picture and sound are in sync when they come together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relay.demo import timecode

if TYPE_CHECKING:
    from relay.demo.colour import Planes


def flash_centre(width: int, height: int, *, around: bool = False) -> tuple[int, int]:
    """Column and row of the middle of the flash; `around` is for an equirectangular picture."""
    if around:
        return round(width * 0.49), round(height * 0.36)
    return width - round(height / 16), height - round(height / 16)


def flash_radius(height: int) -> float:
    """Radius of the flash in pixels."""
    return max(height / 72, 2.5)


def draw(planes: Planes, wall_ms: int, *, flash: bool, around: bool) -> None:
    """Mark a picture with the moment that it was taken, ms since the epoch, and with the flash."""
    y, u, v = planes
    height, width = y.shape
    timecode.draw(y, wall_ms)
    strip = timecode.strip_height(height) // 2
    u[:strip] = v[:strip] = 128
    if flash:
        x, middle = flash_centre(width, height, around=around)
        radius = flash_radius(height)
        for plane, scale, level in ((y, 1, 235), (u, 2, 128), (v, 2, 128)):
            down, across = np.ogrid[: plane.shape[0], : plane.shape[1]]
            distance = np.hypot((across + 0.5) * scale - x, (down + 0.5) * scale - middle)
            plane[distance < radius + 0.5] = level
