"""Reading RTP in tests: packets with their extensions, and H.264 out of its payloads (RFC 6184)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from aiortc.rtp import RtpPacket, unpack_header_extensions


@dataclass(frozen=True)
class Packet:
    """One RTP packet, in the clear."""

    ssrc: int
    payload_type: int
    sequence: int
    timestamp: int
    marker: bool
    extensions: dict[int, bytes]
    payload: bytes
    header_length: int
    raw: bytes

    @classmethod
    def parse(cls, raw: bytes) -> Packet:
        """Read a packet; aiortc's parser has to agree on what both read."""
        theirs = RtpPacket.parse(raw)
        first, second, sequence, timestamp, ssrc = struct.unpack_from("!BBHII", raw)
        assert first >> 6 == 2
        assert not first & 0x2F, "padding or contributing sources"
        position, extensions = 12, {}
        if first & 0x10:
            profile, words = struct.unpack_from("!HH", raw, 12)
            position = 16 + 4 * words
            assert profile == 0xBEDE
            extensions = dict(unpack_header_extensions(profile, raw[16:position]))
        assert theirs.payload == raw[position:]
        assert (theirs.sequence_number, theirs.timestamp, theirs.ssrc) == (
            sequence,
            timestamp,
            ssrc,
        )
        return cls(
            ssrc=ssrc,
            payload_type=second & 0x7F,
            sequence=sequence,
            timestamp=timestamp,
            marker=bool(second & 0x80),
            extensions=extensions,
            payload=raw[position:],
            header_length=position,
            raw=raw,
        )


def nal_units(payloads: list[bytes]) -> list[bytes]:
    """The NAL units in the payloads of one access unit, none of which may be missing."""
    found: list[bytes] = []
    fragments: bytearray | None = None
    for payload in payloads:
        kind = payload[0] & 0x1F
        if kind == 28:
            start, end = payload[1] & 0x80, payload[1] & 0x40
            assert not (start and end), "a fragment that is the whole NAL unit"
            assert not payload[1] & 0x20, "the reserved bit"
            if start:
                assert fragments is None, "a fragmented unit without its end"
                fragments = bytearray([(payload[0] & 0xE0) | (payload[1] & 0x1F)])
            assert fragments is not None, "a fragmented unit without its start"
            fragments += payload[2:]
            if end:
                found.append(bytes(fragments))
                fragments = None
            continue
        assert fragments is None, "a fragmented unit without its end"
        if kind == 24:
            position = 1
            while position < len(payload):
                size = int.from_bytes(payload[position : position + 2], "big")
                assert 0 < size <= len(payload) - position - 2
                found.append(payload[position + 2 : position + 2 + size])
                position += 2 + size
        else:
            assert 1 <= kind <= 23, f"NAL unit type {kind}"
            found.append(payload)
    assert fragments is None, "a fragmented unit without its end"
    return found
