"""Who is served first: what a full socket drops is the last ones'. Pure."""

from __future__ import annotations

from functools import cache
from math import gcd
from typing import Final

STRIDE: Final = 0.618034
"""By how much of all viewers the first one moves from frame to frame: the golden section, after
which whoever was among the last is so next after the longest time.
"""


@cache
def _stride(count: int) -> int:
    near = int(count * STRIDE)
    return next(stride for stride in range(near, count + 2) if gcd(stride, count) == 1)


def first(frame: int, count: int) -> int:
    """Which of `count` viewers comes first with a frame; each does once in `count` frames."""
    return frame * _stride(count) % count if count else 0
