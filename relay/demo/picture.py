"""What stands before the Earth: pictures that were drawn beforehand, see `pictures/README.md`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import av
import numpy as np

if TYPE_CHECKING:
    from relay.demo.colour import Bytes, Planes
    from relay.demo.noise import Floats

_FOLDER: Final = Path(__file__).with_name("pictures")
_STEPS: Final = 3
"""Positions between two pixels at which a sprite can lie."""


@dataclass(frozen=True, slots=True)
class Front:
    """What stands before the background: sample = background · clear + added."""

    clear: Floats
    """(rows, columns): what is left of the background, 0…1."""
    added: tuple[Floats, ...]
    """For each plane what is laid over, already weighted by what it covers."""

    def rows(self, start: int, stop: int | None = None) -> Front:
        """A stretch of it."""
        part = slice(start, stop)
        return Front(self.clear[part], tuple(added[part] for added in self.added))


def fronts(name: str, width: int, height: int) -> tuple[Front, Front]:
    """A picture scaled to a size, as what stands before luma and before chroma."""
    y, u, v, cover, half = _legal(_load(name, width, height))
    clear = [1 - share.astype(np.float32) / np.float32(255) for share in (cover, half)]
    added = [plane.astype(np.float32) for plane in (y, u, v)]
    return Front(clear[0], (added[0],)), Front(clear[1], (added[1], added[2]))


class Sprite:
    """A picture that can be laid over others at thirds of a pixel.

    It is kept at three times its size; each of its nine phases is a ninth of the samples.
    """

    def __init__(self, name: str, width: int, height: int, reach: int) -> None:
        """The picture is scaled to `width` x `height`, and moves by less than `reach` pixels."""
        whole = _load(name, width * _STEPS, height * _STEPS)
        # Only what is covered is kept, and as much around it as it moves.
        shown = [np.flatnonzero(whole[3].any(axis)) for axis in (1, 0)]
        self._rows, self._columns = (
            slice(
                max(int(at[0]) // _STEPS - reach, 0) // 2 * 2,
                min(-(-int(at[-1]) // _STEPS) + reach, size) // 2 * 2,
            )
            for at, size in zip(shown, (height, width), strict=True)
        )
        kept = [
            plane[
                self._rows.start * _STEPS // scale : self._rows.stop * _STEPS // scale,
                self._columns.start * _STEPS // scale : self._columns.stop * _STEPS // scale,
            ]
            for plane, scale in zip(whole, (1, 2, 2, 1), strict=True)
        ]
        y, u, v, cover, half = _legal(kept)
        # 256 lets all through, 0 nothing.
        self._layers = [
            (256 - share.astype(np.uint16) - (share > 127), added)
            for share, added in ((cover, (y,)), (half, (u, v)))
        ]

    def draw(self, planes: Planes, offset: int, right: float, down: float) -> None:
        """Lay it over planes whose corner lies `offset` pixels (even) inside the picture's own.

        It is moved by `right` and `down` pixels.
        """
        for layer, scale, under in zip(self._layers, (1, 2), (planes[:1], planes[1:]), strict=True):
            height, width = under[0].shape
            rows, rows_of = _overlap(self._rows, offset, down, height, scale)
            columns, columns_of = _overlap(self._columns, offset, right, width, scale)
            clear, added = layer
            through = clear[rows_of, columns_of]
            for plane, more in zip(under, added, strict=True):
                place = plane[rows, columns][: through.shape[0], : through.shape[1]]
                value = np.multiply(place, through)
                np.right_shift(value, 8, out=value)
                np.add(value, more[rows_of, columns_of], out=value)
                np.copyto(place, value, casting="unsafe")


def _overlap(span: slice, offset: int, by: float, size: int, scale: int) -> tuple[slice, slice]:
    """Where a moved sprite's rows or columns lie on a plane, and the samples that lie there.

    `scale` is how many of the picture's pixels one of the plane's `size` is wide.
    """
    start, shift = (span.start - offset) // scale, round(by * _STEPS / scale)
    first = max(start - -shift // _STEPS, start, 0)
    last = min((span.stop - offset) // scale + shift // _STEPS, size)
    begin = (first - start) * _STEPS - shift
    return slice(first, last), slice(max(begin, 0), begin + (last - first) * _STEPS, _STEPS)


def _load(name: str, width: int, height: int) -> list[Bytes]:
    """A picture's luma, U, V and cover, scaled; the sides are even."""
    with av.open(str(_FOLDER / f"{name}.webp")) as container:
        frame = next(container.decode(video=0))
    scaled = frame.reformat(width, height, interpolation="BICUBIC")
    found = []
    for plane in scaled.planes:
        lines = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
        found.append(lines[:, : plane.width].copy())
    return found


def _legal(planes: list[Bytes]) -> tuple[Bytes, Bytes, Bytes, Bytes, Bytes]:
    """Luma, U, V, and how much luma's and chroma's samples cover.

    Lossy compression and scaling leave a little more or less than what can be there.
    """
    y, u, v, cover = planes
    rows, columns = cover.shape
    half = cover.reshape(rows // 2, 2, columns // 2, 2).mean((1, 3), dtype=np.float32)
    shares = [cover / np.float32(255), half / np.float32(255)]
    for plane, share, most in ((y, shares[0], 235), (u, shares[1], 240), (v, shares[1], 240)):
        np.clip(plane, (16 * share).astype(np.uint8), (most * share).astype(np.uint8), out=plane)
    return y, u, v, cover, half.astype(np.uint8)
