"""RTCP: feedback from viewers, reports to them (RFC 3550, 3611, 4585, 5104). Pure."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiortc import rtp as aiortc_rtp

from relay.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Nack:
    """Packets that a viewer has not received (RFC 4585 section 6.2.1)."""

    ssrc: int
    """Of the stream they are missing from."""
    sequences: tuple[int, ...]
    """Their sequence numbers, 16 bits."""


@dataclass(frozen=True, slots=True)
class KeyframeRequest:
    """PLI (RFC 4585 section 6.3.1) or FIR (RFC 5104 section 4.3.1)."""

    ssrc: int
    """Of the stream that cannot be decoded."""


@dataclass(frozen=True, slots=True)
class Remb:
    """Receiver estimated maximum bitrate (draft-alvestrand-rmcat-remb)."""

    bps: int
    """What the viewer thinks it can receive, bits a second."""


@dataclass(frozen=True, slots=True)
class Report:
    """A report block (RFC 3550 section 6.4.1)."""

    ssrc: int
    """Of the stream it speaks of."""
    fraction_lost: float
    """Share of packets lost since the last report, 0 to 1."""
    lost: int
    """Packets lost since reception began; fewer than none where packets came twice."""
    highest: int
    """The highest sequence number received, with the count of its wraps above 16 bits."""
    jitter: int
    """Interarrival jitter, in the stream's clock."""
    last_sr: int
    """Middle 32 bits of the NTP time of the last sender report received; 0 for none."""
    delay: int
    """Time between receiving that and sending this, 1/65536 s."""


@dataclass(frozen=True, slots=True)
class ReceiverTime:
    """An XR receiver reference time (RFC 3611 section 4.4), which `delay_report` answers."""

    ssrc: int
    """Of who sends it."""
    time: int
    """Middle 32 bits of its NTP time."""


@dataclass(frozen=True, slots=True)
class Goodbye:
    """BYE (RFC 3550 section 6.6)."""

    sources: tuple[int, ...]
    """SSRCs that have left."""


Feedback = Nack | KeyframeRequest | Remb | Report | ReceiverTime | Goodbye

MAX_NACKS: Final = 1024
"""Sequence numbers that are taken from one message."""
MAX_BPS: Final = (1 << 63) - 1
"""A REMB can say more than 64 bits hold."""

_HEAD: Final = struct.Struct("!BBH")
_BLOCK: Final = struct.Struct("!IB3sIIII")
_FIRST_SSRCS: Final = struct.Struct("!II")


def parse(compound: bytes) -> list[Feedback]:
    """What a compound packet says, of full or reduced size (RFC 5506).

    Packets of other kinds, and extensions of known ones, are passed over by their length.

    Raises:
        ProtocolError: it is malformed.
    """
    feedback: list[Feedback] = []
    position = 0
    while position < len(compound):
        if len(compound) < position + 4:
            raise ProtocolError("truncated RTCP header")
        first, kind, words = _HEAD.unpack_from(compound, position)
        end = position + 4 + 4 * words
        if first >> 6 != 2 or end > len(compound):
            raise ProtocolError("malformed RTCP header")
        body = compound[position + 4 : end]
        if first & 0x20:
            if not body or not 0 < body[-1] <= len(body):
                raise ProtocolError("malformed RTCP padding")
            body = body[: -body[-1]]
        reader = _READERS.get(kind)
        if reader is not None:
            try:
                feedback += reader(first & 0x1F, body)
            except struct.error:
                raise ProtocolError("truncated RTCP packet") from None
        position = end
    return feedback


def _sender_report(count: int, body: bytes) -> list[Feedback]:
    return _report_blocks(count, body, 24)


def _receiver_report(count: int, body: bytes) -> list[Feedback]:
    return _report_blocks(count, body, 4)


def _report_blocks(count: int, body: bytes, start: int) -> list[Feedback]:
    if len(body) < start:
        raise ProtocolError("truncated RTCP report")
    found: list[Feedback] = []
    for index in range(count):
        ssrc, share, lost, highest, jitter, last_sr, delay = _BLOCK.unpack_from(
            body, start + 24 * index
        )
        total = int.from_bytes(lost, "big", signed=True)
        found.append(Report(ssrc, share / 256, total, highest, jitter, last_sr, delay))
    return found


