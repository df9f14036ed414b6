"""Parts of the station as pictures that are carried over the background.

A sprite is drawn once, at several texels a pixel, and each texel already holds the average over a
whole pixel around it. So any single texel is a properly smoothed pixel, and a frame takes just one
per pixel, wherever the part has moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from relay.demo.blend import CLEAR, Overlay, Piece, Words
from relay.demo.colour import BLACK

if TYPE_CHECKING:
    from relay.demo.noise import Floats
    from relay.demo.raster import Drawing

_Word = TypeVar("_Word", np.uint16, np.uint32)
Indices: TypeAlias = npt.NDArray[np.intp]

SCALE: Final = 3
"""Texels per pixel; odd, so that a pixel's middle is a texel's."""
_STRIP: Final = 48
"""Rows cut at a time, and texel rows for which the columns in use are known."""
_SAMPLES: Final = SCALE * SCALE


@dataclass(frozen=True, slots=True)
class Carry:
    """Where each pixel looks in a sprite: texel = matrix · (x, y, 1), in pixels of the picture."""

    matrix: Floats
    """(2, 3): first the texel's column, then its row."""

    def halved(self) -> Carry:
        """The same for planes of half the size, in both picture and sprite."""
        matrix = self.matrix.copy()
        matrix[:, 2] /= 2
        return Carry(matrix)


