"""H.264 byte streams (ITU-T H.264, ISO/IEC 14496-15): framing and where parameter sets stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from relay.errors import MediaError

if TYPE_CHECKING:
    from collections.abc import Iterable

NAL_SLICE: Final = 1
NAL_IDR: Final = 5
NAL_SEI: Final = 6
NAL_SPS: Final = 7
NAL_PPS: Final = 8
NAL_AUD: Final = 9
NAL_FILLER: Final = 12

START_CODE: Final = b"\x00\x00\x00\x01"
_START: Final = b"\x00\x00\x01"


def nal_type(nal: bytes) -> int:
    """The NAL unit type (H.264 table 7-1)."""
    return nal[0] & 0x1F


def split_annexb(stream: bytes) -> list[bytes]:
    """The NAL units of an Annex B byte stream, without start codes or trailing zeros."""
    # What stands before the first start code is not a NAL unit.
    nals = (nal.rstrip(b"\x00") for nal in stream.split(_START)[1:])
    return [nal for nal in nals if nal]


def join_annexb(nals: Iterable[bytes]) -> bytes:
    """The Annex B byte stream of `nals`."""
    return b"".join(START_CODE + nal for nal in nals)


def split_avcc(data: bytes, length_size: int) -> tuple[list[bytes], int]:
    """NAL units behind big-endian lengths of `length_size` bytes (ISO/IEC 14496-15 section 5.3.4).

    Returns the whole ones, and how many bytes behind them are none.
    """
    found = []
    position = 0
    while position < len(data):
        start = position + length_size
        end = start + int.from_bytes(data[position:start], "big")
        if end > len(data):
            break
        if end > start:
            found.append(data[start:end])
        position = end
    return found, len(data) - position


@dataclass(frozen=True, slots=True)
class AvcConfig:
    """AVCDecoderConfigurationRecord (ISO/IEC 14496-15 section 5.3.3.1)."""

    length_size: int
    """Bytes of each NAL unit's length: 1, 2 or 4."""
    sps: tuple[bytes, ...]
    """Sequence parameter sets."""
    pps: tuple[bytes, ...]
    """Picture parameter sets."""

    @classmethod
    def parse(cls, data: bytes) -> AvcConfig:
        """Read a record; one without parameter sets is of a source that has them in its pictures.

        Raises:
            MediaError: it is truncated, or of another version.
        """
        if len(data) < 7 or data[0] != 1:
            raise MediaError("not an AVCDecoderConfigurationRecord")
        length_size = (data[4] & 3) + 1
        if length_size == 3:
            raise MediaError("H.264 NAL lengths of 3 bytes")
        sps, position = _parameter_sets(data, 6, data[5] & 0x1F)
        if position >= len(data):
            raise MediaError("truncated AVCDecoderConfigurationRecord")
        pps, _ = _parameter_sets(data, position + 1, data[position])
        return cls(length_size, sps, pps)


def _parameter_sets(data: bytes, position: int, count: int) -> tuple[tuple[bytes, ...], int]:
    sets = []
    for _ in range(count):
        size = int.from_bytes(data[position : position + 2], "big")
        position += 2
        if size == 0 or position + size > len(data):
            raise MediaError("truncated H.264 parameter set")
        sets.append(data[position : position + size])
        position += size
    return tuple(sets), position
