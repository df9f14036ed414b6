"""Made-up units: framed like real ones, with a number in each, and no picture in them."""

from __future__ import annotations

from relay.media.codecs import Codec
from relay.media.h264 import START_CODE, join_annexb
from relay.media.timebase import OPUS_CLOCK, VIDEO_CLOCK
from relay.media.unit import Unit

SPS, PPS = b"\x67\x42\xc0\x1f\x8c\x8d\x40", b"\x68\xce\x3c\x80"
_PATTERN = bytes(index % 255 + 1 for index in range(1300))
DELAY_S = 0.1
"""Between capture and the time stamps' clock."""


def picture(
    number: int, at: float, *, keyframe: bool = False, size: int = 2500, skew_s: float = 0.0
) -> Unit:
    """A picture of about `size` bytes at the Unix time `at`; its clock is ahead by `skew_s`."""
    head = bytes([0x65 if keyframe else 0x41]) + f"{number:08d}".encode()
    body = (head + _PATTERN[number % 255 :] * (size // 1000 + 1))[: max(size, len(head))]
    pts = round((at + skew_s) * VIDEO_CLOCK)
    return Unit(
        codec=Codec.H264,
        pts=pts,
        dts=pts,
        captured_us=round((at - DELAY_S) * 1e6),
        keyframe=keyframe,
        payload=join_annexb([SPS, PPS, body]) if keyframe else START_CODE + body,
    )


def sound(number: int, at: float, *, size: int = 160, skew_s: float = 0.0) -> Unit:
    """A packet of sound of `size` bytes, heard at the Unix time `at`."""
    head = b"\xfc" + f"{number:08d}".encode()
    # On the grid of its own clock, as an encoder's are.
    pts = round((at + skew_s) * OPUS_CLOCK) * VIDEO_CLOCK // OPUS_CLOCK
    payload = (head + bytes(max(size - len(head), 0)))[: max(size, len(head))]
    return Unit(Codec.OPUS, pts, pts, round((at - DELAY_S) * 1e6), True, payload)


def number_of(nals: list[bytes]) -> int:
    """The number in a picture's NAL units, or in a packet of sound."""
    return int(nals[-1][1:9])
