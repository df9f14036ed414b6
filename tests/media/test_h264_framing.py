"""H.264 access units: Annex B, AVCC and the configuration record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import MediaError
from relay.media.h264 import (
    NAL_AUD,
    NAL_IDR,
    NAL_PPS,
    NAL_SPS,
    AvcConfig,
    is_keyframe,
    join_annexb,
    nal_type,
    split_annexb,
    split_avcc,
)
from tests.support.video import decode_h264, encode_h264

if TYPE_CHECKING:
    from pathlib import Path

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
    assert list(split_avcc(avcc(*units, length_size=length_size), length_size)) == units


@given(st.sampled_from([1, 2, 4]), st.binary(max_size=80))
def test_any_bytes_are_nal_units_or_an_error(length_size: int, data: bytes):
    try:
        units = list(split_avcc(data, length_size))
    except MediaError:
        return
    assert all(units)
    assert sum(len(unit) + length_size for unit in units) <= len(data)


@pytest.mark.parametrize("cut", [1, 2, 3, 5, 6])
def test_avcc_that_is_cut_off_is_an_error(cut: int):
    with pytest.raises(MediaError):
        list(split_avcc(avcc(IDR)[:cut], 4))


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
    assert config.sps
    assert config.pps


def test_a_configuration_that_is_cut_off_is_an_error():
    whole = record()
    for cut in range(len(whole)):
        with pytest.raises(MediaError):
            AvcConfig.parse(whole[:cut])


@pytest.mark.parametrize(
    "wrong", [record(length_size=3), record(sps=()), record(pps=()), b"\x00" + record()[1:]]
)
def test_configurations_that_cannot_be_used_are_refused(wrong: bytes):
    with pytest.raises(MediaError):
        AvcConfig.parse(wrong)


def test_what_follows_the_sets_is_ignored():
    assert AvcConfig.parse(record() + b"\xfc\xf8\xf8\x00").pps == (PPS,)


CONFIG = AvcConfig.parse(record())


def test_keyframes_get_the_parameter_sets():
    payload, keyframe = CONFIG.to_annexb(avcc(IDR))
    assert keyframe
    assert split_annexb(payload) == [SPS, PPS, IDR]


def test_parameter_sets_that_come_along_are_not_doubled():
    payload, _ = CONFIG.to_annexb(avcc(b"\x67\x64", b"\x68\x01", IDR))
    assert split_annexb(payload) == [b"\x67\x64", b"\x68\x01", IDR]


def test_an_sps_that_comes_alone_gets_the_pps():
    payload, _ = CONFIG.to_annexb(avcc(SPS, IDR))
    assert split_annexb(payload) == [SPS, PPS, IDR]


def test_other_pictures_stay_as_they_are():
    assert CONFIG.to_annexb(avcc(SLICE)) == (join_annexb([SLICE]), False)


def test_delimiters_and_filler_are_left_out():
    payload, keyframe = CONFIG.to_annexb(avcc(b"\x09\xf0", SLICE, b"\x0c\xff\x80"))
    assert (split_annexb(payload), keyframe) == ([SLICE], False)
    assert CONFIG.to_annexb(avcc(b"\x09\xf0")) == (b"", False)


def test_a_real_clip_becomes_an_annexb_stream_that_decodes(clip: Path):
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        config = AvcConfig.parse(bytes(stream.codec_context.extradata))
        packets = [p for p in container.demux(stream) if p.dts is not None][:30]
        found = [config.to_annexb(bytes(packet)) for packet in packets]
    assert [keyframe for _, keyframe in found] == [packet.is_keyframe for packet in packets]
    types = [nal_type(unit) for unit in split_annexb(found[0][0])]
    assert types[:2] == [NAL_SPS, NAL_PPS]
    assert NAL_IDR in types
    assert NAL_AUD not in types
    assert len(decode_h264(payload for payload, _ in found)) == 30


def test_keyframes_of_an_encoder_are_seen():
    packets = encode_h264(64, 64, frames=10, options={"g": "5", "bf": "0"})
    seen = [is_keyframe(split_annexb(bytes(packet))) for packet in packets]
    assert seen == [packet.is_keyframe for packet in packets]
    assert sum(seen) == 2
