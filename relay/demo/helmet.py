"""The helmet camera: an astronaut's view along the girder, down to the turning Earth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from relay.demo import glove, worksite
from relay.demo.globe import Globe, sun_at
from relay.demo.raster import Sunlight
from relay.demo.slide import slide
from relay.demo.solid import Solid
from relay.demo.stage import Pose, Stage
from relay.demo.stars import Stars
from relay.demo.view import View

if TYPE_CHECKING:
    from relay.demo.blend import Planes, Words
    from relay.demo.noise import Floats

_SWAY: Final = 0.0075
"""The furthest that the head turns the picture, as a share of its width."""
_BAYS: Final = 6


_SHADOWS: Final = 1536
"""Cells along a shadow map's sides."""
_REFRESH: Final = 8
"""Frames after which what is near is placed anew."""
_AHEAD: Final = np.diag((1, -1, 1))
"""From right, ahead and up before the eyes to the orbit's axes, looking to port."""


def _axes(yaw: float, pitch: float, *, left: bool) -> Floats:
    """Columns: where a thing's axes point in orbit, when it is turned and tilted before the eyes.

    The second column is ahead; `left` is for the girder, whose first axis is the one ahead, its
    second to the left.
    """
    a, p = np.radians(yaw), np.radians(pitch)
    ahead = np.array((np.sin(a) * np.cos(p), np.cos(a) * np.cos(p), np.sin(p)))
    right = np.array((np.cos(a), -np.sin(a), 0))
    up = np.cross(right, ahead)
    columns = [ahead, -right, up] if left else [right, ahead, up]
    axes: Floats = (_AHEAD @ np.array(columns).T).astype(np.float32)
    return axes


def _hand_at() -> Floats:
    place: Floats = (_AHEAD @ np.array((0.24, 0.62, -0.37))).astype(np.float32)
    return place


def _scenery() -> list[Solid]:
    """Wings and girder, from the farthest to the nearest."""
    beta = np.radians(50)
    across = (np.sin(beta), np.cos(beta), 0)
    # The farther lower wing is hidden behind the nearer one.
    wings = [worksite.wing(at, (0, 0, up), across, 33) for at, up in ((30, 1), (20, -1), (20, 1))]
    end = _BAYS * worksite.BAY
    axes = _axes(-22, -12, left=True)
    parts = [*wings, worksite.far_girder(end, 32), worksite.girder(_BAYS)]
    return [part.moved(axes, _AHEAD @ np.array((2.3, 1.0, -1.7))) for part in parts]


def _arm() -> Solid:
    """The astronaut's own arm, with what it carries."""
    solid = Solid()
    for piece in (glove.hand(), glove.sleeve(), glove.unit()):
        solid.add(piece)
    return solid.moved(_axes(-38, -6, left=False), _hand_at())


class _Float:
    """How the astronaut drifts by a few centimetres, and swings the unit a little."""

    def __init__(self, fps: float, arm: int) -> None:
        self._fps, self._arm = fps, arm
        self._hand = _hand_at()

    def pose(self, part: int, frame: int) -> Pose:
        """Where a part is in a frame, seen from the head."""
        t = 2 * np.pi * frame / self._fps
        if part == self._arm:
            swing = 0.013 * np.sin(t / 15.7) + 0.004 * np.sin(t / 7.4 + 1)
            sine, cosine = np.sin(swing), np.cos(swing)
            turn = np.array([[cosine, 0, -sine], [0, 1, 0], [sine, 0, cosine]], np.float32)
            shift = (0.003 * np.sin(t / 8.3 + 1), 0.003 * np.sin(t / 12.1), 0.004 * np.sin(t / 7.7))
            return Pose(turn, self._hand, np.array(shift, np.float32))
        shift = (
            0.022 * np.sin(t / 13) + 0.008 * np.sin(t / 7.1),
            0.02 * np.sin(t / 17 + 1),
            0.018 * np.sin(t / 11 + 2),
        )
        still = np.zeros(3, np.float32)
        return Pose(np.eye(3, dtype=np.float32), still, np.array(shift, np.float32))

    def shine(self, part: int, frame: int) -> Words | None:
        """Nothing here mirrors the sun as it moves."""
        del part, frame
        return None


def _sway(seconds: float) -> tuple[float, float]:
    """How far the head is turned to the right and down, each -1…1."""
    t = 2 * np.pi * seconds
    right = 0.62 * np.sin(t / 14.3) + 0.25 * np.sin(t / 6.1 + 1) + 0.13 * np.sin(t / 2.9 + 2)
    down = 0.55 * np.sin(t / 11.7 + 1) + 0.33 * np.sin(t / 4.2) + 0.12 * np.sin(t / 2.3)
    return float(right), float(down)


class Helmet:
    """Draws the helmet camera's picture."""

    def __init__(self, width: int, height: int, fps: float, seed: int) -> None:
        self._fps = fps
        self._reach = max(2, round(width * _SWAY / 2) * 2)
        self._margin = self._reach + 2
        view = View(width, height, field=84, azimuth=-90, pitch=-25).widened(self._margin)
        self._globe = Globe(view, fps, seed)
        self._stars = Stars(view, seed)
        half = (view.height // 2, view.width // 2)
        self._canvas = (
            np.empty((view.height, view.width), np.uint8),
            np.empty(half, np.uint8),
            np.empty(half, np.uint8),
        )
        # Shadows are as fine as what casts them is near, so the arm has its own.
        scenery, arm = _scenery(), _arm()
        far, near = (Sunlight(solid, sun_at(0), _SHADOWS) for solid in (scenery[-1], arm))
        parts = [*((part, far) for part in scenery), (arm, near)]
        self._stage = Stage(view, parts, _Float(fps, len(scenery)), _REFRESH)

    def draw(self, planes: Planes, seconds: float) -> None:
        """Draw the picture as it is at `seconds`."""
        canvas = self._canvas
        plate = self._stage.plate(round(seconds * self._fps))
        self._globe.draw(canvas, seconds, plate)
        self._stars.draw(canvas[0], seconds)
        plate.blend(canvas)
        right, down = (self._margin + share * self._reach for share in _sway(seconds))
        slide(canvas[0], planes[0], right, down, steps=4)
        for plane, out in zip(canvas[1:], planes[1:], strict=True):
            slide(plane, out, right / 2, down / 2, steps=2)
