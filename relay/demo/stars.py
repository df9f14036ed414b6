"""Stars, which turn once an orbit because the station keeps one face to the Earth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from relay.demo.colour import BLACK, Bytes
from relay.demo.noise import ramp

if TYPE_CHECKING:
    from relay.demo.noise import Floats
    from relay.demo.sphere import Sphere
    from relay.demo.view import View

Indices: TypeAlias = npt.NDArray[np.intp]

_COUNT: Final = 4000
_ORBIT_S: Final = 92.7 * 60
_PLACED_HZ: Final = 4
_LIMB: Final = -0.335
"""Sine of the height at which the air begins, as seen from the station."""


class Stars:
    """The sky behind one camera."""

    def __init__(self, view: View | Sphere, seed: int, clear: Floats | None = None) -> None:
        """`clear` is how much of the sky is always seen in each pixel, 0…1; None: all of it."""
        rng = np.random.default_rng(seed)
        points = rng.standard_normal((_COUNT, 3)).astype(np.float32)
        self._points = points / np.linalg.norm(points, axis=1, keepdims=True)
        # Few are bright: each magnitude fainter there are some three times as many.
        self._light = (8 + 190 * rng.random(_COUNT) ** 7).astype(np.float32)
        self._view, self._clear = view, clear
        self._turn = -1
        self._splats: list[tuple[tuple[Indices, Indices], Bytes]] = []

    def draw(self, plane: Bytes, seconds: float) -> None:
        """Put the stars that can be seen into a luma plane of the view's size."""
        # They move by a hundredth of a pixel a frame: where they are can be kept for a while.
        turn = int(seconds * _PLACED_HZ)
        if turn != self._turn:
            self._turn, self._splats = turn, self._place(turn / _PLACED_HZ)
        for place, value in self._splats:
            plane[place] = np.maximum(plane[place], value)

    def _place(self, seconds: float) -> list[tuple[tuple[Indices, Indices], Bytes]]:
        angle = seconds * 2 * np.pi / _ORBIT_S
        sine, cosine = np.float32(np.sin(angle)), np.float32(np.cos(angle))
        x, y, z = self._points.T
        turned = np.stack([x * cosine + z * sine, y, z * cosine - x * sine], 1)
        seen = self._view.project(turned)
        inside = (seen[:, 2] > 0) & (turned[:, 2] > _LIMB)
        inside &= (seen[:, 0] > 1) & (seen[:, 0] < self._view.width - 2)
        inside &= (seen[:, 1] > 1) & (seen[:, 1] < self._view.height - 2)
        across, down = seen[inside, 0] - 0.5, seen[inside, 1] - 0.5
        light = self._light[inside] * ramp(turned[inside, 2], _LIMB, _LIMB + 0.12)
        left, top = across.astype(np.intp), down.astype(np.intp)
        if self._clear is not None:
            light *= self._clear[top, left] * self._clear[top + 1, left + 1] > 0.9
        right_share, down_share = across - left, down - top
        return [
            ((top + dy, left + dx), (light * rows * columns + BLACK).astype(np.uint8))
            for dy, rows in ((0, 1 - down_share), (1, down_share))
            for dx, columns in ((0, 1 - right_share), (1, right_share))
        ]