def _pixel_sum(samples: npt.NDArray[np.integer]) -> npt.NDArray[np.integer]:
    """Add up SCALE x SCALE samples around each; none around the outermost ones."""
    rows, columns = (size - SCALE + 1 for size in samples.shape)
    kind = np.int16 if samples.dtype.kind == "i" else np.uint16
    down = np.zeros((rows, samples.shape[1]), kind)
    for i in range(SCALE):
        down += samples[i : i + rows]
    total = np.zeros(samples.shape, kind)
    middle = total[SCALE // 2 : SCALE // 2 + rows, SCALE // 2 : SCALE // 2 + columns]
    for i in range(SCALE):
        middle += down[:, i : i + columns]
    return total


def _blocks(samples: npt.NDArray[np.integer]) -> npt.NDArray[np.integer]:
    """Add up blocks of 2 x 2 samples."""
    kind = np.int16 if samples.dtype.kind == "i" else np.uint16
    down = samples[::2].astype(kind)
    down += samples[1::2]
    return down[:, ::2] + down[:, 1::2]


def _clearness(covered: npt.NDArray[np.integer], of: int) -> Words:
    """What is let through where `covered` of so many samples are."""
    steps = np.array([round(CLEAR * (1 - count / of)) for count in range(of + 1)], np.uint16)
    clear: Words = steps[covered]
    return clear


class _Texels(Generic[_Word]):
    """One resolution of a sprite: packed words, and which of its columns are in use."""

    def __init__(self, words: npt.NDArray[_Word], used: npt.NDArray[np.bool_]) -> None:
        self.height, self.pitch = words.shape
        self.words: npt.NDArray[_Word] = words.ravel()
        blocks = -(-self.height // _STRIP)
        padded = np.zeros((blocks * _STRIP, self.pitch), np.bool_)
        padded[: self.height] = used
        columns = np.logical_or.reduce(padded.reshape(blocks, _STRIP, self.pitch), axis=1)
        self._spans = [
            (int(used.argmax()), self.pitch - int(used[::-1].argmax()))
            if used.any()
            else (self.pitch, 0)
            for used in columns
        ]

    def _columns(self, top: float, bottom: float) -> tuple[int, int]:
        """The first and last columns in use between two rows; empty where none are."""
        blocks = self._spans[max(int(top) // _STRIP, 0) : max(int(bottom) // _STRIP + 1, 0)]
        return (
            min((first for first, _ in blocks), default=self.pitch),
            max((last for _, last in blocks), default=0),
        )

    def strips(self, carry: Carry, width: int, height: int) -> list[tuple[slice, slice, Indices]]:
        """Pieces of a picture that the sprite touches, with where their pixels look."""
        (a, b, c), (d, e, f) = carry.matrix.tolist()
        # Rounding the shares of x and y apart keeps the look-up a sum of a row and a column.
        x, y = np.arange(width) + 0.5, np.arange(height) + 0.5
        by_column = (np.rint(d * x) * self.pitch + np.floor(a * x + c)).astype(np.intp)
        by_row = (np.floor(e * y + f) * self.pitch + np.rint(b * y)).astype(np.intp)[:, None]
        corners = [(column, row) for column in (0, self.pitch) for row in (0, self.height)]
        down = [(a * (row - f) - d * (column - c)) / (a * e - b * d) for column, row in corners]
        first, last = max(int(min(down)), 0), min(int(max(down)) + 1, height)
        pieces = []
        for top in range(first, last, _STRIP):
            bottom = min(top + _STRIP, last)
            sides = [(edge - b * end - c) / a for edge in (0, self.pitch) for end in (top, bottom)]
            rows = [d * side + e * end + f for side in sides for end in (top, bottom)]
            left, right = self._columns(min(rows), max(rows))
            if right <= left:
                continue
            ends = [(edge - b * end - c) / a for edge in (left, right) for end in (top, bottom)]
            start, stop = max(int(min(ends)), 0), min(int(max(ends)) + 2, width)
            if stop > start:
                look = by_row[top:bottom] + by_column[start:stop]
                pieces.append((slice(top, bottom), slice(start, stop), look))
        return pieces


class Sprite:
    """A drawn part.

    Its colours are already weighted by how much they cover, and stored with what they let through:
    a pixel becomes colour + background · clearness / 128.
    """

    def __init__(self, drawing: Drawing) -> None:
        covered = drawing.covered
        # Averaged twice, edges fall off so softly that a texel's step to the side is not seen.
        share = _pixel_sum(_pixel_sum(covered))
        y = _pixel_sum(_pixel_sum(drawing.y)) + share * np.uint16(BLACK)
        clear = _clearness(share, _SAMPLES**2)
        y = ((y + _SAMPLES**2 // 2) // _SAMPLES**2).astype(np.uint16)
        words: Words = np.bitwise_or(y, clear << np.uint16(8))
        self._luma = _Texels(words, clear < CLEAR)
        shares, u, v = (
            _pixel_sum(_blocks(p)).astype(np.int32) for p in (covered, drawing.u, drawing.v)
        )
        u, v = ((plane + shares * 128 + 2 * _SAMPLES) // (4 * _SAMPLES) for plane in (u, v))
        clear = _clearness(shares, 4 * _SAMPLES)
        packed: npt.NDArray[np.uint32] = (u | v << 8 | clear.astype(np.int32) << 16).astype(
            np.uint32
        )
        self._chroma = _Texels(packed, clear < CLEAR)

    def cut(self, carry: Carry, width: int, height: int, shine: Words | None = None) -> Overlay:
        """The part as it lies in a picture of `width` x `height`.

        `shine` is how bright it is in each row of the picture against how it was drawn, in 1/128.
        """
        luma = []
        for rows, columns, look in self._luma.strips(carry, width, height):
            word = self._luma.words.take(look, mode="clip")
            clear: Words = np.right_shift(word, np.uint16(8))
            np.bitwise_and(word, 255, out=word)
            if shine is not None:
                word *= shine[rows, None]
                np.right_shift(word, 7, out=word)
                np.minimum(word, 235 - (clear * 219 >> 7), out=word)
            luma.append(Piece(rows, columns, clear, (word,)))
        chroma = []
        for rows, columns, look in self._chroma.strips(carry.halved(), width // 2, height // 2):
            packed = self._chroma.words.take(look, mode="clip")
            u, v, rest = ((packed >> shift & 255).astype(np.uint16) for shift in (0, 8, 16))
            chroma.append(Piece(rows, columns, rest, (u, v)))
        return Overlay(luma, chroma)
