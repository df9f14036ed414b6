"""RTP payloads and headers: H.264 (RFC 6184) and Opus (RFC 7587). Pure.

Fragments of one NAL unit are equally long but for the last, and header extensions never change
their length, because UDP GSO wants equal segments.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from relay.media.h264 import nal_type, split_annexb

MAX_PAYLOAD: Final = 1160
"""Bytes of RTP payload: with headers, tag and RTX within IPv6's least MTU of 1280."""
MAX_SOUND: Final = 1275
"""Bytes of an Opus packet of one frame, at the most (RFC 6716 section 3.2.1)."""

_FU_A: Final = 28
_STAP_A: Final = 24
_HEADER: Final = struct.Struct("!BBHII")
_EXTENSION_PROFILE: Final = 0xBEDE


@dataclass(frozen=True, slots=True)
class Payload:
    """One packet's payload, the same for every viewer."""

    data: bytes
    """What follows the RTP header."""
    marker: bool
    """Whether it ends its frame (RFC 6184 section 5.1)."""


def packetise_h264(access_unit: bytes) -> list[Payload]:
    """Payloads of an Annex B access unit: STAP-A for runs of small NAL units, FU-A for large.

    NAL units of types that RFC 6184 uses for itself are left out: they would be misread.
    """
    payloads: list[bytes] = []
    small: list[bytes] = []
    size = 1
    for nal in split_annexb(access_unit):
        if not 1 <= nal_type(nal) < _STAP_A:
            continue
        if small and size + 2 + len(nal) > MAX_PAYLOAD:
            payloads.append(_aggregate(small))
            small, size = [], 1
        if len(nal) > MAX_PAYLOAD:
            payloads.extend(_fragments(nal))
        else:
            small.append(nal)
            size += 2 + len(nal)
    if small:
        payloads.append(_aggregate(small))
    return [Payload(data, index == len(payloads) - 1) for index, data in enumerate(payloads)]


def packetise_opus(packet: bytes) -> list[Payload]:
    """The payload of an Opus packet; none of one that no datagram may hold."""
    return [Payload(packet, marker=False)] if 0 < len(packet) <= MAX_SOUND else []


def _aggregate(nals: list[bytes]) -> bytes:
    if len(nals) == 1:
        return nals[0]
    # Section 5.7.1: F if any unit has it, and the highest NRI.
    header = max(nal[0] & 0x80 for nal in nals) | max(nal[0] & 0x60 for nal in nals) | _STAP_A
    return bytes([header]) + b"".join(struct.pack("!H", len(nal)) + nal for nal in nals)


def _fragments(nal: bytes) -> list[bytes]:
    indicator = (nal[0] & 0xE0) | _FU_A
    body = nal[1:]
    count = -(-len(body) // (MAX_PAYLOAD - 2))
    step = -(-len(body) // count)
    kind = nal_type(nal)
    out = []
    for start in range(0, len(body), step):
        first, last = start == 0, start + step >= len(body)
        header = kind | (0x80 if first else 0) | (0x40 if last else 0)
        out.append(bytes([indicator, header]) + body[start : start + step])
    return out


@dataclass(frozen=True, slots=True)
class Extensions:
    """Ids of the header extensions that were negotiated; None where one was not."""

    abs_send_time: int | None = None
    """http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"""
    playout_delay: int | None = None
    """http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"""
    mid: int | None = None
    """urn:ietf:params:rtp-hdrext:sdes:mid (RFC 9143)"""
    waits: bool = False
    """Whether the picture waits for the sound that goes with it; see `HeaderWriter`."""


class HeaderWriter:
    """Writes the RTP headers of one outgoing stream; they all have the same length."""

    AT_ONCE: Final = bytes(3)
    """Least and greatest playout delay, 12 bits each, in 10 ms: show frames once they are decoded.
    """
    WITH_SOUND: Final = bytes.fromhex("006190")
    """The same where sound goes with the picture: 60 ms to 4 s. Browsers play sound about 60 ms
    after it has come. Where it comes later they hold the picture back for longer, which a greatest
    delay of 0 forbids.
    """

    def __init__(self, ssrc: int, payload_type: int, extensions: Extensions, mid: str) -> None:
        self._ssrc = ssrc
        self._payload_type = payload_type
        fixed = b""
        if extensions.playout_delay is not None:
            delay = self.WITH_SOUND if extensions.waits else self.AT_ONCE
            fixed += bytes([extensions.playout_delay << 4 | 2]) + delay
        name = mid.encode()
        if extensions.mid is not None and 0 < len(name) <= 16:
            fixed += bytes([extensions.mid << 4 | len(name) - 1]) + name
        timed = extensions.abs_send_time
        self._time_head = b"" if timed is None else bytes([timed << 4 | 2])
        length = len(fixed) + (4 if self._time_head else 0)
        self._tail = fixed + bytes(-length % 4)
        self._first = 0x90 if length else 0x80
        words = (length + 3) // 4
        self._extension_head = (
            struct.pack("!HH", _EXTENSION_PROFILE, words) + self._time_head if length else b""
        )

    def write(self, sequence: int, timestamp: int, *, marker: bool, send_time: bytes) -> bytes:
        """One packet's header; `send_time` is the 3 bytes of `abs_send_time`."""
        head = _HEADER.pack(
            self._first,
            self._payload_type | (0x80 if marker else 0),
            sequence & 0xFFFF,
            timestamp & 0xFFFFFFFF,
            self._ssrc,
        )
        if self._time_head:
            return head + self._extension_head + send_time + self._tail
        return head + self._extension_head + self._tail


def abs_send_time(now: float) -> bytes:
    """`now` in seconds as 6.18 fixed point, 3 bytes; it wraps every 64 s."""
    return (int(now * (1 << 18)) & 0xFFFFFF).to_bytes(3, "big")


def ntp(unix_s: float) -> int:
    """A Unix time as a 64-bit NTP time stamp (RFC 5905 section 6)."""
    return int((unix_s + 2_208_988_800) * (1 << 32)) & 0xFFFFFFFFFFFFFFFF