def _goodbye(count: int, body: bytes) -> list[Feedback]:
    return [Goodbye(struct.unpack_from(f"!{count}I", body))]


def _transport_feedback(fmt: int, body: bytes) -> list[Feedback]:
    _, ssrc = _FIRST_SSRCS.unpack_from(body)
    if fmt != 1:
        return []
    missing: list[int] = []
    for first, following in struct.iter_unpack("!HH", body[8 : 8 + len(body[8:]) // 4 * 4]):
        missing.append(first)
        missing += ((first + 1 + bit) & 0xFFFF for bit in range(16) if following >> bit & 1)
        if len(missing) >= MAX_NACKS:
            break
    return [Nack(ssrc, tuple(missing[:MAX_NACKS]))]


def _payload_feedback(fmt: int, body: bytes) -> list[Feedback]:
    _, ssrc = _FIRST_SSRCS.unpack_from(body)
    if fmt == 1:
        return [KeyframeRequest(ssrc)]
    if fmt == 4:
        # The header's media SSRC is unused; each entry names the stream it asks for.
        return [
            KeyframeRequest(int.from_bytes(body[at : at + 4], "big"))
            for at in range(8, len(body) - 7, 8)
        ]
    if fmt == 15 and body[8:12] == b"REMB" and len(body) >= 16:
        exponent, mantissa = body[13] >> 2, int.from_bytes(body[13:16], "big") & 0x3FFFF
        return [Remb(min(mantissa << exponent, MAX_BPS))]
    return []


def _extended_report(_count: int, body: bytes) -> list[Feedback]:
    if len(body) < 4:
        raise ProtocolError("truncated extended report")
    found: list[Feedback] = []
    at = 4
    while at + 4 <= len(body):
        kind, words = body[at], int.from_bytes(body[at + 2 : at + 4], "big")
        end = at + 4 + 4 * words
        if end > len(body):
            raise ProtocolError("truncated extended report")
        if kind == 4 and words == 2:
            time = int.from_bytes(body[at + 6 : at + 10], "big")
            found.append(ReceiverTime(int.from_bytes(body[:4], "big"), time))
        at = end
    return found


_READERS: Final[dict[int, Callable[[int, bytes], list[Feedback]]]] = {
    200: _sender_report,
    201: _receiver_report,
    203: _goodbye,
    205: _transport_feedback,
    206: _payload_feedback,
    207: _extended_report,
}


def sender_report(
    *, ssrc: int, ntp_time: int, rtp_time: int, packets: int, octets: int, cname: str
) -> bytes:
    """A sender report with its SDES CNAME (RFC 3550 sections 6.4.1 and 6.5.1).

    `rtp_time` is the stream's clock at `ntp_time` (64 bits); counters are since the stream began.
    """
    report = aiortc_rtp.RtcpSrPacket(
        ssrc=ssrc,
        sender_info=aiortc_rtp.RtcpSenderInfo(
            ntp_timestamp=ntp_time,
            rtp_timestamp=rtp_time & 0xFFFFFFFF,
            packet_count=packets & 0xFFFFFFFF,
            octet_count=octets & 0xFFFFFFFF,
        ),
    )
    return bytes(report) + _description(ssrc, cname)


def delay_report(ssrc: int, receiver: int, time: int, delay: int) -> bytes:
    """An XR packet with a DLRR block (RFC 3611 section 4.5), from which `receiver` knows its round
    trip; `time` is that of its `ReceiverTime`, `delay` how long ago that came, 1/65536 s.
    """
    return struct.pack("!BBHIBBHIII", 0x80, 207, 5, ssrc, 5, 0, 3, receiver, time, delay)


def goodbye(ssrcs: list[int], cname: str) -> bytes:
    """A BYE, behind the report and SDES CNAME that a compound packet has to have."""
    return (
        bytes(aiortc_rtp.RtcpRrPacket(ssrc=ssrcs[0]))
        + _description(ssrcs[0], cname)
        + bytes(aiortc_rtp.RtcpByePacket(sources=ssrcs))
    )


def _description(ssrc: int, cname: str) -> bytes:
    source = aiortc_rtp.RtcpSourceInfo(ssrc=ssrc, items=[(1, cname.encode())])
    return bytes(aiortc_rtp.RtcpSdesPacket(chunks=[source]))
