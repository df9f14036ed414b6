"""AAC: AudioSpecificConfig (ISO/IEC 14496-3 section 1.6.2.1) to ADTS headers (ISO/IEC 13818-7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from relay.errors import MediaError

_RATES: Final = (
    96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
)  # fmt: skip
_MAX_FRAME: Final = (1 << 13) - 1


@dataclass(frozen=True, slots=True)
class AacConfig:
    """What of an AudioSpecificConfig an ADTS header can say."""

    profile: int
    """Audio object type: 1 Main, 2 LC, 3 SSR, 4 LTP. HE-AAC is LC here, signalled implicitly."""
    rate_index: int
    """Index into the table of sampling frequencies."""
    channels: int
    """Channel configuration, 1 to 7."""

    @property
    def sample_rate(self) -> int:
        """Samples a second."""
        return _RATES[self.rate_index]

    @classmethod
    def parse(cls, data: bytes) -> AacConfig:
        """Read an AudioSpecificConfig.

        Raises:
            MediaError: truncated, or something that ADTS cannot carry.
        """
        if len(data) < 2:
            raise MediaError("truncated AudioSpecificConfig")
        kind = data[0] >> 3
        rate_index = (data[0] & 7) << 1 | data[1] >> 7
        channels = (data[1] >> 3) & 0xF
        if kind in (5, 29):  # explicit SBR or PS around an LC core
            kind = 2
        if not 1 <= kind <= 4:
            raise MediaError(f"AAC audio object type {kind} is not supported")
        if rate_index >= len(_RATES):
            raise MediaError("AAC with an explicit sampling frequency is not supported")
        if not 1 <= channels <= 7:
            raise MediaError(f"AAC channel configuration {channels} is not supported")
        return cls(kind, rate_index, channels)

    def adts(self, frame: bytes) -> bytes:
        """`frame` behind its 7-byte ADTS header.

        Raises:
            MediaError: the frame is empty or longer than ADTS can say.
        """
        size = len(frame) + 7
        if not frame or size > _MAX_FRAME:
            raise MediaError(f"AAC frame of {len(frame)} bytes")
        head = (
            0xFFF1 << 40
            | (self.profile - 1) << 38
            | self.rate_index << 34
            | self.channels << 30
            | size << 13
            | 0x7FF << 2
        )
        return head.to_bytes(7, "big") + frame
