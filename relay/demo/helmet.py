"""The helmet camera: an astronaut's view along the girder, down to the turning Earth."""

from __future__ import annotations

from typing import Final

import numpy as np

from relay.demo import worksite
from relay.demo.blend import Planes, Words
from relay.demo.globe import Globe, sun_at
from relay.demo.noise import Floats
from relay.demo.raster import Sunlight
from relay.demo.slide import slide
from relay.demo.solid import Solid
from relay.demo.stage import Pose, Stage
from relay.demo.stars import Stars
from relay.demo.view import View

_SWAY: Final = 0.0075
"""The furthest that the head turns the picture, as a share of its width."""
_BAYS: Final = 6
_REFRESH: Final = 6


def _girder_axes(yaw: float, pitch: float) -> Floats:
    """Columns: where the girder's axes point in orbit; its lit side faces the camera's left."""
    a, p = np.radians(yaw), np.radians(pitch)
    along = np.array((np.sin(a) * np.cos(p), np.cos(a) * np.cos(p), np.sin(p)))
    left = np.array((-np.cos(a), np.sin(a), 0))
    up = np.cross(-left, along)
    # From right, ahead and up before the eyes to the orbit's axes, looking to port.
    return (np.diag((1, -1, 1)) @ np.array([along, left, up]).T).astype(np.float32)


def _parts() -> list[Solid]:
    beta = np.radians(50)
    across = (np.sin(beta), np.cos(beta), 0)
    wings = [
        worksite.wing(at, (0, 0, up), across, 33) for at in (30, 20) for up in (-1, 1)
    ]
    end = _BAYS * worksite.BAY
    parts = [*wings, worksite.far_girder(end, 32), worksite.girder(_BAYS)]
    axes = _girder_axes(-22, -12)
    return [part.moved(axes, (2.3, -1.0, -1.7)) for part in parts]


class _Float:
    """How the astronaut drifts: a few centimetres, and the girder with it."""

    def __init__(self, fps: float) -> None:
        self._fps = fps

    def pose(self, frame: int) -> Pose:
        """Where the girder is in a frame, seen from the head."""
        t = 2 * np.pi * frame / self._fps
        shift = (
            0.022 * np.sin(t / 13) + 0.008 * np.sin(t / 5.1),
            0.02 * np.sin(t / 17 + 1),
            0.018 * np.sin(t / 11 + 2),
        )
        still = np.zeros(3, np.float32)
        return Pose(np.eye(3, dtype=np.float32), still, np.array(shift, np.float32))

    def shine(self, part: int, frame: int) -> Words | None:
        """Nothing here mirrors the sun as it moves."""
        del part, frame


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
        parts = _parts()
        sunlight = Sunlight(parts[-1], sun_at(0), 2048)
        self._stage = Stage(view, parts, sunlight, _REFRESH)
        self._drift = _Float(fps)

    def draw(self, planes: Planes, seconds: float) -> None:
        """Draw the picture as it is at `seconds`."""
        self._globe.draw(seconds)
        canvas = (self._globe.y, self._globe.u, self._globe.v)
        self._stars.draw(canvas[0], seconds)
        self._stage.draw(canvas, round(seconds * self._fps), self._drift)
        right, down = (self._margin + share * self._reach for share in _sway(seconds))
        for plane, out, scale in zip(canvas, planes, (1, 2, 2), strict=True):
            slide(plane, out, right / scale, down / scale)
