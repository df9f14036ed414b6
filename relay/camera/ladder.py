"""Which rungs a source gets. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from relay.media.ladder import Rendition

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

HEIGHTS: Final = (720, 480, 240)
"""The default rungs, by the picture's shorter side."""
MAX_FPS: Final = 60.0
"""Rungs have no more pictures a second than this."""
LESS_FPS: Final = 30.0
"""The same where the machine cannot take more."""

# Bits a second by the picture's shorter side; in between they are scaled. The rate of pictures does
# not change them: a link that takes a rung takes it whatever the camera does.
_BITRATES: Final = {1080: 4_500_000, 720: 2_500_000, 480: 1_200_000, 360: 800_000, 240: 400_000}
_MUCH: Final = 1.2
# Levels (H.264 table A-1): ten times the level, most macroblocks a second, most a frame.
_LEVELS: Final = (
    *((31, 108_000, 3600), (32, 216_000, 5120), (40, 245_760, 8192), (42, 522_240, 8704)),
    *((50, 589_824, 22_080), (51, 983_040, 36_864), (52, 2_073_600, 36_864)),
)


def shown_size(width: int, height: int, pixel_aspect: Fraction) -> tuple[int, int]:
    """The size, in square pixels, at which a picture is to be shown: browsers show all pixels that
    come over WebRTC as squares.
    """
    return (width if pixel_aspect == 1 else _even(width * float(pixel_aspect))), height


def plan(width: int, height: int, fps: float, *, less: int = 0) -> list[Rendition]:
    """The rungs for a source of this size, the largest first.

    Rungs above the source are left out; a source of which the largest rung would lose much, or that
    is smaller than all of them, gets one of its own size. `less` is by how many steps the ladder is
    to be smaller (`strain`).
    """
    short = min(width, height)
    sides = [side for side in HEIGHTS if side <= short]
    if short < max(HEIGHTS) and (not sides or short > _MUCH * sides[0]):
        sides.insert(0, short)
    sides = sides[min(max(less - 1, 0), len(sides) - 1) :]
    fps = min(fps, LESS_FPS if less else MAX_FPS)
    sizes = [(side, _even(width * side / short), _even(height * side / short)) for side in sides]
    return [
        Rendition(
            name=f"{side}p",
            width=wide,
            height=high,
            fps=round(fps, 3),
            bitrate_bps=_bitrate(side),
            codec=_codec(wide, high, fps),
        )
        for side, wide, high in sizes
    ]


def nearest(name: str, rungs: Sequence[Rendition]) -> Rendition:
    """What to show to those who still watch the rung `name`: that rung, or the largest that is no
    larger, or the smallest. `rungs` are a plan's, at least one.
    """
    side = int(name.removesuffix("p"))
    fits = (rung for rung in rungs if min(rung.width, rung.height) <= side)
    return next((rung for rung in rungs if rung.name == name), next(fits, rungs[-1]))


def _even(value: float) -> int:
    return max(2, round(value / 2) * 2)


def _codec(width: int, height: int, fps: float) -> str:
    """The RFC 6381 name of constrained baseline at the least level that holds such pictures, from
    3.1 on, which WebRTC receivers offer.
    """
    blocks = math.ceil(width / 16) * math.ceil(height / 16)
    fits = (level for level, rate, frame in _LEVELS if blocks <= frame and blocks * fps <= rate)
    return f"avc1.42C0{next(fits, _LEVELS[-1][0]):02X}"


def _bitrate(side: int) -> int:
    known = min(_BITRATES, key=lambda height: abs(height - side))
    scale: float = (side / known) ** 1.5
    return round(_BITRATES[known] * scale / 1000) * 1000
