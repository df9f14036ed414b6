"""RTP headers and clocks, as another implementation reads them."""

from __future__ import annotations

import pytest
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from aiortc.rtp import HeaderExtensionsMap, RtpPacket
from hypothesis import given
from hypothesis import strategies as st

from relay.webrtc.rtp import Extensions, HeaderWriter, abs_send_time, ntp
from tests.support.offers import URIS
from tests.support.rtp import Packet

IDS = st.permutations(range(1, 15)).map(lambda numbers: numbers[:3])
EXTENSIONS = st.builds(
    lambda ids, used: Extensions(
        *(number if use else None for number, use in zip(ids, used, strict=True))
    ),
    IDS,
    st.tuples(st.booleans(), st.booleans(), st.booleans()),
)
MIDS = st.text(st.sampled_from("0123456789abcxyz"), min_size=0, max_size=20)


def map_of(extensions: Extensions) -> HeaderExtensionsMap:
    known = HeaderExtensionsMap()
    parameters = RTCRtpParameters()
    for name in ("abs_send_time", "mid"):
        number = getattr(extensions, name)
        if number is not None:
            entry = RTCRtpHeaderExtensionParameters(id=number, uri=URIS[name])
            parameters.headerExtensions.append(entry)
    known.configure(parameters)
    return known


@given(
    extensions=EXTENSIONS,
    mid=MIDS,
    ssrc=st.integers(0, 2**32 - 1),
    payload_type=st.integers(0, 127),
    sequence=st.integers(0, 2**40),
    timestamp=st.integers(-(2**40), 2**70),
    marker=st.booleans(),
    send_time=st.binary(min_size=3, max_size=3),
)
def test_another_parser_reads_what_was_written(
    extensions: Extensions,
    mid: str,
    ssrc: int,
    payload_type: int,
    sequence: int,
    timestamp: int,
    marker: bool,
    send_time: bytes,
) -> None:
    writer = HeaderWriter(ssrc, payload_type, extensions, mid)
    raw = writer.write(sequence, timestamp, marker=marker, send_time=send_time) + b"payload"
    packet = RtpPacket.parse(raw, map_of(extensions))
    assert packet.version == 2
    assert (packet.ssrc, packet.payload_type, packet.marker) == (ssrc, payload_type, marker)
    assert packet.sequence_number == sequence % 2**16
    assert packet.timestamp == timestamp % 2**32
    assert packet.payload == b"payload"
    assert packet.padding_size == 0
    fits = 0 < len(mid) <= 16
    assert packet.extensions.mid == (mid if extensions.mid is not None and fits else None)
    timed = extensions.abs_send_time is not None
    assert packet.extensions.abs_send_time == (int.from_bytes(send_time, "big") if timed else None)
    read = Packet.parse(raw).extensions
    assert read.get(extensions.playout_delay or 0) == (
        b"\0\0\0" if extensions.playout_delay is not None else None
    )


@given(EXTENSIONS, MIDS, st.lists(st.tuples(st.integers(0), st.integers(), st.booleans())))
def test_all_headers_of_a_stream_are_equally_long(
    extensions: Extensions, mid: str, packets: list[tuple[int, int, bool]]
) -> None:
    writer = HeaderWriter(1, 96, extensions, mid)
    lengths = {
        len(writer.write(sequence, time, marker=marker, send_time=bytes(3)))
        for sequence, time, marker in packets
    }
    assert len(lengths) <= 1
    assert all(length % 4 == 0 and 12 <= length <= 44 for length in lengths)


@given(st.floats(0, 4e9), st.floats(0, 63))
def test_abs_send_time_counts_seconds_in_6_18_fixed_point(now: float, later: float) -> None:
    first, second = (int.from_bytes(abs_send_time(at), "big") for at in (now, now + later))
    elapsed = ((second - first) % 2**24) / 2**18
    assert elapsed == pytest.approx(later, abs=1e-5) or elapsed == pytest.approx(64, abs=1e-5)


def test_abs_send_time_wraps_after_64_seconds() -> None:
    assert abs_send_time(64.0) == abs_send_time(128.0) == bytes(3)
    assert abs_send_time(63.99999999) == b"\xff\xff\xff"
    assert abs_send_time(1.0) == b"\x04\x00\x00"


def test_ntp_time_begins_in_1900() -> None:
    assert ntp(0) == 2_208_988_800 << 32
    assert ntp(0.5) & 0xFFFFFFFF == 1 << 31
    # 7 February 2036, 06:28:16: the second half of an era's last second, and the next era's first.
    assert ntp(2_085_978_495.5) >> 32 == 0xFFFFFFFF
    assert ntp(2_085_978_496) == 0
