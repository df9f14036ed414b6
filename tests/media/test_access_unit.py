"""Pictures from messages, however an encoder cuts them."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.media.access_unit import (
    MAX_AHEAD,
    MAX_NALS,
    AccessUnit,
    AccessUnits,
    is_keyframe,
    recovery_pictures,
)
from relay.media.h264 import (
    NAL_AUD,
    NAL_IDR,
    NAL_PPS,
    NAL_SLICE,
    NAL_SPS,
    AvcConfig,
    join_annexb,
    nal_type,
    split_annexb,
    split_avcc,
)
from tests.support.video import decode_h264, encode_h264

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SPS, PPS = b"\x67\x42\x00\x1f\x95", b"\x68\xce"
SPS_LARGER, PPS_1 = b"\x67\x42\x00\x20\x95", b"\x68\x4e"
"""Another SPS of the same number, and a PPS of another."""
IDR, SLICE = b"\x65\x88\x80", b"\x41\x9a\x02"
IDR_REST, SLICE_REST = b"\x65\x42\x20", b"\x41\x46\x80"
"""Slices behind the first of their pictures."""
SEI = bytes.fromhex("0605101234567812345678123456789abcdef080")
RECOVERY = b"\x06\x06\x01\xc4\x80"


def configured() -> AccessUnits:
    units = AccessUnits()
    units.configure([SPS], [PPS])
    return units


def send(units: AccessUnits, messages: Iterable[tuple[int, list[bytes]]]) -> list[AccessUnit]:
    found = [unit for dts, nals in messages for unit in units.add(nals, dts=dts, offset=0)]
    return [*found, *units.flush()]


def nals_of(units: list[AccessUnit]) -> list[tuple[int, list[bytes]]]:
    return [(unit.dts, split_annexb(unit.payload)) for unit in units]


WHOLE = [(0, [SEI, IDR, IDR_REST]), *((dts, [SLICE, SLICE_REST]) for dts in range(1, 6))]
PICTURES = [(0, [SPS, PPS, SEI, IDR, IDR_REST]), *WHOLE[1:]]
CUTS = {
    "whole": WHOLE,
    "sei": [message for dts, nals in WHOLE for message in ((dts, [SEI]), (dts, nals))],
    "each": [(dts, [nal]) for dts, nals in WHOLE for nal in nals],
    "zero stamps": [(0, nals) for _, nals in WHOLE],
}


@pytest.mark.parametrize("cut", CUTS)
def test_a_picture_comes_out_however_it_is_cut(cut: str):
    found = nals_of(send(configured(), CUTS[cut]))
    if cut == "each":
        assert found[0] == (0, PICTURES[0][1][:-1])  # not known yet to be cut
        found[0] = PICTURES[0]
    expected = {
        "sei": [(dts, [n for n in nals if n != SEI]) for dts, nals in PICTURES],
        "zero stamps": [(0, nals) for _, nals in PICTURES],
    }
    seen = [(dts, [n for n in nals if cut != "sei" or n != SEI]) for dts, nals in found]
    assert seen == expected.get(cut, PICTURES)


def test_an_encoder_that_sends_whole_pictures_is_not_waited_for():
    units = configured()
    came = [[unit.dts for unit in units.add(nals, dts=dts, offset=0)] for dts, nals in WHOLE]
    assert came == [[0], [1], [2], [3], [4], [5]]


def test_an_encoder_that_begins_to_cut_its_pictures_costs_one_of_them():
    units = configured()
    cut = [(dts, [nal]) for dts in range(6, 10) for nal in (SLICE, SLICE_REST, SLICE_REST)]
    found = nals_of(send(units, [*WHOLE, *cut]))
    assert found[6] == (6, [SLICE])
    assert found[7:] == [(dts, [SLICE, SLICE_REST, SLICE_REST]) for dts in range(7, 10)]
    assert units.counters == {"torn": 1, "dropped": 2}


def test_a_picture_keeps_its_times():
    units = configured()
    assert units.add([IDR], dts=5, offset=-3)[0] == AccessUnit(
        5, -3, keyframe=True, payload=join_annexb([SPS, PPS, IDR])
    )


@pytest.mark.parametrize(
    "where", ["header", "keyframe", "first keyframe", "own message", "with a picture"]
)
def test_new_parameter_sets_replace_the_old_ones_wherever_they_come(where: str):
    units = configured()
    units.add([IDR], dts=0, offset=0)
    sets = [SPS_LARGER]
    if where == "header":
        units.configure(sets, [PPS])
    elif where == "own message":
        assert units.add(sets, dts=1, offset=0) == []
    elif where == "with a picture":
        units.add([*sets, SLICE], dts=1, offset=0)
    inside = where in ("keyframe", "first keyframe")
    first = units.add([*(sets if inside else []), IDR], dts=2, offset=0)
    again = units.add([*(sets if where == "keyframe" else []), IDR], dts=3, offset=0)
    for unit in (*first, *again):
        assert split_annexb(unit.payload) == [SPS_LARGER, PPS, IDR]


def test_a_source_may_have_its_parameter_sets_in_its_pictures_only():
    units = AccessUnits()
    assert units.add([IDR], dts=0, offset=0) == []
    assert units.counters == {"no_sets": 1}
    units.configure([], [])
    [unit] = units.add([SPS, PPS, PPS_1, IDR], dts=1, offset=0)
    assert split_annexb(unit.payload) == [SPS, PPS, IDR]  # those that it names
    units.configure([], [])
    assert len(units.add([IDR], dts=2, offset=0)) == 1


def test_a_recovery_point_is_where_decoding_can_begin():
    units = configured()
    [unit] = units.add([RECOVERY, SLICE], dts=0, offset=0)
    assert unit.keyframe
    assert split_annexb(unit.payload) == [SPS, PPS, RECOVERY, SLICE]
    assert not units.add([SEI, SLICE], dts=1, offset=0)[0].keyframe


@pytest.mark.parametrize("options", ["open-gop=1:bframes=2", "intra-refresh=1:bframes=0"])
def test_recovery_points_of_an_encoder_are_seen(options: str):
    packets = encode_h264(64, 64, frames=40, options={"g": "10"}, x264=f"{options}:min-keyint=1")
    pictures = [split_annexb(bytes(packet)) for packet in packets]
    starts = [index for index, nals in enumerate(pictures) if is_keyframe(nals)]
    idr = [i for i, nals in enumerate(pictures) if any(nal_type(n) == NAL_IDR for n in nals)]
    assert idr == [0]
    assert len(starts) >= 3


@pytest.mark.parametrize(
    ("sei", "pictures"),
    [(b"\x06\x06\x01\xc0\x80", 0), (b"\x06\x06\x01\x38\x80", 6), (RECOVERY, 0),
     (b"\x06\x06\x03\x00\x20\x00\x80", 600), (b"\x06\x06\x01\x00\x80", 0),
     (b"\x06\x06\x00\x80", 0)],
)  # fmt: skip
def test_a_recovery_point_tells_when_pictures_are_right(sei: bytes, pictures: int):
    assert recovery_pictures(join_annexb([SPS, PPS, sei, SLICE])) == pictures
    assert recovery_pictures(join_annexb([SPS, PPS, sei, IDR])) == 0
    assert recovery_pictures(join_annexb([SPS, PPS, SLICE])) == 0


def test_delimiters_and_filler_are_left_out():
    units = configured()
    [unit] = units.add([b"\x09\xf0", SLICE, b"\x0c\xff\x80"], dts=0, offset=0)
    assert split_annexb(unit.payload) == [SLICE]
    assert units.add([b"\x09\xf0"], dts=1, offset=0) == []


def test_what_is_kept_for_a_picture_is_bounded():
    units = configured()
    for _ in range(3 * MAX_AHEAD):
        units.add([SEI], dts=0, offset=0)
    assert units.counters["dropped"] == 2 * MAX_AHEAD
    [unit] = units.add([IDR] + [IDR_REST] * 2 * MAX_NALS, dts=0, offset=0)
    nals = split_annexb(unit.payload)
    assert len(nals) == 2 + MAX_NALS
    assert nals.count(IDR) == 1


def count_slices(nals: Iterable[bytes]) -> int:
    return sum(NAL_SLICE <= nal_type(nal) <= NAL_IDR for nal in nals)


NALS = st.sampled_from([SEI, RECOVERY, IDR, IDR_REST, SLICE, SLICE_REST, SPS, PPS])


@given(st.lists(st.tuples(st.integers(0, 3), st.lists(NALS, max_size=6)), max_size=40))
def test_whatever_comes_each_slice_comes_out_or_is_counted(
    messages: list[tuple[int, list[bytes]]],
):
    units = configured()
    out = send(units, messages)
    ahead = count_slices(nal for unit in out for nal in split_annexb(unit.payload))
    dropped = units.counters["dropped"]
    sent = sum(count_slices(nals) for _, nals in messages)
    assert sent - dropped <= ahead <= sent


@given(st.lists(st.tuples(st.integers(0, 4), st.lists(st.binary(min_size=1, max_size=9)))))
def test_no_bytes_are_an_error(messages: list[tuple[int, list[bytes]]]):
    send(AccessUnits(), messages)


@pytest.mark.parametrize("slices", [1, 4])
@pytest.mark.parametrize("cut", [False, True])
def test_an_encoders_stream_decodes_after_it(slices: int, cut: bool):
    packets = encode_h264(
        128, 128, frames=20, options={"g": "10"}, x264=f"slices={slices}:bframes=0"
    )
    messages = [(index, split_annexb(bytes(packet))) for index, packet in enumerate(packets)]
    if cut:
        messages = [(dts, [nal]) for dts, nals in messages for nal in nals]
    found = send(AccessUnits(), messages)
    assert [unit.dts for unit in found] == list(range(20))
    assert [unit.keyframe for unit in found] == [index % 10 == 0 for index in range(20)]
    assert len(decode_h264(unit.payload for unit in found)) == 20


def test_a_real_clip_becomes_an_annexb_stream_that_decodes(clip: Path):
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        config = AvcConfig.parse(bytes(stream.codec_context.extradata))
        packets = [p for p in container.demux(stream) if p.dts is not None][:30]
    units = AccessUnits()
    units.configure(config.sps, config.pps)
    messages = [(index, split_avcc(bytes(p), 4)[0]) for index, p in enumerate(packets)]
    found = send(units, messages)
    assert [unit.keyframe for unit in found] == [packet.is_keyframe for packet in packets]
    types = [kind for kind, _ in groupby(map(nal_type, split_annexb(found[0].payload)))]
    assert types[:2] == [NAL_SPS, NAL_PPS]
    assert NAL_IDR in types
    assert NAL_AUD not in types
    assert len(decode_h264(unit.payload for unit in found)) == 30
