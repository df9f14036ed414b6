"""Laying things over a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from relay.demo.colour import Bytes

Words: TypeAlias = npt.NDArray[np.uint16]
Planes: TypeAlias = tuple[Bytes, Bytes, Bytes]
"""Luma (height, width), then U and V of half the size: limited-range BT.709, 4:2:0."""

STRIP: Final = 64
"""Rows worked on at a time: their intermediate values stay in the processor's cache."""
CLEAR: Final = 128
"""What lets all of the background through: a power of two, so that it stays exactly as it was."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A rectangle of one or more planes: sample = background · clear / 128 + added."""

    rows: slice
    columns: slice
    clear: Words
    """What is left of the background, 0…128."""
    added: tuple[Words, ...]
    """What is laid over it, for each plane, already weighted by what it covers."""

    def blend(self, *planes: Bytes) -> None:
        """Lay it over the planes."""
        for plane, added in zip(planes, self.added, strict=True):
            place = plane[self.rows, self.columns]
            value = np.multiply(place, self.clear)
            np.right_shift(value, 7, out=value)
            np.add(value, added, out=value)
            np.copyto(place, value, casting="unsafe")


@dataclass(frozen=True, slots=True)
class Overlay:
    """Something to lay over a whole picture."""

    luma: list[Piece]
    chroma: list[Piece]
    """Each of two planes."""

    def blend(self, planes: Planes) -> None:
        """Lay it over the picture."""
        y, u, v = planes
        for piece in self.luma:
            piece.blend(y)
        for piece in self.chroma:
            piece.blend(u, v)
