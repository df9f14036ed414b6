"""Units that say where they belong, for tests that do not decode them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relay.media.codecs import Codec, Kind
from relay.media.unit import Unit

if TYPE_CHECKING:
    from collections.abc import Iterable

FRAME = 3000
"""A frame at 30 frames a second, 90 kHz."""


def video(index: int, *, gop: int = 30, size: int = 40) -> Unit:
    """The picture number `index`; every `gop`th is a keyframe."""
    pts = index * FRAME
    payload = b"%d:" % index + bytes(size)
    return Unit(Codec.H264, pts, pts, pts * 100 // 9, index % gop == 0, payload)


def sound(index: int) -> Unit:
    """The sound of the picture number `index`."""
    pts = index * FRAME
    return Unit(Codec.AAC, pts, pts, pts * 100 // 9, True, b"%d:s" % index)


def number(unit: Unit) -> int:
    """The number of a unit."""
    return int(unit.payload.partition(b":")[0])


def numbers(units: Iterable[Unit], kind: Kind = Kind.VIDEO) -> list[int]:
    """The numbers of the units of a kind."""
    return [number(unit) for unit in units if unit.kind is kind]
