"""AAC frames behind their configuration (AudioSpecificConfig, ISO/IEC 14496-3 section 1.6.2.1).

A unit of AAC holds both, so that decoding can begin with any of them: a byte with the length of the
configuration, the configuration as the encoder made it, and one raw frame. It is not put into
ADTS, which cannot say all that configurations do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from relay.errors import MediaError

RATES: Final = (
    96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
)  # fmt: skip
CHANNELS: Final = (0, 1, 2, 3, 4, 5, 6, 8)
"""Channels by the configuration's number of them."""
_KIND_BITS: Final = 5
_EXPLICIT_RATE: Final = 15
_LOW_COMPLEXITY: Final = 2
_KINDS: Final = range(1, 5)
"""Audio object types: 1 Main, 2 LC, 3 SSR, 4 LTP."""
_BROADENED: Final = (5, 29)
"""SBR and PS around one of them."""
_MAX_CONFIG: Final = 255
_MAX_FRAME: Final = 1 << 13
_ADTS: Final = 7


@dataclass(frozen=True, slots=True)
class AacConfig:
    """An AudioSpecificConfig."""

    data: bytes
    """As it is."""
    kind: int
    """Audio object type of the core: 2 is LC."""
    sample_rate: int
    """Samples a second of the core."""
    channels: int
    """Channel configuration, 0 to 7; 0 where a program config element tells the channels."""

    @classmethod
    def parse(cls, data: bytes) -> AacConfig:
        """Read an AudioSpecificConfig.

        Raises:
            MediaError: truncated, or of a kind that is not decoded.
        """
        if len(data) > _MAX_CONFIG:
            raise MediaError(f"AudioSpecificConfig of {len(data)} bytes")
        bits = f"{int.from_bytes(data, 'big'):0{8 * len(data)}b}" if data else ""
        kind, at = _number(bits, 0, _KIND_BITS)
        rate, at = _rate(bits, at)
        channels, at = _number(bits, at, 4)
        if kind in _BROADENED:
            _, at = _rate(bits, at)
            kind, at = _number(bits, at, _KIND_BITS)
        if kind not in _KINDS:
            raise MediaError(f"AAC audio object type {kind} is not supported")
        if channels >= len(CHANNELS):
            raise MediaError(f"AAC channel configuration {channels} is not supported")
        return cls(data, kind, rate, channels)

    @classmethod
    def plain(cls, sample_rate: int, channels: int) -> AacConfig:
        """AAC-LC with one of the usual rates and numbers of channels.

        Raises:
            MediaError: it is none of those.
        """
        if sample_rate not in RATES or channels not in CHANNELS[1:]:
            raise MediaError(f"AAC of {sample_rate} Hz with {channels} channels is not usual")
        index = CHANNELS.index(channels)
        bits = _LOW_COMPLEXITY << 11 | RATES.index(sample_rate) << 7 | index << 3
        return cls(bits.to_bytes(2, "big"), _LOW_COMPLEXITY, sample_rate, index)

    def unit(self, frame: bytes) -> bytes:
        """The payload of a unit with this frame.

        Raises:
            MediaError: the frame is empty or longer than any.
        """
        if not 0 < len(frame) < _MAX_FRAME:
            raise MediaError(f"AAC frame of {len(frame)} bytes")
        return bytes((len(self.data),)) + self.data + frame


def _number(bits: str, at: int, size: int) -> tuple[int, int]:
    if at + size > len(bits):
        raise MediaError("truncated AudioSpecificConfig")
    return int(bits[at : at + size], 2), at + size


def _rate(bits: str, at: int) -> tuple[int, int]:
    index, at = _number(bits, at, 4)
    if index == _EXPLICIT_RATE:
        rate, at = _number(bits, at, 24)
    elif index < len(RATES):
        rate = RATES[index]
    else:
        raise MediaError("AAC with a sampling frequency that is reserved")
    if not rate:
        raise MediaError("AAC with a sampling frequency of 0")
    return rate, at


def with_rate_index(data: bytes) -> bytes:
    """A configuration whose rate is spelled out, with the index that such a rate is decoded by
    (ISO/IEC 14496-3 table 4.82): FFmpeg takes no other. All others are as they were.
    """
    bits = f"{int.from_bytes(data, 'big'):0{8 * len(data)}b}"
    index, at = _number(bits, _KIND_BITS, 4)
    if index != _EXPLICIT_RATE:
        return data
    rate, at = _number(bits, at, 24)
    nearest = min(range(len(RATES)), key=lambda each: abs(RATES[each] - rate))
    bits = f"{bits[:_KIND_BITS]}{nearest:04b}{bits[at:]}"
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def split_unit(payload: bytes) -> tuple[bytes, bytes]:
    """Configuration and frame of a unit of AAC.

    Raises:
        MediaError: it is truncated.
    """
    end = 1 + payload[0] if payload else 0
    if not 1 < end < len(payload):
        raise MediaError("truncated unit of AAC")
    return payload[1:end], payload[end:]


def split_adts(data: bytes) -> tuple[AacConfig, bytes] | None:
    """What an ADTS header says, and the frame behind it (ISO/IEC 13818-7 section 6.2).

    None where there is none that is whole and of just this frame. No raw frame looks like one: it
    would be the end of an empty one.
    """
    if len(data) < _ADTS or data[0] != 0xFF or data[1] & 0xF6 != 0xF0:
        return None
    size = (data[3] & 3) << 11 | data[4] << 3 | data[5] >> 5
    head = _ADTS if data[1] & 1 else _ADTS + 2
    kind, index = (data[2] >> 6) + 1, data[2] >> 2 & 0xF
    channels = (data[2] & 1) << 2 | data[3] >> 6
    if size != len(data) or size <= head or index >= len(RATES):
        return None
    bits = kind << 11 | index << 7 | channels << 3
    return AacConfig(bits.to_bytes(2, "big"), kind, RATES[index], channels), data[head:]
