"""The scenes: what the helmet's camera, the drone's and the one that films all around see.

The station stands still before the turning Earth, the cameras sway a little, and the astronaut's
arm drifts. Only the Earth is drawn for each frame; the station is part of its light maps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from relay.demo.globe import Globe
from relay.demo.picture import Sprite, fronts
from relay.demo.slide import slide
from relay.demo.sphere import Sphere
from relay.demo.stars import Stars
from relay.demo.sun import Sun
from relay.demo.view import View

if TYPE_CHECKING:
    from relay.demo.colour import Planes

_MARGIN: Final = 18 / 1920
"""How much more than the picture is drawn on each side, as a share of its width."""
_BEYOND: Final = 64 / 1920
"""How much further the arm's picture reaches."""
_SOLID: Final = 0.98
"""Of the sky that is hidden by less than this a star may be seen."""

Wave = tuple[tuple[float, float, float], ...]
"""Sines that are added up: how large each is, how many radians a second, and its phase."""


def _sum(wave: Wave, seconds: float) -> float:
    return float(sum(size * np.sin(seconds * pace + phase) for size, pace, phase in wave))


@dataclass(frozen=True, slots=True)
class Sway:
    """How a camera or a thing moves; 1 is as far as the picture's margin lets it."""

    right: Wave
    down: Wave

    def at(self, seconds: float) -> tuple[float, float]:
        """How far it is to the right and down."""
        return _sum(self.right, seconds), _sum(self.down, seconds)


_HEAD: Final = Sway(
    right=((0.62, 0.44, 0), (0.25, 1.03, 1), (0.13, 2.17, 2)),
    down=((0.55, 0.54, 1), (0.33, 1.5, 0), (0.12, 2.73, 0)),
)
_ARM: Final = Sway(
    right=((0.5, 0.4, 0), (0.2, 0.85, 1)), down=((0.35, 0.76, 1), (0.2, 0.52, 0), (0.25, 0.82, 2))
)
_HOVER: Final = Sway(
    right=((0.7, 0.11, 0), (0.25, 0.31, 1)), down=((0.65, 0.13, 1), (0.3, 0.37, 0))
)


class Flat:
    """A camera with a lens, which sways by parts of a pixel."""

    def __init__(
        self, picture: str, view: View, fps: float, seed: int, sway: Sway, arm: bool
    ) -> None:
        self._sway = sway
        self._margin = max(2, round(view.width * _MARGIN / 2) * 2)
        view = view.widened(self._margin)
        luma, chroma = fronts(picture, view.width, view.height)
        self._globe = Globe(view, fps, seed, (luma, chroma))
        self._stars = Stars(view, seed, luma.clear)
        half = (view.height // 2, view.width // 2)
        self._canvas = (
            np.empty((view.height, view.width), np.uint8),
            np.empty(half, np.uint8),
            np.empty(half, np.uint8),
        )
        self._beyond = round(view.width * _BEYOND / 2) * 2
        self._arm = None
        if arm:
            around = view.widened(self._beyond)
            self._arm = Sprite("arm", around.width, around.height, self._margin)

    def draw(self, planes: Planes, seconds: float) -> None:
        """Draw the picture as it is at `seconds`."""
        canvas = self._canvas
        self._globe.draw(canvas, seconds)
        self._stars.draw(canvas[0], seconds)
        if self._arm is not None:
            across, along = (share * self._margin for share in _ARM.at(seconds))
            self._arm.draw(canvas, self._beyond, across, along)
        # One pixel is left for what lies between pixels.
        right, down = (
            self._margin + share * (self._margin - 1) for share in self._sway.at(seconds)
        )
        slide(canvas[0], planes[0], right, down, steps=4)
        for plane, out in zip(canvas[1:], planes[1:], strict=True):
            slide(plane, out, right / 2, down / 2, steps=2)


class Around:
    """The camera that films all around, from a boom above the station's modules.

    The picture's middle is the flight path, so that yaw 0 is where the station goes.
    """

    _AIR: Final = -16.5
    """Degrees above the horizontal below which there is air or ground in the picture."""

    def __init__(self, width: int, fps: float, seed: int) -> None:
        """The picture is half as high as it is wide."""
        whole = Sphere(width, 0.0)
        luma, chroma = fronts("orbit360", width, width // 2)
        # The rows below are the Earth's; those above are black where nothing stands before them.
        self._top = int(whole.row(self._AIR)) // 4 * 4
        below = Sphere(width, 0.0, self._top)
        self._globe = Globe(below, fps, seed, (luma.rows(self._top), chroma.rows(self._top // 2)))
        self._sky = tuple(
            np.rint(zero * front.clear + added).astype(np.uint8)
            for front, zero in ((luma, 16), (chroma, 128))
            for added in front.added
        )
        self._stars = Stars(whole, seed, luma.clear)
        self._sun = Sun(whole, luma.clear)

    def draw(self, planes: Planes, seconds: float) -> None:
        """Draw the picture as it is at `seconds`."""
        y, u, v = planes
        top, half = self._top, self._top // 2
        for plane, sky, rows in zip(planes, self._sky, (top, half, half), strict=True):
            np.copyto(plane[:rows], sky[:rows])
        self._globe.draw((y[top:], u[half:], v[half:]), seconds)
        self._stars.draw(y, seconds)
        self._sun.draw(y, seconds)


def helmet(width: int, height: int, fps: float, seed: int) -> Flat:
    """An astronaut's view along the girder, with the hand that carries a pump."""
    view = View(width, height, field=84, azimuth=-90, pitch=-25)
    return Flat("helmet", view, fps, seed, _HEAD, arm=True)


def drone(width: int, height: int, fps: float, seed: int) -> Flat:
    """The whole station before the Earth, from a little above."""
    view = View(width, height, field=62, azimuth=90, pitch=-34, roll=14)
    return Flat("drone", view, fps, seed, _HOVER, arm=False)


def orbit(width: int, _height: int, fps: float, seed: int) -> Around:
    """All around."""
    return Around(width, fps, seed)
