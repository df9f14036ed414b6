"""The sun as a camera sees it: a disc too bright to have a colour, with a glare around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from relay.demo.globe import sun_at
from relay.demo.noise import ramp

if TYPE_CHECKING:
    from relay.demo.colour import Bytes, Words
    from relay.demo.noise import Floats
    from relay.demo.sphere import Sphere

_PLACED_HZ: Final = 6
"""It moves by a few hundredths of a pixel in the time of this rate."""
_REACH: Final = 16.0
"""Degrees from the sun to where its glare ends."""
_DISC: Final = 0.7
"""Radius of what is overexposed, degrees."""
_GLARE: Final = ((190, 0.8), (46, 3.2))
"""Luma that is added beside the disc, and degrees in which it falls to a half."""
_SPIKES: Final = 3
"""Lines of light through the sun, from the edges of the lens's diaphragm."""
_WHITE: Final = 235


class Sun:
    """The sun and its glare before one camera's sky."""

    def __init__(self, sphere: Sphere, clear: Floats) -> None:
        """`clear` is how much of the sky is seen in each pixel, 0…1."""
        self._rays, self._clear, self._sphere = sphere.rays(), clear, sphere
        self._turn = -1
        self._pieces: list[tuple[tuple[slice, slice], Words]] = []

    def draw(self, plane: Bytes, seconds: float) -> None:
        """Add the sun to a luma plane of the sphere's size."""
        turn = int(seconds * _PLACED_HZ)
        if turn != self._turn:
            self._turn, self._pieces = turn, self._place(sun_at(turn / _PLACED_HZ))
        for here, light in self._pieces:
            value = light + plane[here]
            np.minimum(value, _WHITE, out=value)
            np.copyto(plane[here], value, casting="unsafe")

    def _place(self, sun: Floats) -> list[tuple[tuple[slice, slice], Words]]:
        """The glare as what is added to parts of the picture: two where it lies on the seam."""
        sphere = self._sphere
        x, y, _ = sphere.project(sun)
        across = np.radians(_REACH) * sphere.focal / np.sqrt(1 - sun[2] ** 2)
        down = np.radians(_REACH) * sphere.focal
        rows = slice(max(int(y - down), 0), min(int(y + down) + 1, sphere.height))
        first, last = int(x - across), int(x + across) + 1
        spans = [(first, last), (first + sphere.width, sphere.width), (0, last - sphere.width)]
        columns = [slice(max(a, 0), min(b, sphere.width)) for a, b in spans]
        # Where the sun itself is hidden there is no glare either.
        centre = self._clear[int(y) - 2 : int(y) + 3, int(x) - 2 : int(x) + 3].mean()
        places = [(rows, span) for span in columns if span.stop > span.start]
        return [(here, self._light(here, sun, centre)) for here in places]

    def _light(self, here: tuple[slice, slice], sun: Floats, strength: float) -> Words:
        # Chords tell small angles better than cosines do.
        angle = np.degrees(np.linalg.norm(self._rays[here] - sun, axis=2))
        edge = 1 - ramp(angle, _REACH / 4, _REACH)
        light = (1 - ramp(angle, _DISC, _DISC * 1.6)) * 255
        light += edge * sum(
            level / (1 + (angle / np.float32(width)) ** 2) for level, width in _GLARE
        )
        light += edge * self._spikes(here, sun) * 150 / (1 + (angle / np.float32(2.2)) ** 2)
        words: Words = np.rint(light * self._clear[here] * strength).astype(np.uint16)
        return words

    def _spikes(self, here: tuple[slice, slice], sun: Floats) -> Floats:
        """How much of a spike is in each pixel, 0…1."""
        side = np.cross((0, 0, 1), sun)
        side /= np.linalg.norm(side)
        axes = (side, np.cross(sun, side))
        right, up = (self._rays[here] @ axis.astype(np.float32) for axis in axes)
        total = np.zeros_like(right)
        for turn in np.pi * (np.arange(_SPIKES) / _SPIKES + 0.04):
            off = np.degrees(right * np.sin(turn) - up * np.cos(turn)) / np.float32(0.28)
            total += np.exp(-(off**2)).astype(np.float32)
        return np.minimum(total, 1)
