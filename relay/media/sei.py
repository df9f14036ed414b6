"""What H.264 says beside its pictures: wall clocks, and which way up they are to be shown.

Wall clocks are MISB ST 0604 precision time stamps, as drones write them: a user data SEI (payload
type 5) in front of its picture, with a UUID, a status byte, and µs since 1970 in four pairs of
bytes with 0xFF between them, which keeps start codes out. The time codes of pic_timing SEI have
neither a date nor a time zone, and are left alone.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from relay.media.bits import unescape
from relay.media.h264 import NAL_SEI, nal_type, split_annexb

if TYPE_CHECKING:
    from collections.abc import Iterator

_UUID: Final = b"MISPmicrosectime"
_MOST_US: Final = 1 << 62
"""No clock tells more than this."""
_ORIENTATION: Final = 47
_HEAD: Final = 4096
"""SEI come before the picture; in so many bytes of it."""


def stamped_us(payload: bytes) -> int | None:
    """When a picture was captured by the camera's own clock, µs since the epoch; None: it does not
    tell. `payload` is an access unit.
    """
    at = payload.find(_UUID, 0, _HEAD)
    stamp = payload[at + len(_UUID) + 1 : at + len(_UUID) + 12]
    if at < 0 or len(stamp) < 11 or any(stamp[guard] != 0xFF for guard in (2, 5, 8)):
        return None
    found = int.from_bytes(stamp[0:2] + stamp[3:5] + stamp[6:8] + stamp[9:11])
    return found if found < _MOST_US else None


def messages(nal: bytes) -> Iterator[tuple[int, bytes]]:
    """The messages of a SEI NAL unit, as payload type and payload (ITU-T H.264 section 7.3.2.3)."""
    data = unescape(nal[1:])
    position = 0
    while position + 2 <= len(data) and data[position] != 0x80:
        numbers = []
        for _ in range(2):  # payload type and size, each in bytes of 255 and a last one
            number = 0
            while position < len(data) and data[position] == 0xFF:
                number += 255
                position += 1
            if position >= len(data):
                return
            numbers.append(number + data[position])
            position += 1
        kind, size = numbers
        yield kind, data[position : position + size]
        position += size


@dataclass(frozen=True, slots=True)
class Orientation:
    """How a picture is to be changed before it is shown."""

    mirrored: bool = False
    """Whether left and right change places, at first."""
    turns: int = 0
    """By how many quarters of a full turn it is then turned anticlockwise, 0 to 3."""

    @classmethod
    def of_matrix(cls, matrix: bytes) -> Orientation:
        """What FFmpeg's display matrix says, to the nearest quarter: nine native integers, of which
        the first two say where the horizontal goes, and the fourth and fifth the vertical.
        """
        numbers = struct.unpack("9i", matrix)
        across, down = numbers[0:2], numbers[3:5]
        mirrored = across[0] * down[1] < across[1] * down[0]
        x, y = (-across[0], -across[1]) if mirrored else across
        return cls(mirrored, round(math.atan2(-y, x) / (math.pi / 2)) % 4)


UPRIGHT: Final = Orientation()


def orientation(payload: bytes) -> Orientation:
    """How the picture of an access unit is to be shown, by its display orientation SEI (ITU-T H.264
    section D.2.27); as it is, if there is none.
    """
    for nal in split_annexb(payload[:_HEAD]):
        if nal_type(nal) != NAL_SEI:
            continue
        for kind, data in messages(nal):
            if kind == _ORIENTATION and len(data) >= 3 and not data[0] & 0x80:
                # Behind the flags for cancelling and flipping: 16 bits of a full turn.
                angle = int.from_bytes(data[:3]) >> 5 & 0xFFFF
                across, upside_down = bool(data[0] & 0x40), bool(data[0] & 0x20)
                # Turned upside down is mirrored and then turned by half.
                turns = round(angle / 0x4000) + 2 * upside_down
                return Orientation(across != upside_down, turns % 4)
    return UPRIGHT


def oriented(how: Orientation) -> bytes:
    """The SEI NAL unit that says so, until the next one."""
    # Flags, the angle, repeated until cancelled, no extension, the end.
    bits = how.mirrored << 22 | (how.turns * 0x4000) << 5 | 0b01001
    return bytes((NAL_SEI, _ORIENTATION, 3)) + bits.to_bytes(3) + b"\x80"
