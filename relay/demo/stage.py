"""The solid things before one camera: drawn once, then carried along as things or camera move.

For each part the affine map is found that takes its points, as they were when it was drawn, closest
to where they are now. A wing or a module keeps its shape under such small moves, so this is
perspective without drawing anything anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from relay.demo import raster
from relay.demo.plate import Plate
from relay.demo.sprite import SCALE, Carry, Sprite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relay.demo.blend import Overlay, Words
    from relay.demo.noise import Floats
    from relay.demo.raster import Sunlight
    from relay.demo.solid import Solid
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


class _Prepared:
    """A plate and how far it is prepared."""

    def __init__(self, view: View) -> None:
        self.plate = Plate(view.width, view.height)
        self.turn: int | None = None
        self.parts = 0


class Stage:
    """Parts in the order in which they are drawn, from the back to the front.

    They move so little from frame to frame that they are placed only every few frames, all at
    once, on a plate; meanwhile the next plate is prepared, some parts in each frame.
    """

    def __init__(
        self,
        view: View,
        parts: Sequence[tuple[Solid, Sunlight]],
        moves: Moves,
        refresh: int,
    ) -> None:
        """Draw all parts, each in its sunlight.

        `refresh` is after how many frames they are placed anew.
        """
        self._view, self._moves, self._refresh = view, moves, refresh
        self._sprites: list[Sprite] = []
        anchors, fits = [], []
        for part, sunlight in parts:
            corner, drawn = _draw(view, part, sunlight)
            self._sprites.append(drawn)
            points = part.points()
            points = points[np.linspace(0, len(points) - 1, _ANCHORS).astype(int)]
            seen = (view.project(points)[:, :2] - corner) * np.float32(SCALE)
            anchors.append(points)
            fits.append(np.linalg.pinv(np.column_stack([seen, np.ones(_ANCHORS)])))
        self._anchors = np.array(anchors, np.float32)
        self._fits = np.array(fits)
        self._shown, self._next = (_Prepared(view) for _ in range(2))

    def plate(self, frame: int) -> Plate:
        """All parts as they are in `frame`, ready to be laid over the picture."""
        turn, step = divmod(frame, self._refresh)
        if self._shown.turn != turn:
            self._shown, self._next = self._next, self._shown
            self._prepare(self._shown, turn, len(self._sprites))
            self._shown.plate.finish()
        # What is on a plate depends on its turn alone, so whatever was drawn before, the same
        # frame is the same picture.
        share = len(self._sprites) * (step + 1) // self._refresh
        self._prepare(self._next, turn + 1, share)
        return self._shown.plate

    def _prepare(self, prepared: _Prepared, turn: int, parts: int) -> None:
        """Have the first `parts` parts on the plate for a turn."""
        if prepared.turn != turn:
            prepared.turn, prepared.parts = turn, 0
            prepared.plate.wipe()
        while prepared.parts < parts:
            prepared.plate.lay(self._place(prepared.parts, turn * self._refresh))
            prepared.parts += 1

    def _place(self, number: int, frame: int) -> Overlay:
        seen = self._view.project(self._moves.pose(number, frame).move(self._anchors[number]))[
            ..., :2
        ]
        carry = _inverse(self._fits[number] @ seen)
        shine = self._moves.shine(number, frame)
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
    width, height = (np.ceil((high - low) / 2) * 2).astype(int).tolist()

    def projection(points: Floats) -> Floats:
        place = view.project(points)
        place[..., :2] -= low
        place[..., :2] *= SCALE
        return place

    eye = np.zeros(3, np.float32)
    drawing = raster.draw(part, projection, eye, sunlight, (width * SCALE, height * SCALE))
    return low, Sprite(drawing)
