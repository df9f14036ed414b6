"""Where each pixel of an equirectangular picture looks: all around, twice as wide as high.

Columns are directions around the vertical, rows are heights: the first row is the zenith, the last
the nadir, and so the limb of the Earth, which is equally far down in all directions, is a straight
row. Axes are the orbit's, as for `view`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from relay.demo.noise import Floats


@dataclass(frozen=True, slots=True)
class Sphere:
    """A camera that sees everything, or a stretch of its picture's rows."""

    width: int
    """Columns all around, pixels."""
    azimuth: float
    """Direction of the picture's middle, degrees from the flight path towards starboard."""
    top: int = 0
    """First row of the stretch."""
    bottom: int | None = None
    """The row after its last; None: the picture's end."""

    @property
    def height(self) -> int:
        """Rows of the stretch."""
        return (self.width // 2 if self.bottom is None else self.bottom) - self.top

    @property
    def focal(self) -> float:
        """Pixels in a radian."""
        return self.width / (2 * np.pi)

    def row(self, pitch: float) -> float:
        """How far below the stretch's top `pitch` degrees above the horizontal is, pixels."""
        return (90 - pitch) / 360 * self.width - self.top

    def rays(self, step: int = 1) -> Floats:
        """Unit vectors through the pixels' centres, (rows, columns, 3).

        With `step` 2 there is one ray for each 2 x 2 pixels, as chroma needs.
        """
        turn = (np.arange(0, self.width, step) + step / 2) / self.focal - np.pi
        turn += np.radians(self.azimuth)
        drop = (self.top + np.arange(0, self.height, step) + step / 2) / self.focal
        rays = np.empty((len(drop), len(turn), 3), np.float32)
        rays[..., 0] = np.multiply.outer(np.sin(drop), np.cos(turn))
        rays[..., 1] = np.multiply.outer(np.sin(drop), np.sin(turn))
        rays[..., 2] = np.cos(drop)[:, None]
        return rays

    def project(self, points: Floats) -> Floats:
        """Points (…, 3), seen from the origin, as x and y in pixels and 1 / distance."""
        distance = np.linalg.norm(points, axis=-1)
        turn = np.arctan2(points[..., 1], points[..., 0]) - np.radians(self.azimuth)
        x = (turn / (2 * np.pi) + 0.5) % 1 * self.width
        y = np.arccos(np.clip(points[..., 2] / distance, -1, 1)) * self.focal - self.top
        return np.stack([x, y, 1 / distance], -1).astype(np.float32)
