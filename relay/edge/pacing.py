"""Spreads the packets of large frames and of replays, for shallow buffers on the way. Pure.

The native core's `pacing.rs` has the same figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

AT_ONCE: Final = 8
"""Frames of up to so many packets go out at once, keyframes aside."""
PER_SLICE: Final = 5
"""Packets per viewer in a slice of a larger frame, or of a keyframe."""
SPACING_S: Final = 0.001
"""At the most from one to the next, some 50 Mb/s: half as fast would keep a keyframe's end waiting
longer, and save the queue of a home's link only a few kilobytes.
"""
OVERHEAD: Final = 72
"""Bytes that a packet has on its way beside its payload: IP, UDP, RTP and the tag."""
GO: Final = 6_000
"""Bytes that go out in one go of a replay, some five packets."""
BURST: Final = 32_000
"""Bytes of a keyframe that shallow buffers take at once."""
BURST_RATE: Final = 12_500_000.0
"""Bytes a second of those."""
KEYFRAME_RATE: Final = 3_125_000.0
"""Bytes a second of the rest of the keyframe, with which the picture begins."""
FASTER: Final = 1.5
"""By how much what follows is faster than the stream itself, where a path is not known: a link that
takes half as much again as the stream, with a queue of 64 KB, loses nothing of it.
"""
HARDLY_FASTER: Final = 1.25
"""The same at the least: else the replay would not catch up."""
LEAST_RATE: Final = 250_000.0
"""Bytes a second that a path which can show a picture takes."""


@dataclass(frozen=True, slots=True)
class Slices:
    """How a frame is cut up."""

    per_slice: int
    """Packets per viewer in each."""
    spacing_s: float
    """Time from one to the next."""


def plan(packets: int, interval_s: float, *, keyframe: bool) -> Slices:
    """The slices of a frame of `packets` packets, the next of which comes `interval_s` later.

    All of them go out within half of that, and within a millisecond each.
    """
    at_once = PER_SLICE if keyframe else AT_ONCE
    if packets <= at_once:
        return Slices(at_once, 0.0)
    slices = -(-packets // PER_SLICE)
    return Slices(PER_SLICE, min(interval_s / 2 / slices, SPACING_S))


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a replay goes out; fixed when it begins, so that each packet has one time.

    Its keyframe comes as fast as buffers allow, for it is the first picture. What that was ahead of
    the rate is made up for before the next frame.
    """

    urgent: int
    """Bytes of the keyframe."""
    rate: float
    """Bytes a second of the rest."""

    @classmethod
    def make(cls, keyframe: int, stream: float, estimate: int | None) -> Pace:
        """The pace for a stream of so many bytes a second, and the keyframe's bytes at the front;
        `estimate` is what the viewer says it can receive, bits a second.
        """
        if estimate is None:
            rate = max(FASTER * stream, LEAST_RATE)
        else:
            rate = max(estimate / 8, HARDLY_FASTER * stream)
        return cls(keyframe, min(max(rate, 1.0), BURST_RATE))

    def at(self, before: int) -> float:
        """The seconds after its begin when the packet that has so many bytes before it goes out."""
        before -= before % GO
        if before >= self.urgent:
            return before / self.rate
        burst = min(before, BURST)
        return burst / BURST_RATE + (before - burst) / max(KEYFRAME_RATE, self.rate)
