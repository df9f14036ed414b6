"""RTCP as viewers send it, made by aiortc."""

from __future__ import annotations

import struct

from aiortc import rtp

SSRC = 0x5EED
"""The viewer's own, of its reports."""


def receiver_report(*blocks: rtp.RtcpReceiverInfo, ssrc: int = SSRC) -> bytes:
    """A receiver report."""
    return bytes(rtp.RtcpRrPacket(ssrc=ssrc, reports=list(blocks)))


def block(
    ssrc: int,
    *,
    lost: int = 0,
    total: int = 0,
    highest: int = 0,
    jitter: int = 0,
    lsr: int = 0,
    dlsr: int = 0,
) -> rtp.RtcpReceiverInfo:
    """A report block; `lost` is the share of packets, in 1/256, and `total` how many they were."""
    return rtp.RtcpReceiverInfo(ssrc, lost, total, highest, jitter, lsr, dlsr)


def description(ssrc: int = SSRC, cname: str = "viewer") -> bytes:
    """An SDES packet."""
    source = rtp.RtcpSourceInfo(ssrc=ssrc, items=[(1, cname.encode())])
    return bytes(rtp.RtcpSdesPacket(chunks=[source]))


def nack(media_ssrc: int, *sequences: int, ssrc: int = SSRC) -> bytes:
    """A generic NACK; aiortc's cannot go over the wrap of the numbers."""
    pairs: list[list[int]] = []
    for sequence in sequences:
        distance = (sequence - pairs[-1][0] - 1) % 65_536 if pairs else 16
        if distance < 16:
            pairs[-1][1] |= 1 << distance
        else:
            pairs.append([sequence, 0])
    fci = b"".join(struct.pack("!HH", *pair) for pair in pairs)
    return struct.pack("!BBHII", 0x81, 205, 2 + len(pairs), ssrc, media_ssrc) + fci


def pli(media_ssrc: int, *, ssrc: int = SSRC) -> bytes:
    """A picture loss indication."""
    return bytes(rtp.RtcpPsfbPacket(rtp.RTCP_PSFB_PLI, ssrc, media_ssrc))


def fir(*media_ssrcs: int, number: int = 0, ssrc: int = SSRC) -> bytes:
    """A full intra request."""
    entries = b"".join(struct.pack("!IB3x", each, number) for each in media_ssrcs)
    return bytes(rtp.RtcpPsfbPacket(rtp.RTCP_PSFB_FIR, ssrc, 0, entries))


def remb(bps: int, *media_ssrcs: int, ssrc: int = SSRC) -> bytes:
    """A receiver estimated maximum bitrate."""
    fci = rtp.pack_remb_fci(bps, list(media_ssrcs))
    return bytes(rtp.RtcpPsfbPacket(rtp.RTCP_PSFB_APP, ssrc, 0, fci))


def receiver_time(ntp: int, *, ssrc: int = SSRC, block_ssrc: int | None = None) -> bytes:
    """An XR receiver reference time (RFC 3611 section 4.4); `ntp` has 64 bits."""
    return struct.pack("!BBHIBBHQ", 0x80, 207, 4, block_ssrc or ssrc, 4, 0, 2, ntp)


def bye(*sources: int) -> bytes:
    """A goodbye."""
    return bytes(rtp.RtcpByePacket(sources=list(sources or (SSRC,))))
