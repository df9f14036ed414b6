"""How the sun lights ground and air: maps that change too slowly to be redrawn at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from relay.demo import atmosphere
from relay.demo.colour import BLACK

if TYPE_CHECKING:
    from collections.abc import Callable

    from relay.demo.noise import Floats
    from relay.demo.picture import Front
    from relay.demo.sight import Sight

Words = npt.NDArray[np.uint16]

PERIOD: Final = 128
"""Turns after which every row has been lit anew: the sun has moved by half a degree at most."""
_COARSE: Final = 16
"""Pixels between the samples by which night is found."""
_NOWHERE: Final = slice(0, 0)
_ORDER: Final = tuple(int(f"{i:07b}"[::-1], 2) for i in range(PERIOD))
"""In which turn rows are lit: neighbours far apart in time, so that no edge travels."""


class Daylight:
    """Light maps of one or more planes that share their pixels, in 8.8 fixed point.

    A pixel's value is `ground` · texture + `city` · lights + `air`. `air` holds the plane's zero
    and a dither. Words wrap around, but the sum does not leave their range, as air is kept to what
    the others leave free. Chroma's texture has its own zero at 128, which `air` takes back. What
    stands still before the ground is part of `air` as well.
    """

    def __init__(
        self, sight: Sight, channels: tuple[int, ...], dither: Floats, front: Front | None = None
    ) -> None:
        self._normal = sight.normal
        air = atmosphere.air(sight.hit, sight.steepness, sight.height_km)
        self._clear = air.clear * np.float32(256)
        self._layers = [
            [layer[channel] * np.float32(256) for layer in (air.day, air.dusk, air.glow)]
            for channel in channels
        ]
        self._signed = [channel > 0 for channel in channels]
        self._dither = dither * np.float32(255)
        self._front = front
        self._coarse = self._normal[::_COARSE, ::_COARSE]
        self._night = np.zeros(self._coarse.shape[:2], np.bool_)
        self._dark = False
        self._lit: list[int | None] = [None] * PERIOD
        self.ground: Words = np.zeros(dither.shape, np.uint16)
        """The ground's brightness times the air's clearness."""
        self.city: Words = np.zeros(dither.shape, np.uint16)
        """How much of the lights of towns is seen."""
        self.air: list[Words] = [np.zeros(dither.shape, np.uint16) for _ in channels]
        """What is added, for each plane; signed planes have their zero at 128."""

    def dark(self, here: tuple[slice, slice]) -> tuple[slice, slice]:
        """The columns of a place that may see the lights of towns, in the picture and in the place.

        They are empty by day.
        """
        rows, columns = here
        if not self._dark:
            return _NOWHERE, _NOWHERE
        some = self._night[rows.start // _COARSE : -(-rows.stop // _COARSE) + 1]
        night: npt.NDArray[np.bool_] = np.logical_or.reduce(some, axis=0)
        if not night.any():
            return _NOWHERE, _NOWHERE
        first, last = int(night.argmax()), len(night) - int(night[::-1].argmax())
        left = max((first - 1) * _COARSE, columns.start)
        right = max(min((last + 1) * _COARSE, columns.stop), left)
        return slice(left, right), slice(left - columns.start, right - columns.start)

    def light(self, turn: int, sun: Callable[[int], Floats]) -> None:
        """Light the rows whose turn it is; `sun` tells the direction to it at any turn.

        Rows that missed theirs are lit as well, as they would have been then: the maps depend on
        the turn, and not on those that came before.
        """
        stale = False
        for rows, offset in enumerate(_ORDER):
            latest = turn - (turn - offset) % PERIOD
            if latest != self._lit[rows]:
                self._lit[rows] = latest
                self._light_rows(slice(rows, None, PERIOD), sun(latest))
                stale = True
        if stale:
            # Some way past the height where towns light up: rows may have been lit a while ago.
            np.less(self._coarse @ sun(turn), np.float32(atmosphere.CITIES + 0.02), out=self._night)
            self._dark = bool(self._night.any())

    def _light_rows(self, rows: slice, sun: Floats) -> None:
        ground, city, day, dusk, glow = atmosphere.strengths(self._normal[rows] @ sun)
        clear = self._clear[rows]
        ground *= clear
        city *= clear
        through = np.float32(1) if self._front is None else self._front.clear[rows]
        self.ground[rows] = ground * through
        self.city[rows] = city * through
        for number, layers in enumerate(self._layers):
            added = layers[0][rows] * day
            added += layers[1][rows] * dusk
            added += layers[2][rows] * glow
            added += self._dither[rows]
            if self._signed[number]:
                room = np.float32(32000) - ground * np.float32(112) - city * np.float32(32)
                np.clip(added, -room, room, out=added)
                added += np.float32(0x8000)
            else:
                added += np.float32(BLACK << 8)
                room = np.float32(235.9 * 256) - ground * np.float32(219) - city * np.float32(219)
                np.minimum(added, np.maximum(room, BLACK << 8), out=added)
            if self._front is not None:
                added *= through
                added += self._front.added[number][rows] * np.float32(256)
            if self._signed[number]:
                # Truncated as the ground's word is, so that the product's zero goes exactly.
                added -= self.ground[rows] * np.float32(128)
            self.air[number][rows] = added.astype(np.int32)
