"""Where a camera looks: rays through its pixels, and points of space in its picture.

Axes are the orbit's: x along the flight path, y to starboard, z away from the Earth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from relay.demo.noise import Floats


@dataclass(frozen=True, slots=True)
class View:
    """A perspective camera without distortion."""

    width: int
    """Picture width in pixels."""
    height: int
    """Picture height in pixels."""
    field: float
    """Horizontal field of view in degrees."""
    azimuth: float
    """Direction looked to, degrees from the flight path towards starboard."""
    pitch: float
    """Degrees above the local horizontal plane."""
    roll: float = 0.0
    """Degrees by which the camera is turned clockwise about its axis."""

    @property
    def focal(self) -> float:
        """Focal length in pixels."""
        return self.width / 2 / float(np.tan(np.radians(self.field) / 2))

    def basis(self) -> Floats:
        """The camera's right, down and forward directions, as the rows of a (3, 3) matrix."""
        azimuth, pitch, roll = np.radians((self.azimuth, self.pitch, self.roll))
        sin_a, cos_a, sin_p, cos_p = np.sin(azimuth), np.cos(azimuth), np.sin(pitch), np.cos(pitch)
        forward = np.array((cos_a * cos_p, sin_a * cos_p, sin_p))
        level = np.array((-sin_a, cos_a, 0.0))
        down = np.cross(level, forward)
        right = level * np.cos(roll) + down * np.sin(roll)
        down = down * np.cos(roll) - level * np.sin(roll)
        return np.array((right, down, forward), np.float32)

    def widened(self, margin: int) -> View:
        """The same camera with `margin` more pixels on each side."""
        width = self.width + 2 * margin
        field = 2 * np.degrees(np.arctan(width / 2 / self.focal))
        return replace(self, width=width, height=self.height + 2 * margin, field=float(field))

    def rays(self, step: int = 1) -> Floats:
        """Unit vectors through the pixels' centres, (rows, columns, 3).

        With `step` 2 there is one ray for each 2 x 2 pixels, as chroma needs.
        """
        across = np.arange(0, self.width, step, dtype=np.float32)
        across += np.float32(step / 2 - self.width / 2)
        along = np.arange(0, self.height, step, dtype=np.float32)
        along += np.float32(step / 2 - self.height / 2)
        right, down, forward = self.basis()
        rays: Floats = (
            np.multiply.outer(along, down)[:, None] + np.multiply.outer(across, right)[None]
        )
        rays += forward * np.float32(self.focal)
        rays /= np.linalg.norm(rays, axis=2, keepdims=True)
        return rays

    def project(self, points: Floats) -> Floats:
        """Points (…, 3), seen from the origin, as x and y in pixels and 1 / distance."""
        seen = points @ self.basis().T
        nearness = 1 / seen[..., 2]
        scale = self.focal * nearness
        x = seen[..., 0] * scale + self.width / 2
        y = seen[..., 1] * scale + self.height / 2
        return np.stack([x, y, nearness], -1).astype(np.float32)
