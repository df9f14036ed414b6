"""RTCP both ways: aiortc writes what we read, and reads what we write."""

from __future__ import annotations

import struct

import pytest
from aiortc.rtp import RtcpByePacket, RtcpPacket, RtcpRrPacket, RtcpSdesPacket, RtcpSrPacket
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.errors import ProtocolError
from relay.webrtc import rtcp
from relay.webrtc.rtcp import Goodbye, KeyframeRequest, Nack, ReceiverTime, Remb, Report
from relay.webrtc.rtp import ntp
from tests.support import feedback

MEDIA = 0xC0FFEE
REPORT = feedback.receiver_report(feedback.block(MEDIA, lost=64, jitter=7, lsr=0xABCD, dlsr=99))


def padded(packet: bytes, size: int) -> bytes:
    """The same packet with `size` bytes of padding."""
    first, kind, words = struct.unpack_from("!BBH", packet)
    head = struct.pack("!BBH", first | 0x20, kind, words + size // 4)
    return head + packet[4:] + bytes(size - 1) + bytes([size])


def extended(packet: bytes, extra: bytes) -> bytes:
    """The same packet with more at its end."""
    first, kind, words = struct.unpack_from("!BBH", packet)
    return struct.pack("!BBH", first, kind, words + len(extra) // 4) + packet[4:] + extra


@given(st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=60, unique=True))
def test_nacks(sequences: list[int]) -> None:
    sequences.sort()
    [found] = rtcp.parse(feedback.nack(MEDIA, *sequences))
    assert isinstance(found, Nack)
    assert found.ssrc == MEDIA
    assert sorted(found.sequences) == sequences


def test_a_nack_over_the_wrap_of_the_sequence() -> None:
    packet = struct.pack("!BBHIIHH", 0x81, 205, 3, 1, MEDIA, 0xFFFE, 0b101)
    assert rtcp.parse(packet) == [Nack(MEDIA, (0xFFFE, 0xFFFF, 1))]


def test_a_nack_of_everything_is_cut() -> None:
    pairs = b"".join(struct.pack("!HH", 17 * number % 65536, 0xFFFF) for number in range(350))
    packet = struct.pack("!BBHII", 0x81, 205, 2 + 350, 1, MEDIA) + pairs
    [found] = rtcp.parse(packet)
    assert isinstance(found, Nack)
    assert found.sequences == tuple(range(rtcp.MAX_NACKS))


def test_requests_for_keyframes() -> None:
    assert rtcp.parse(feedback.pli(MEDIA)) == [KeyframeRequest(MEDIA)]
    assert rtcp.parse(feedback.fir(MEDIA, 7)) == [KeyframeRequest(MEDIA), KeyframeRequest(7)]
    assert rtcp.parse(feedback.fir()) == []


@given(st.integers(0, 0x3FFFF), st.integers(0, 63), st.lists(st.integers(0, 9), max_size=3))
def test_estimates(mantissa: int, exponent: int, ssrcs: list[int]) -> None:
    """Up to 2^81 bits a second can be said: no more than 63 bits come out."""
    size = len(ssrcs) << 24 | exponent << 18 | mantissa
    body = struct.pack("!II4sI", 1, 0, b"REMB", size) + struct.pack(f"!{len(ssrcs)}I", *ssrcs)
    packet = struct.pack("!BBH", 0x8F, 206, len(body) // 4) + body
    assert rtcp.parse(packet) == [Remb(min(mantissa << exponent, 2**63 - 1))]


@given(st.integers(0, 2**34))
def test_estimates_of_aiortc(bps: int) -> None:
    [found] = rtcp.parse(feedback.remb(bps, MEDIA))
    assert isinstance(found, Remb)
    assert found.bps == pytest.approx(bps, rel=1e-5)


def test_application_feedback_of_others_is_passed_over() -> None:
    for fci in (b"", b"REMB", b"AFB1" + bytes(12)):
        packet = struct.pack("!BBHII", 0x8F, 206, 2 + len(fci) // 4, 1, 0) + fci
        assert rtcp.parse(packet) == []


def test_reports() -> None:
    assert rtcp.parse(REPORT) == [Report(MEDIA, 0.25, 0, 0, 7, 0xABCD, 99)]
    assert rtcp.parse(feedback.receiver_report()) == []
    many = [feedback.block(number, lost=number) for number in range(31)]
    found = rtcp.parse(feedback.receiver_report(*many))
    assert [r.ssrc for r in found if isinstance(r, Report)] == list(range(31))
    sending = b"\x81\xc8\x00\x0c" + bytes(24) + REPORT[8:]
    assert rtcp.parse(sending) == [Report(MEDIA, 0.25, 0, 0, 7, 0xABCD, 99)]


def test_totals_of_reports() -> None:
    for total, highest in ((0, 0), (5, 70_000), (-3, 1), (2**23 - 1, 2**32 - 1)):
        block = feedback.block(MEDIA, total=total, highest=highest)
        [found] = rtcp.parse(feedback.receiver_report(block))
        assert isinstance(found, Report)
        assert (found.lost, found.highest) == (total, highest)


def test_times_of_receivers() -> None:
    """RFC 3611 section 4.4, among blocks of other kinds."""
    alone = feedback.receiver_time(0x0102030405060708, ssrc=9)
    assert rtcp.parse(alone) == [ReceiverTime(9, 0x03040506)]
    body = alone[4:8] + struct.pack("!BBHI", 6, 0, 1, 0) + alone[8:] + struct.pack("!BBH", 1, 0, 0)
    mixed = struct.pack("!BBH", 0x80, 207, len(body) // 4) + body
    assert rtcp.parse(mixed) == [ReceiverTime(9, 0x03040506)]
    for malformed in (
        struct.pack("!BBH", 0x80, 207, 0),
        struct.pack("!BBHIBBH", 0x80, 207, 2, 1, 4, 0, 2),
    ):
        with pytest.raises(ProtocolError):
            rtcp.parse(malformed)


def test_answers_to_times_of_receivers() -> None:
    packet = rtcp.delay_report(1, 2, 3, 4)
    assert packet == bytes.fromhex("80cf0005 00000001 05000003 00000002 00000003 00000004")
    assert rtcp.parse(packet) == []


def test_goodbyes() -> None:
    assert rtcp.parse(feedback.bye(1, 2)) == [Goodbye((1, 2))]
    reason = b"\x07leaving"
    assert rtcp.parse(extended(feedback.bye(1), reason)) == [Goodbye((1,))]


def test_a_compound_is_read_in_order() -> None:
    compound = REPORT + feedback.description() + feedback.nack(MEDIA, 5) + feedback.pli(MEDIA)
    kinds = [type(item) for item in rtcp.parse(compound)]
    assert kinds == [Report, Nack, KeyframeRequest]


@pytest.mark.parametrize(
    "other",
    [
        struct.pack("!BBHI", 0x80, 204, 2, 1) + b"NAME",  # APP
        struct.pack("!BBHIBBHQ", 0x80, 207, 4, 1, 7, 0, 2, 0),  # XR: a block that nobody knows
        struct.pack("!BBHII", 0x8F, 205, 4, 1, MEDIA) + bytes(8),  # transport-wide feedback
        struct.pack("!BBHII", 0x82, 206, 3, 1, MEDIA) + bytes(4),  # SLI
        # SDES of two sources, each with its own padding (RFC 3550 section 6.5).
        struct.pack("!BBHI", 0x82, 202, 6, 1)
        + b"\1\5viewr\0"
        + struct.pack("!I", 2)
        + b"\1\5viewr\0",
        struct.pack("!BBH", 0x80, 192, 0),  # a packet of a kind that nobody knows
    ],
    ids=["APP", "XR", "transport-cc", "SLI", "SDES of two", "unknown"],
)
def test_what_we_do_not_need_does_not_hide_what_we_need(other: bytes) -> None:
    """aiortc's parser gives up a whole compound for an SDES that it misreads."""
    compound = REPORT + other + feedback.nack(MEDIA, 5)
    assert rtcp.parse(compound)[1:] == [Nack(MEDIA, (5,))]


def test_extensions_of_reports_are_passed_over() -> None:
    """RFC 3550 section 6.4.3."""
    assert rtcp.parse(extended(REPORT, bytes(8))) == rtcp.parse(REPORT)


@pytest.mark.parametrize("size", [4, 8, 200])
def test_padding(size: int) -> None:
    assert rtcp.parse(padded(REPORT, size)) == rtcp.parse(REPORT)
    assert rtcp.parse(padded(feedback.nack(MEDIA, 5), size)) == [Nack(MEDIA, (5,))]


@pytest.mark.parametrize(
    "packet",
    [
        b"\x80",
        b"\x80\xc9\x00",
        b"\x40\xc9\x00\x01" + bytes(4),
        b"\x80\xc9\x00\x09" + bytes(4),
        b"\x81\xc9\x00\x01" + bytes(4),
        b"\x81\xc8\x00\x06" + bytes(24),
        b"\x82\xcb\x00\x01" + bytes(4),
        b"\x81\xcd\x00\x01" + bytes(4),
        b"\x81\xce\x00\x01" + bytes(4),
        b"\xa0\xc9\x00\x00",
        b"\xa0\xc9\x00\x01\0\0\0\0",
        b"\xa0\xc9\x00\x01\0\0\0\5",
    ],
)
def test_malformed(packet: bytes) -> None:
    with pytest.raises(ProtocolError):
        rtcp.parse(packet)
    with pytest.raises(ProtocolError):
        rtcp.parse(REPORT + packet)


PIECES = st.one_of(
    st.binary(max_size=32),
    st.builds(
        lambda first, kind, words, body: struct.pack("!BBH", first, kind, words) + body,
        st.integers(0x80, 0xBF),
        st.one_of(st.integers(200, 207), st.integers(0, 255)),
        st.integers(0, 9),
        st.binary(max_size=36),
    ),
)


@given(st.lists(PIECES, max_size=4).map(b"".join))
@settings(max_examples=500)
def test_any_bytes_are_feedback_or_an_error(compound: bytes) -> None:
    try:
        found = rtcp.parse(compound)
    except ProtocolError:
        return
    assert all(isinstance(item, rtcp.Feedback) for item in found)


def test_a_sender_report_reads_back() -> None:
    made = rtcp.sender_report(
        ssrc=MEDIA,
        ntp_time=ntp(1_790_000_000.25),
        rtp_time=2**32 + 17,
        packets=2**32 + 3,
        octets=2**33 + 5,
        cname="eva-relay",
    )
    report, description = RtcpPacket.parse(made)
    assert isinstance(report, RtcpSrPacket)
    assert report.ssrc == MEDIA
    assert report.sender_info.ntp_timestamp == (1_790_000_000 + 2_208_988_800 << 32) + (1 << 30)
    assert report.sender_info.rtp_timestamp == 17
    assert report.sender_info.packet_count == 3
    assert report.sender_info.octet_count == 5
    assert report.reports == []
    assert isinstance(description, RtcpSdesPacket)
    [source] = description.chunks
    assert source.ssrc == MEDIA
    assert source.items == [(1, b"eva-relay")]


def test_a_goodbye_is_a_whole_compound_packet() -> None:
    """RFC 3550 section 6.1: it begins with a report and has a CNAME."""
    report, description, goodbye = RtcpPacket.parse(rtcp.goodbye([1, 2], "eva-relay"))
    assert isinstance(report, RtcpRrPacket)
    assert report.ssrc == 1
    assert isinstance(description, RtcpSdesPacket)
    assert description.chunks[0].items == [(1, b"eva-relay")]
    assert isinstance(goodbye, RtcpByePacket)
    assert goodbye.sources == [1, 2]
