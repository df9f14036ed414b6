"""Coarser versions of the ground, for where it is seen at a low angle along the track.

The ground's rows suit a camera that looks abeam. One that looks along the track as well sees, far
ahead, many texels in a pixel; one of them alone would glitter. So each coarser level has its texels
averaged over four times the length and, as far as that goes, twice the width.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from relay.demo.ground import TEXEL_KM, Ground, soften

if TYPE_CHECKING:
    from relay.demo.noise import Floats

    Bytes = npt.NDArray[np.uint8]
    Indices = npt.NDArray[np.intp]

_SHARES: Final = (1, 2, 4, 4)
"""How many of the ground's rows make up a row of each level."""
_LONGER: Final = 4
"""How much longer a level's texels are than those of the one before."""
_CHUNK: Final = 16
"""Rows of the ground worked on at a time; they are about equally wide."""


def stack(ground: Ground, pixel_km: Floats) -> Ground:
    """The ground with its coarser levels below it, row by row.

    `pixel_km` is what a pixel covers along the track in each row of the ground, as for `build`. The
    number of rows is a multiple of 16.
    """
    luma, lights, chroma = [ground.luma], [ground.lights], [ground.chroma]
    for level, share in enumerate(_SHARES[1:], start=1):
        texels = pixel_km / np.float32(TEXEL_KM) * _LONGER**level
        luma.append(_level(ground.luma, share, texels))
        lights.append(_level(ground.lights, share, texels))
        u, v = (
            _level((ground.chroma >> shift & 255).astype(np.uint8), share, texels[::2] / 2)
            for shift in (0, 8)
        )
        chroma.append(np.bitwise_or(u, v.astype(np.uint16) << np.uint16(8)))
    return Ground(
        luma=np.concatenate(luma), lights=np.concatenate(lights), chroma=np.concatenate(chroma)
    )


def _level(plane: Bytes, share: int, texels: Floats) -> Bytes:
    rows = plane.shape[0] // share
    coarse = np.empty((rows, plane.shape[1]), np.uint8)
    for start in range(0, rows, _CHUNK // share):
        stop = min(start + _CHUNK // share, rows)
        fine = plane[start * share : stop * share]
        mean = fine.reshape(stop - start, share, -1).mean(1, dtype=np.float32)
        width = float(texels[start * share : stop * share].mean())
        coarse[start:stop] = soften(mean, width) + np.float32(0.5)
    return coarse


def rows_at(row: Indices, rows: int, along_km: Floats, pixel_km: Floats, step: int) -> Indices:
    """Which row of the stack each pixel looks at.

    `row` is the ground's row for each pixel, (rows, columns), among `rows`; `along_km` is where
    along the track the pixel looks and `pixel_km` what a row is made for. `step` is how many
    pixels of the picture lie between those given.
    """
    down, across = (np.abs(step_) / np.float32(step) for step_ in np.gradient(along_km))
    ratio = np.maximum(down, across) / pixel_km[row]
    # Levels are dithered into each other, so that no border is seen.
    noise = np.random.default_rng(rows).random(ratio.shape, np.float32)
    level = np.floor(np.log(np.maximum(ratio, 1)) / np.float32(np.log(_LONGER)) + noise)
    level = np.minimum(level, len(_SHARES) - 1).astype(np.intp)
    starts = np.cumsum([0, *(rows // share for share in _SHARES[:-1])])
    stacked: Indices = starts[level] + row // np.array(_SHARES)[level]
    return stacked
