"""RTCP: feedback from viewers (parsed by aiortc), reports to them. Pure."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from aiortc import rtp as aiortc_rtp

from relay.errors import ProtocolError


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
    jitter: int
    """Interarrival jitter, in the stream's clock."""
    last_sr: int
    """Middle 32 bits of the NTP time of the last sender report received; 0 for none."""
    delay: int
    """Time between receiving that and sending this, 1/65536 s."""


@dataclass(frozen=True, slots=True)
class Goodbye:
    """BYE (RFC 3550 section 6.6)."""


Feedback = Nack | KeyframeRequest | Remb | Report | Goodbye

_MAX_NACKS: Final = 1024


def parse(compound: bytes) -> list[Feedback]:
    """What a compound packet says; packets of other kinds are left out.

    Raises:
        ProtocolError: it is malformed.
    """
    try:
        packets = aiortc_rtp.RtcpPacket.parse(compound)
    except (ValueError, IndexError, struct.error) as error:
        raise ProtocolError(f"malformed RTCP: {error}") from None
    feedback: list[Feedback] = []
    for packet in packets:
        feedback.extend(_understand(packet))
    return feedback


def _understand(packet: aiortc_rtp.AnyRtcpPacket) -> list[Feedback]:
    if isinstance(packet, aiortc_rtp.RtcpRtpfbPacket):
        if packet.fmt != aiortc_rtp.RTCP_RTPFB_NACK:
            return []
        return [Nack(packet.media_ssrc, tuple(packet.lost[:_MAX_NACKS]))]
    if isinstance(packet, aiortc_rtp.RtcpPsfbPacket):
        return _payload_feedback(packet)
    if isinstance(packet, aiortc_rtp.RtcpRrPacket | aiortc_rtp.RtcpSrPacket):
        return [
            Report(r.ssrc, r.fraction_lost / 256, r.jitter, r.lsr, r.dlsr) for r in packet.reports
        ]
    if isinstance(packet, aiortc_rtp.RtcpByePacket):
        return [Goodbye()]
    return []


def _payload_feedback(packet: aiortc_rtp.RtcpPsfbPacket) -> list[Feedback]:
    if packet.fmt == aiortc_rtp.RTCP_PSFB_PLI:
        return [KeyframeRequest(packet.media_ssrc)]
    if packet.fmt == aiortc_rtp.RTCP_PSFB_FIR:
        # The header's media SSRC is unused; each entry names the stream it asks for.
        return [
            KeyframeRequest(int.from_bytes(packet.fci[at : at + 4], "big"))
            for at in range(0, len(packet.fci) - 7, 8)
        ]
    if packet.fmt == aiortc_rtp.RTCP_PSFB_APP:
        try:
            bitrate, _ = aiortc_rtp.unpack_remb_fci(packet.fci)
        except (ValueError, IndexError, struct.error):
            return []
        return [Remb(bitrate)]
    return []


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
    source = aiortc_rtp.RtcpSourceInfo(ssrc=ssrc, items=[(1, cname.encode())])
    return bytes(report) + bytes(aiortc_rtp.RtcpSdesPacket(chunks=[source]))


def goodbye(ssrcs: list[int]) -> bytes:
    """A BYE behind the empty receiver report that a compound packet has to begin with."""
    return bytes(aiortc_rtp.RtcpRrPacket(ssrc=ssrcs[0])) + bytes(
        aiortc_rtp.RtcpByePacket(sources=ssrcs)
    )
