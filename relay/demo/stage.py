"""The solid things before one camera: drawn once, then carried along as things or camera move.

For each part the affine map is found that takes its points, as they were when it was drawn, closest
to where they are now. A wing or a module keeps its shape under such small moves, so this is
perspective without drawing anything anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from relay.demo import raster
from relay.demo.blend import Overlay, Planes, Words
from relay.demo.noise import Floats
from relay.demo.raster import Sunlight
from relay.demo.solid import Solid
from relay.demo.sprite import SCALE, Carry, Sprite
from relay.demo.view import View

_ANCHORS: Final = 32
"""Points by which a part's movement is judged."""
_MARGIN: Final = 8
"""Empty pixels around a sprite, for what leans over its edge."""


@dataclass(frozen=True, slots=True)
class Pose:
    """How all parts have moved since they were drawn: turned about a pivot, then shifted."""

    turn: Floats
    """(3, 3) rotation."""
    pivot: Floats
    """(3,) metres."""
    shift: Floats
    """(3,) metres."""

    def move(self, points: Floats) -> Floats:
        """Where points (…, 3) are now."""
        moved: Floats = (points - self.pivot) @ self.turn.T + (self.pivot + self.shift)
        return moved


class Moves(Protocol):
    """How the parts of a stage move and shine."""

    def pose(self, part: int, frame: int) -> Pose:
        """Where a part is in a frame."""

    def shine(self, part: int, frame: int) -> Words | None:
        """How bright a part is in each row of the picture, in 1/128; None: as it was drawn."""


class Stage:
    """Parts in the order in which they are drawn, from the back to the front."""

    def __init__(
        self,
        view: View,
        parts: Sequence[Solid],
        sunlight: Sequence[Sunlight],
        refresh: Sequence[int],
    ) -> None:
        """Draw all parts, each in its sunlight.

        `refresh` is after how many frames a part is placed anew: 1 where it moves fast.
        """
        self._view, self._refresh = view, refresh
        self._sprites: list[Sprite] = []
        anchors, fits = [], []
        for part, light in zip(parts, sunlight, strict=True):
            corner, drawn = _draw(view, part, light)
            self._sprites.append(drawn)
            points = part.points()
            points = points[np.linspace(0, len(points) - 1, _ANCHORS).astype(int)]
            seen = (view.project(points)[:, :2] - corner) * np.float32(SCALE)
            anchors.append(points)
            fits.append(np.linalg.pinv(np.column_stack([seen, np.ones(_ANCHORS)])))
        self._anchors = np.array(anchors, np.float32)
        self._fits = np.array(fits)
        self._placed: list[tuple[int, Overlay] | None] = [None] * len(parts)

    def draw(self, planes: Planes, frame: int, moves: Moves) -> None:
        """Blend all parts, as they are in `frame`, into the planes (y, u, v)."""
        for number in range(len(self._sprites)):
            # Parts take turns, and each stands where it was in its last turn: what is drawn
            # depends on the frame alone.
            turn = frame - (frame + number) % self._refresh[number]
            placed = self._placed[number]
            if placed is None or placed[0] != turn:
                placed = (turn, self._place(number, turn, moves))
                self._placed[number] = placed
            placed[1].blend(planes)

    def _place(self, number: int, frame: int, moves: Moves) -> Overlay:
        seen = self._view.project(moves.pose(number, frame).move(self._anchors[number]))[..., :2]
        carry = _inverse(self._fits[number] @ seen)
        shine = moves.shine(number, frame)
        return self._sprites[number].cut(carry, self._view.width, self._view.height, shine)


def _inverse(move: Floats) -> Carry:
    """From pixels to texels, given (3, 2): the pixel for a texel's (column, row, 1)."""
    back = np.linalg.inv(move[:2].T)
    return Carry(np.column_stack([back, -back @ move[2]]))


def _draw(view: View, part: Solid, sunlight: Sunlight) -> tuple[Floats, Sprite]:
    """Draw a part as large as it is, or as the picture and some more; and where its corner is."""
    seen = view.project(part.points())[:, :2]
    slack = np.array((view.width, view.height)) * 0.06
    low = np.maximum(seen.min(0), -slack) - _MARGIN
    high = np.minimum(seen.max(0), np.array((view.width, view.height)) + slack) + _MARGIN
    # Even corners let chroma share the grid.
    low = np.floor(low / 2) * 2
    size = (np.ceil((high - low) / 2) * 2).astype(int)

    def projection(points: Floats) -> Floats:
        place = view.project(points)
        place[..., :2] -= low
        place[..., :2] *= SCALE
        return place

    eye = np.zeros(3, np.float32)
    drawing = raster.draw(part, projection, eye, sunlight, size[0] * SCALE, size[1] * SCALE)
    return low, Sprite(drawing)


