"""H.264 as RTP payloads (RFC 6184): what goes in comes out, in packets that GSO can take."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.media.h264 import START_CODE, join_annexb
from relay.webrtc.rtp import MAX_PAYLOAD, packetise_h264
from tests.support.rtp import nal_units


def nal(kind: int, size: int, importance: int = 3) -> bytes:
    """A NAL unit of `size` bytes that holds no start code and ends with none of its zeros."""
    body = bytes((index * 7 + size) % 255 + 1 for index in range(size - 1))
    return bytes([importance << 5 | kind]) + body


SIZES = st.one_of(
    st.integers(1, 60),
    st.integers(1, 5 * MAX_PAYLOAD),
    st.builds(
        lambda packets, offset: max(1, packets * MAX_PAYLOAD + offset),
        st.integers(1, 4),
        st.integers(-6, 6),
    ),
)
NALS = st.builds(nal, st.integers(1, 23), SIZES, st.integers(0, 3))


@given(st.lists(NALS, max_size=12))
@settings(max_examples=200, deadline=None)
def test_an_access_unit_comes_out_as_it_went_in(nals: list[bytes]) -> None:
    payloads = packetise_h264(join_annexb(nals))
    assert nal_units([payload.data for payload in payloads]) == nals
    assert all(0 < len(payload.data) <= MAX_PAYLOAD for payload in payloads)
    assert [payload.marker for payload in payloads] == [False] * (len(payloads) - 1) + [
        True
    ] * bool(payloads)


@given(st.integers(MAX_PAYLOAD + 1, 200_000))
@settings(max_examples=200, deadline=None)
def test_fragments_are_equally_long_but_for_the_last(size: int) -> None:
    payloads = [payload.data for payload in packetise_h264(START_CODE + nal(5, size))]
    lengths = [len(payload) for payload in payloads]
    assert len(lengths) == -(-(size - 1) // (MAX_PAYLOAD - 2))
    assert set(lengths[:-1]) == {lengths[0]}
    assert 2 < lengths[-1] <= lengths[0]
    assert [payload[1] >> 6 for payload in payloads] == [2, *[0] * (len(payloads) - 2), 1]
    assert {payload[0] for payload in payloads} == {3 << 5 | 28}


@pytest.mark.parametrize("prefix", [b"\x00\x00\x01", b"\x00\x00\x00\x01", b"\x00" * 9 + b"\x01"])
def test_start_codes_of_any_length(prefix: bytes) -> None:
    units = [nal(7, 20), nal(8, 5), nal(5, 4000)]
    stream = b"".join(prefix + unit + b"\x00\x00" for unit in units)
    assert nal_units([payload.data for payload in packetise_h264(stream)]) == units


def test_small_units_share_a_packet() -> None:
    units = [nal(7, 30), nal(8, 4), nal(6, 100), nal(5, 900)]
    [payload] = packetise_h264(join_annexb(units))
    assert payload.marker
    assert payload.data[0] & 0x1F == 24


def test_a_unit_alone_is_not_aggregated() -> None:
    """RFC 6184 section 5.6: it stands as it is."""
    unit = nal(1, 500, importance=2)
    [payload] = packetise_h264(START_CODE + unit)
    assert payload.data == unit


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=2, max_size=6))
def test_an_aggregates_header_is_that_of_its_worst_and_its_most_important_unit(
    units: list[tuple[int, bool]],
) -> None:
    """RFC 6184 section 5.7.1: the highest NRI, and F if any unit has it."""
    nals = [
        bytes([unit[0] | (0x80 if damaged else 0)]) + unit[1:]
        for unit, damaged in ((nal(1, 20, importance), damaged) for importance, damaged in units)
    ]
    [payload] = packetise_h264(join_annexb(nals))
    assert payload.data[0] >> 5 & 3 == max(importance for importance, _ in units)
    assert bool(payload.data[0] & 0x80) == any(damaged for _, damaged in units)


@pytest.mark.parametrize("kind", [0, *range(24, 32)])
def test_units_whose_type_means_something_else_in_rtp_are_left_out(kind: int) -> None:
    """RFC 6184 section 5.2: a unit of type 28 would be read as a fragment."""
    units = [nal(7, 20), nal(kind, 30), nal(5, 3000)]
    payloads = packetise_h264(join_annexb(units))
    assert nal_units([payload.data for payload in payloads]) == [units[0], units[2]]
    assert packetise_h264(START_CODE + nal(kind, 3000)) == []


@pytest.mark.parametrize("stream", [b"", b"\x00" * 50, b"\x00\x00\x01", b"no start code"])
def test_streams_without_units(stream: bytes) -> None:
    assert packetise_h264(stream) == []
