"""The drone's camera: the whole station before the Earth, from a little above."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from relay.demo import station
from relay.demo.globe import Globe, sun_at
from relay.demo.raster import Sunlight
from relay.demo.solid import Solid
from relay.demo.stage import Pose, Stage
from relay.demo.stars import Stars
from relay.demo.view import View

if TYPE_CHECKING:
    from relay.demo.blend import Planes, Words
    from relay.demo.noise import Floats

_DISTANCE_M: Final = 150.0
_YAW: Final = 66.0
"""Degrees from the flight path to the station's modules."""
_REFRESH: Final = 8


def _turn(degrees: float) -> Floats:
    """A rotation about the vertical."""
    a = np.radians(degrees)
    sine, cosine = np.sin(a), np.cos(a)
    return np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]], np.float32)


class _Orbit:
    """How the drone goes around the station: slowly to and fro, near and far.

    The wings are mirrors: where one sends the sun to the camera it flashes, and the flash runs
    along it as the camera moves.
    """

    def __init__(self, view: View, fps: float) -> None:
        self._view, self._fps = view, fps
        right, down, forward = view.basis()
        self.centre = (
            forward * np.float32(_DISTANCE_M) + down * np.float32(6) + right * np.float32(2)
        )
        self._steps = (right, down, forward)
        self._sun = sun_at(0)

    def pose(self, part: int, frame: int) -> Pose:
        """How far the station has turned and drifted; it does so as one."""
        del part
        t = 2 * np.pi * frame / self._fps
        turn = _turn(7.0 * np.sin(t / 140))
        right, down, forward = self._steps
        shift = right * (2.6 * np.sin(t / 97)) + down * (1.8 * np.sin(t / 61 + 1))
        shift = shift + forward * (6.0 * np.sin(t / 113 + 2))
        return Pose(turn, self.centre, shift.astype(np.float32))

    def shine(self, part: int, frame: int) -> Words | None:
        """How bright a wing is in each row of the picture."""
        if part not in _WINGS:
            return None
        side, upward = _WINGS[part]
        pose = self.pose(part, frame)
        axes = pose.turn @ _turn(_YAW)
        along = axes @ np.array((-np.sin(station.TILT), 0, np.cos(station.TILT)))
        normal = axes @ np.array((-np.cos(station.TILT), 0, -np.sin(station.TILT)))
        reach = np.linspace(3, 36, 12)[:, None] * (1 if upward else -1)
        root = pose.move(self.centre + (_turn(_YAW) @ np.array((0, side * 40.0, 0))))
        places = root + reach * along
        half = self._sun - places / np.linalg.norm(places, axis=1, keepdims=True)
        half /= np.linalg.norm(half, axis=1, keepdims=True)
        mirrored = np.maximum(half @ normal, 0) ** 90
        rows = self._view.project(places)[:, 1]
        order = np.argsort(rows)
        gain = np.interp(np.arange(self._view.height), rows[order], mirrored[order])
        words: Words = np.rint(128 * (1 + 1.1 * gain)).astype(np.uint16)
        return words


_WINGS: Final = {0: (1, True), 1: (1, False), 3: (-1, True), 4: (-1, False)}
"""Which of the parts are wings: their side and whether they point up."""


class Drone:
    """Draws the drone's picture."""

    def __init__(self, width: int, height: int, fps: float, seed: int) -> None:
        self._fps = fps
        view = View(width, height, field=62, azimuth=90, pitch=-34, roll=14)
        self._globe = Globe(view, fps, seed)
        self._stars = Stars(view, seed)
        orbit = _Orbit(view, fps)
        parts = [part.moved(_turn(_YAW), orbit.centre) for part in station.parts()]
        whole = Solid()
        for part in parts:
            whole.add(part)
        sunlight = Sunlight(whole, sun_at(0), 1024)
        self._stage = Stage(view, [(part, sunlight) for part in parts], orbit, _REFRESH)

    def draw(self, planes: Planes, seconds: float) -> None:
        """Draw the picture as it is at `seconds`."""
        plate = self._stage.plate(round(seconds * self._fps))
        self._globe.draw(planes, seconds, plate)
        self._stars.draw(planes[0], seconds)
        plate.blend(planes)
