"""The air: haze over the ground, the bright band at the limb, twilight and airglow.

What the air adds to a pixel is a sum of three kinds of light. Each is a fixed pattern on the
picture, `Air`, times a strength that depends on how high the sun stands there, `strengths`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from relay.demo.colour import yuv
from relay.demo.noise import Floats, ramp

TOP_KM: Final = 120.0
"""Above this there is nothing left to see."""

# Display colours (R'G'B', 0-255) along the height at which a ray passes the Earth, in km.
_HEIGHTS: Final = (0, 4, 9, 16, 26, 40, 58, 80, 100, 120)
_DAY: Final = (
    (186, 212, 232),
    (196, 224, 244),
    (176, 216, 246),
    (116, 180, 240),
    (62, 130, 218),
    (28, 78, 172),
    (11, 40, 110),
    (4, 14, 48),
    (1, 4, 16),
    (0, 0, 0),
)
_DUSK: Final = (
    (176, 74, 30),
    (214, 104, 40),
    (232, 142, 66),
    (196, 150, 110),
    (104, 118, 150),
    (48, 74, 132),
    (18, 34, 84),
    (6, 12, 36),
    (2, 4, 12),
    (0, 0, 0),
)
_GLOW: Final = (
    (5, 9, 18),
    (5, 9, 18),
    (5, 9, 18),
    (4, 8, 16),
    (4, 7, 13),
    (4, 8, 11),
    (7, 13, 12),
    (22, 38, 22),
    (15, 22, 15),
    (0, 0, 0),
)
# Over the ground the veil goes from the first colour (looking straight down) to the second.
_VEIL_DAY: Final = ((38, 84, 150), (168, 200, 226))
_VEIL_DUSK: Final = ((60, 48, 66), (176, 84, 40))
_VEIL_GLOW: Final = ((2, 4, 9), (5, 9, 18))


@dataclass(frozen=True, slots=True)
class Air:
    """The fixed patterns of one plane set, each (3, …): luma above black and signed chroma."""

    clear: Floats
    """(…): the share of the ground's light that comes through; 0 in the sky."""
    day: Floats
    """What the air adds in full sunlight."""
    dusk: Floats
    """What it adds where the sun is setting."""
    glow: Floats
    """What it adds at night by itself."""


CITIES: Final = -0.01
"""Sine of the sun's height below which towns light up."""
_TABLE: Final = 2049


def _tabulate() -> Floats:
    height = np.linspace(-1, 1, _TABLE, dtype=np.float32)
    ground = ramp(height, -0.18, 0.06) * np.float32(0.34)
    ground += ramp(height, -0.08, 0.36) * np.float32(0.63) + np.float32(0.03)
    dusk = ramp(height, -0.3, -0.02) * (1 - ramp(height, -0.06, 0.2))
    return np.array(
        [
            ground,
            1 - ramp(height, -0.14, CITIES),
            ramp(height, -0.16, 0.3),
            dusk,
            1 - ramp(height, -0.24, -0.06),
        ]
    )


_STRENGTHS: Final = _tabulate()


def strengths(sun_height: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """How strong ground, towns, day, dusk and glow are at a sine of the sun's height."""
    at = ((sun_height + 1) * np.float32(_TABLE // 2)).astype(np.intp)
    ground, towns, day, dusk, glow = (table.take(at, mode="clip") for table in _STRENGTHS)
    return ground, towns, day, dusk, glow


def _along(heights_km: Floats, colours: tuple[tuple[int, int, int], ...]) -> Floats:
    """The band's colour at each height, (3, …)."""
    # Square roots of the heights even out the knots, and so do the curve's corners.
    at = np.sqrt(np.clip(heights_km, 0, TOP_KM))
    knots = np.sqrt(np.array(_HEIGHTS, np.float32))
    channels = (np.interp(at, knots, c).astype(np.float32) for c in np.array(colours).T / 255)
    return np.array(yuv(*channels))


def _veil(share: Floats, colours: tuple[tuple[int, int, int], ...]) -> Floats:
    near, far = colours
    channels = (
        (np.float32(a / 255) + share * np.float32((b - a) / 255)) * share
        for a, b in zip(near, far, strict=True)
    )
    return np.array(yuv(*channels))


def air(hit: np.ndarray, steepness: Floats, heights_km: Floats) -> Air:
    """The patterns for rays that `hit` the ground or pass it.

    `steepness` is the sine of the ray's angle against the ground where it hits, `heights_km` how
    high it passes where it does not.
    """
    mass = 1 / (np.maximum(steepness, 0) + np.float32(0.02))
    veil = 1 - np.exp(np.float32(-0.075) * mass)
    ground = {
        "day": _veil(veil, _VEIL_DAY),
        "dusk": _veil(veil + np.float32(0.07), _VEIL_DUSK),
        "glow": _veil(veil, _VEIL_GLOW),
    }
    sky = {
        "day": _along(heights_km, _DAY),
        "dusk": _along(heights_km, _DUSK),
        "glow": _along(heights_km, _GLOW),
    }
    kinds = {kind: np.where(hit, ground[kind], sky[kind]) for kind in ground}
    clear = np.where(hit, 1 - veil * np.float32(0.96), 0).astype(np.float32)
    return Air(clear=clear, **kinds)
