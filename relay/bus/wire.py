"""The binary form of a `Unit` on the bus, versioned.

    0        1       2       3            4          8      16     24            32
    version  codec   flags   publication  sequence   pts    dts    captured_us   payload …

All numbers are big-endian; pts and dts are 90 kHz, signed 64 bits. The sequence counts a writer's
units, so that a reader sees what it has missed. Each unit has its publication's number, so that a
reader that missed the first one of another sees it all the same.
"""

from __future__ import annotations

import struct
from typing import Final

from relay.errors import ProtocolError
from relay.media.codecs import Codec
from relay.media.unit import Unit

VERSION: Final = 1
_HEAD: Final = struct.Struct(">BBBBIqqq")
_KEYFRAME: Final = 1
_CODECS: Final = {int(codec): codec for codec in Codec}

FIELD: Final = b"u"
"""The one field of each stream entry."""

SEQUENCE_MODULUS: Final = 1 << 32
PUBLICATIONS: Final = 1 << 8
"""Publications are counted up to this, and then from 0 on."""


def encode(unit: Unit, sequence: int) -> bytes:
    """The wire form of `unit`."""
    flags = _KEYFRAME if unit.keyframe else 0
    head = _HEAD.pack(
        VERSION,
        unit.codec,
        flags,
        unit.publication,
        sequence,
        unit.pts,
        unit.dts,
        unit.captured_us,
    )
    return head + unit.payload


def decode(data: bytes) -> tuple[int, Unit]:
    """The sequence number and the unit.

    Raises:
        ProtocolError: truncated, or of a version or codec that this process does not know.
    """
    if len(data) < _HEAD.size:
        raise ProtocolError(f"unit of {len(data)} bytes on the bus")
    version, codec, flags, publication, sequence, pts, dts, captured_us = _HEAD.unpack_from(data)
    if version != VERSION:
        raise ProtocolError(f"unit in wire version {version}, this process speaks {VERSION}")
    if codec not in _CODECS:
        raise ProtocolError(f"unit of unknown codec {codec}")
    return sequence, Unit(
        codec=_CODECS[codec],
        pts=pts,
        dts=dts,
        captured_us=captured_us,
        keyframe=bool(flags & _KEYFRAME),
        payload=data[_HEAD.size :],
        publication=publication,
    )
