"""A picture-sized sheet of glass on which overlays are collected, to be laid over many pictures."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

import numpy as np

from relay.demo.blend import CLEAR, STRIP, Overlay, Piece, Planes, Words

if TYPE_CHECKING:
    from relay.demo.colour import Bytes

_SHORT: Final = 64
"""Runs of columns shorter than this are not worth being told apart."""


class _Sheet:
    """The plate for one or more planes of the same size, in strips of `rows` rows."""

    def __init__(self, planes: int, width: int, height: int, rows: int) -> None:
        self._rows, self._width = rows, width
        self._clear: Words = np.full((height, width), CLEAR, np.uint16)
        self._added: list[Words] = [np.zeros((height, width), np.uint16) for _ in range(planes)]
        self._scratch: Words = np.empty(rows * width, np.uint16)
        self._used = [(width, 0)] * -(-height // rows)
        self.runs: list[list[tuple[int, int, bool]]] = [[] for _ in self._used]
        """For each strip, the columns from and to which there is something, and if it hides all."""

    def wipe(self) -> None:
        """Take everything off."""
        for number, (left, right) in enumerate(self._used):
            here = (slice(number * self._rows, (number + 1) * self._rows), slice(left, right))
            self._clear[here] = CLEAR
            for added in self._added:
                added[here] = 0
        self._used = [(self._width, 0)] * len(self._used)

    def lay(self, piece: Piece) -> None:
        """Lay a piece over what is on the plate."""
        here = (piece.rows, piece.columns)
        for added, more in zip(self._added, piece.added, strict=True):
            place = added[here]
            place *= piece.clear
            place >>= 7
            place += more
        place = self._clear[here]
        place *= piece.clear
        place >>= 7
        for number in range(piece.rows.start // self._rows, -(-piece.rows.stop // self._rows)):
            left, right = self._used[number]
            self._used[number] = min(left, piece.columns.start), max(right, piece.columns.stop)

    def finish(self) -> None:
        """Find out where the plate is empty and where it hides everything."""
        for number, (left, right) in enumerate(self._used):
            self.runs[number] = []
            if right > left:
                clear = self._clear[number * self._rows : (number + 1) * self._rows, left:right]
                self.runs[number] = _runs(clear.min(0) == CLEAR, clear.max(0) == 0, left)

    def blend(self, *planes: Bytes) -> None:
        """Lay the plate over planes."""
        for number, runs in enumerate(self.runs):
            rows = slice(number * self._rows, (number + 1) * self._rows)
            for left, right, opaque in runs:
                here = (rows, slice(left, right))
                clear = self._clear[here]
                value = self._scratch[: clear.size].reshape(clear.shape)
                for plane, added in zip(planes, self._added, strict=True):
                    place = plane[here]
                    if opaque:
                        np.copyto(place, added[here], casting="unsafe")
                        continue
                    np.multiply(place, clear, out=value)
                    np.right_shift(value, 7, out=value)
                    np.add(value, added[here], out=value)
                    np.copyto(place, value, casting="unsafe")


def _runs(
    empty: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    opaque: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    start: int,
) -> list[tuple[int, int, bool]]:
    """Sum columns up to runs (left, right, opaque); what is short joins its neighbour."""
    kinds = np.where(empty, 0, np.where(opaque, 2, 1))
    bounds = [0, *(np.flatnonzero(np.diff(kinds)) + 1).tolist(), len(kinds)]
    runs: list[list[int]] = []
    for left, right in itertools.pairwise(bounds):
        kind = int(kinds[left]) if right - left >= _SHORT else 1
        if runs and runs[-1][2] == kind:
            runs[-1][1] = right
        else:
            runs.append([left, right, kind])
    return [(start + left, start + right, kind == 2) for left, right, kind in runs if kind]


class Plate:
    """Overlays collected for pictures of one size."""

    def __init__(self, width: int, height: int) -> None:
        self._luma = _Sheet(1, width, height, STRIP)
        self._chroma = _Sheet(2, width // 2, height // 2, STRIP)
        self._width = width

    def wipe(self) -> None:
        """Take everything off."""
        self._luma.wipe()
        self._chroma.wipe()

    def lay(self, overlay: Overlay) -> None:
        """Lay something over what is on the plate."""
        for piece in overlay.luma:
            self._luma.lay(piece)
        for piece in overlay.chroma:
            self._chroma.lay(piece)

    def finish(self) -> None:
        """Make ready for `blend`, after the last `lay`."""
        self._luma.finish()
        self._chroma.finish()

    def blend(self, planes: Planes) -> None:
        """Lay the plate over a picture."""
        y, u, v = planes
        self._luma.blend(y)
        self._chroma.blend(u, v)

    def open_columns(self, strip: int) -> slice:
        """The columns of a strip of STRIP rows outside of which the background is all hidden."""
        left, right = 0, self._width
        runs = self._luma.runs[strip]
        if runs and runs[0][0] == 0 and runs[0][2]:
            left = runs[0][1]
        if runs and runs[-1][1] == self._width and runs[-1][2]:
            right = runs[-1][0]
        # Chroma's pixels are two wide, and their edges half hidden.
        return slice(max(left // 2 * 2 - 2, 0), min(-(-right // 2) * 2 + 2, self._width))
