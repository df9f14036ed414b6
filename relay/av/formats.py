"""What PyAV's numbers mean to the relay."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from relay.media.timebase import VIDEO_CLOCK

TIME_BASE: Final = Fraction(1, VIDEO_CLOCK)
"""Of everything that goes into PyAV and comes out of it."""
