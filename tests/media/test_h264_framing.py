"""H.264 access units: Annex B, AVCC and the configuration record."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import MediaError
from relay.media.h264 import (
    AvcConfig,
    join_annexb,
    nal_type,
    split_annexb,
    split_avcc,
)

SPS, PPS, IDR, SLICE = b"\x67\x42\x00\x1f", b"\x68\xce", b"\x65\x88\x80", b"\x41\x9a\x02"

# What can stand between start codes: nothing in it looks like one, and it does not end in zeros.
nals = st.binary(min_size=1, max_size=40).map(
    lambda data: (data.replace(b"\x00\x00", b"\x00\x07").rstrip(b"\x00")) or b"\x01"
)


def avcc(*units: bytes, length_size: int = 4) -> bytes:
    return b"".join(len(unit).to_bytes(length_size, "big") + unit for unit in units)


def record(
    *, length_size: int = 4, sps: tuple[bytes, ...] = (SPS,), pps: tuple[bytes, ...] = (PPS,)
) -> bytes:
    head = bytes((1, 0x42, 0, 0x1F, 0xFC | length_size - 1, 0xE0 | len(sps)))
    sets = b"".join(len(each).to_bytes(2, "big") + each for each in sps)
    return (
        head
        + sets
        + bytes((len(pps),))
        + b"".join(len(each).to_bytes(2, "big") + each for each in pps)
    )


@given(st.lists(nals, max_size=8))
def test_annexb_round_trip(units: list[bytes]):
    assert split_annexb(join_annexb(units)) == units


@given(st.lists(nals, min_size=1, max_size=5), st.lists(st.booleans(), min_size=5, max_size=5))
def test_start_codes_may_be_short_and_padded(units: list[bytes], short: list[bool]):
    stream = b"".join(
        (b"\x00\x00\x01" if brief else b"\x00\x00\x00\x00\x01") + unit + b"\x00" * brief
        for unit, brief in zip(units, short, strict=False)
    )
    assert split_annexb(stream) == units[: len(short)]


def test_bytes_before_the_first_start_code_are_not_a_nal_unit():
    assert split_annexb(b"\x12\x34\x00\x00\x01\x65\x88") == [b"\x65\x88"]
    assert split_annexb(b"") == []
    assert split_annexb(b"\x00\x00\x01") == []


@given(st.binary(max_size=300))
def test_any_bytes_can_be_split(data: bytes):
    for unit in split_annexb(data):
        assert unit
        nal_type(unit)


@given(st.sampled_from([1, 2, 4]), st.lists(st.binary(min_size=1, max_size=60), max_size=6))
def test_avcc_round_trip(length_size: int, units: list[bytes]):
    assert split_avcc(avcc(*units, length_size=length_size), length_size) == (units, 0)


@given(st.sampled_from([1, 2, 4]), st.binary(max_size=80))
def test_any_bytes_are_nal_units_and_a_rest(length_size: int, data: bytes):
    units, rest = split_avcc(data, length_size)
    assert all(units)
    assert sum(len(unit) + length_size for unit in units) <= len(data) - rest


@pytest.mark.parametrize("cut", [1, 2, 3, 5, 6])
def test_of_avcc_that_is_cut_off_the_whole_nal_units_are_kept(cut: int):
    assert split_avcc(avcc(SLICE) + avcc(IDR)[:cut], 4) == ([SLICE], cut)


@given(
    st.sampled_from([1, 2, 4]),
    st.lists(st.binary(min_size=1, max_size=50), min_size=1, max_size=31),
    st.lists(st.binary(min_size=1, max_size=50), min_size=1, max_size=40),
)
def test_configuration_round_trip(length_size: int, sps: list[bytes], pps: list[bytes]):
    config = AvcConfig.parse(record(length_size=length_size, sps=tuple(sps), pps=tuple(pps)))
    assert config == AvcConfig(length_size, tuple(sps), tuple(pps))


@given(st.one_of(st.binary(max_size=60), st.binary(max_size=50).map(lambda b: b"\x01" + b)))
def test_any_bytes_are_a_configuration_or_an_error(data: bytes):
    try:
        config = AvcConfig.parse(data)
    except MediaError:
        return
    assert all(config.sps + config.pps)


def test_a_configuration_that_is_cut_off_is_an_error():
    whole = record()
    for cut in range(len(whole)):
        with pytest.raises(MediaError):
            AvcConfig.parse(whole[:cut])


@pytest.mark.parametrize("wrong", [record(length_size=3), b"\x00" + record()[1:], record()[:6]])
def test_configurations_that_cannot_be_used_are_refused(wrong: bytes):
    with pytest.raises(MediaError):
        AvcConfig.parse(wrong)


def test_a_record_may_leave_the_sets_to_the_pictures():
    assert AvcConfig.parse(record(sps=(), pps=())) == AvcConfig(4, (), ())


def test_what_follows_the_sets_is_ignored():
    assert AvcConfig.parse(record() + b"\xfc\xf8\xf8\x00").pps == (PPS,)
