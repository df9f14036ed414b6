"""Opus packets: duration from the TOC byte (RFC 6716 section 3.1)."""

from __future__ import annotations

from typing import Final

from relay.errors import MediaError

FRAME_SAMPLES: Final = 960
"""Samples of the 20 ms packets that we encode, at 48 kHz."""

_SILK: Final = (480, 960, 1920, 2880)
_HYBRID: Final = (480, 960)
_CELT: Final = (120, 240, 480, 960)


def packet_samples(packet: bytes) -> int:
    """Duration of an Opus packet in samples at 48 kHz, at most 5760 (120 ms).

    Raises:
        MediaError: the packet is empty, or longer than 120 ms.
    """
    if not packet:
        raise MediaError("empty Opus packet")
    toc = packet[0]
    config = toc >> 3
    if config < 12:
        frame = _SILK[config & 3]
    elif config < 16:
        frame = _HYBRID[config & 1]
    else:
        frame = _CELT[config & 3]
    code = toc & 3
    if code == 3:
        if len(packet) < 2:
            raise MediaError("Opus packet without its frame count")
        count = packet[1] & 0x3F
    else:
        count = 1 if code == 0 else 2
    samples = frame * count
    if samples == 0 or samples > 5760:
        raise MediaError(f"Opus packet of {samples} samples")
    return samples
