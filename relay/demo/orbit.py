"""The 360° camera: all around from a boom above the station's modules, in one picture.

The boom is fixed to the station, so the station stands still in the picture, and all that moves is
the Earth, the stars and the sun.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from relay.demo import materials, station
from relay.demo.globe import Globe, sun_at
from relay.demo.raster import Sunlight
from relay.demo.solid import Solid
from relay.demo.sphere import Sphere
from relay.demo.stars import Stars
from relay.demo.sun import Sun
from relay.demo.surround import surround

if TYPE_CHECKING:
    from relay.demo.blend import Planes

_FRONT: Final = 0.0
"""The picture's middle is the flight path, so that yaw 0 is where the station goes."""
_CAMERA: Final = np.array((-29.0, 3.6, 7.0), np.float32)
"""Where the camera is in the station's axes, metres."""
_BOOM: Final = np.array((-27.0, 0.9, -3.5), np.float32)
"""Where its boom stands on the module below."""
_AIR: Final = -16.5
"""Degrees above the horizontal below which there is air or ground in the picture."""
_SHADOWS: Final = 2048
"""Cells along the shadow map's sides."""
_EXPOSURE: Final = 0.6
"""White walls face sun and camera here: in full light they would be without detail."""


def _boom() -> Solid:
    """What holds the camera: a thin pole in two stretches, and a clamp at its foot."""
    solid = Solid()
    metal, dark = materials.plain(0.5, 0.49, 0.47, 0.3), materials.plain(0.1, 0.1, 0.11, 0.2)
    joint = _BOOM + (_CAMERA - _BOOM) * np.float32(0.55)
    end = _CAMERA - np.array((0, 0, 0.6), np.float32)
    solid.tube(_BOOM, joint, 0.085, metal, sides=12)
    solid.tube(joint, end, 0.055, metal, sides=12, cap=dark)
    axis = ((joint - _BOOM) / np.linalg.norm(joint - _BOOM)).astype(np.float32)
    solid.tube(
        joint - axis * np.float32(0.16),
        joint + axis * np.float32(0.16),
        0.12,
        dark,
        sides=12,
        cap=dark,
    )
    solid.tube(
        _BOOM - axis * np.float32(0.1),
        _BOOM + axis * np.float32(0.45),
        0.3,
        dark,
        sides=12,
        cap=dark,
    )
    return solid


class Orbit:
    """Draws the 360° camera's picture."""

    def __init__(self, width: int, _height: int, fps: float, seed: int) -> None:
        """The picture is half as high as it is wide."""
        self._fps = fps
        whole = Sphere(width, _FRONT)
        model = _boom()
        for part in station.parts():
            model.add(part)
        model = model.moved(np.eye(3, dtype=np.float32), -_CAMERA)
        fronts = surround(model, Sunlight(model, sun_at(0), _SHADOWS, _EXPOSURE), whole)
        # The rows below are the Earth's; those above are black where nothing stands before them.
        self._top = int(whole.row(_AIR)) // 4 * 4
        below = Sphere(width, _FRONT, self._top)
        self._globe = Globe(
            below, fps, seed, (fronts[0].rows(self._top), fronts[1].rows(self._top // 2))
        )
        self._sky = tuple(
            np.rint(zero * front.clear + added).astype(np.uint8)
            for front, zero in ((fronts[0], 16), (fronts[1], 128))
            for added in front.added
        )
        self._stars = Stars(whole, seed, fronts[0].clear)
        self._sun = Sun(whole, fronts[0].clear)

    def draw(self, planes: Planes, seconds: float) -> None:
        """Draw the picture as it is at `seconds`."""
        y, u, v = planes
        top, half = self._top, self._top // 2
        for plane, sky, rows in zip(planes, self._sky, (top, half, half), strict=True):
            np.copyto(plane[:rows], sky[:rows])
        self._globe.draw((y[top:], u[half:], v[half:]), seconds)
        self._stars.draw(y, seconds)
        self._sun.draw(y, seconds)
