"""Colour: from R'G'B' to the limited-range BT.709 planes that encoders take, with dither.

The Earth is painted in display colours, because Y'CbCr is linear in R'G'B' and so its layers can be
mixed as planes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from relay.demo.noise import Floats

Bytes: TypeAlias = npt.NDArray[np.uint8]
Words: TypeAlias = npt.NDArray[np.uint16]
Planes: TypeAlias = tuple[Bytes, Bytes, Bytes]
"""Luma (height, width), then U and V of half the size: limited-range BT.709, 4:2:0."""

BLACK: Final = 16
"""Luma of black; white is 235. Chroma is centred on 128 and swings by 112."""

_RED, _BLUE = 0.2126, 0.0722
_GREEN: Final = 1 - _RED - _BLUE


def yuv(red: Floats, green: Floats, blue: Floats) -> tuple[Floats, Floats, Floats]:
    """R'G'B' in 0…1 as limited-range luma above black (0…219) and signed chroma (-112…112)."""
    luma = red * np.float32(_RED) + green * np.float32(_GREEN) + blue * np.float32(_BLUE)
    u = (blue - luma) * np.float32(112 / (1 - _BLUE))
    v = (red - luma) * np.float32(112 / (1 - _RED))
    return luma * np.float32(219), u, v


def paint(red: int, green: int, blue: int) -> Floats:
    """One sRGB colour (0…255) as luma above black and signed chroma, shape (3,)."""
    channels = (np.float32(value / 255) for value in (red, green, blue))
    return np.array(yuv(*map(np.asarray, channels)), np.float32)


def dither(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Noise in 0…1 to add before rounding down.

    It has little energy at low frequencies, so that it hides the steps of a gradient and is
    hardly seen itself.
    """
    white = rng.random(shape, np.float32)
    local = np.zeros_like(white)
    for down, across in ((0, 1), (1, 0), (0, -1), (-1, 0)):
        local += np.roll(white, (down, across), (0, 1))
    high = white - local * np.float32(0.25)
    # Back to an even distribution: each value becomes its rank, as a sample of them has it.
    ranks = np.linspace(0, 1 - 1e-6, 257)
    levels = np.quantile(high.ravel()[:: max(1, high.size // 65_536)], ranks)
    even: Floats = np.interp(high, levels, ranks).astype(np.float32)
    return even
