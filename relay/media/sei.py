"""Wall clocks inside of H.264: MISB ST 0604 precision time stamps, as drones write them.

The stamp is a user data SEI (payload type 5) in front of its picture: a UUID, a status byte, and µs
since 1970 in four pairs of bytes with 0xFF between them, which keeps start codes out. The time
codes of pic_timing SEI have neither a date nor a time zone, and are left alone.
"""

from __future__ import annotations

from typing import Final

_UUID: Final = b"MISPmicrosectime"
_MOST_US: Final = 1 << 62
"""No clock tells more than this."""
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
