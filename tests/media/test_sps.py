"""What a sequence parameter set says, and the cropping that is put into it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import av
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from relay.errors import MediaError
from relay.media.access_unit import AccessUnits
from relay.media.h264 import NAL_SPS, AvcConfig, join_annexb, nal_type, split_avcc
from relay.media.h264 import split_annexb as split
from relay.media.sps import crop_sps, parse_sps
from tests.support.sps import HIGH, Fields, Hrd, Vui
from tests.support.video import decode_h264, encode_h264

if TYPE_CHECKING:
    from pathlib import Path

GOPRO = bytes.fromhex(
    "274d401f9a6406c1ed80b7010101400002eec000afc83a18009890002625aef2e3430013120004c4b5de5c3b844228"
)

vuis = st.builds(
    Vui,
    sar=st.none() | st.tuples(st.integers(0, 65535), st.integers(0, 65535)),
    colour=st.booleans(),
    ticks=st.none() | st.tuples(st.integers(1, 1001), st.sampled_from([1, 50, 60_000, 120_000])),
    hrd=st.none() | st.builds(Hrd, st.integers(1, 32)),
    reorder=st.none() | st.integers(0, 16),
)
sets = st.builds(
    Fields,
    profile=st.sampled_from([66, 77, 88, *sorted(HIGH)]),
    constraints=st.sampled_from([0, 0x40, 0xC0]),
    level=st.integers(9, 62),
    chroma=st.integers(0, 3),
    separate_planes=st.booleans(),
    scaling=st.booleans(),
    order=st.integers(0, 2),
    cycle=st.integers(0, 255),
    width_mbs=st.integers(1, 512),
    height_units=st.integers(1, 256),
    interlaced=st.booleans(),
    vui=st.none() | vuis,
)


def units_of(fields: Fields) -> tuple[int, int]:
    """CropUnitX and CropUnitY (H.264 equations 7-19 to 7-22)."""
    chroma = fields.chroma if fields.profile in HIGH else 1
    planes = chroma == 0 or (chroma == 3 and fields.separate_planes)
    fields_per_frame = 2 if fields.interlaced else 1
    if planes:
        return 1, fields_per_frame
    return (1 if chroma == 3 else 2), (2 if chroma == 1 else 1) * fields_per_frame


def coded_size(fields: Fields) -> tuple[int, int]:
    return fields.width_mbs * 16, fields.height_units * 16 * (2 if fields.interlaced else 1)


@given(sets, st.tuples(*[st.integers(0, 3)] * 4))
def test_every_field_is_read(fields: Fields, crop: tuple[int, int, int, int]):
    unit_x, unit_y = units_of(fields)
    cropped = Fields(**{**vars(fields), "crop": crop})
    width, height = coded_size(fields)

    found = parse_sps(cropped.nal())

    assert found.width == width - (crop[0] + crop[1]) * unit_x
    assert found.height == height - (crop[2] + crop[3]) * unit_y
    assert (found.profile, found.constraints, found.level) == (
        fields.profile,
        fields.constraints,
        fields.level,
    )
    vui = fields.vui or Vui()
    assert found.max_reorder == vui.reorder
    is_square = vui.sar is None or 0 in vui.sar or vui.sar[0] == vui.sar[1]
    assert found.pixel_aspect == ((1, 1) if is_square else vui.sar)
    assert found.fps == (None if vui.ticks is None else vui.ticks[1] / (2 * vui.ticks[0]))


@given(sets, st.integers(0, 15), st.integers(0, 31))
def test_cropping_changes_the_size_and_nothing_else(fields: Fields, spare_x: int, spare_y: int):
    unit_x, unit_y = units_of(fields)
    width, height = coded_size(fields)
    spare_x, spare_y = spare_x // unit_x * unit_x, spare_y // unit_y * unit_y
    assume(spare_x or spare_y)
    assume(spare_y < (32 if fields.interlaced else 16) and spare_x < width and spare_y < height)
    nal = fields.nal()

    cropped = crop_sps(nal, width - spare_x, height - spare_y)

    crop = (0, spare_x // unit_x, 0, spare_y // unit_y)
    assert cropped == Fields(**{**vars(fields), "crop": crop}).nal()


@given(sets, st.integers(1, 9000), st.integers(1, 9000))
def test_a_size_of_another_picture_changes_nothing(fields: Fields, width: int, height: int):
    coded = coded_size(fields)
    edge = 32 if fields.interlaced else 16
    assume(not (0 <= coded[0] - width < 16 and 0 <= coded[1] - height < edge))
    assert crop_sps(fields.nal(), width, height) == fields.nal()


@pytest.mark.parametrize(
    ("interlaced", "height", "cropped"),
    [(False, 1073, False), (False, 1074, True), (False, 1072, False), (False, 1060, False),
     (True, 1060, True), (True, 1056, False)],
)  # fmt: skip
def test_no_more_is_cropped_than_the_last_macroblocks(interlaced: bool, height: int, cropped: bool):
    fields = Fields(width_mbs=120, height_units=34 if interlaced else 68, interlaced=interlaced)
    assert (crop_sps(fields.nal(), 1920, height) != fields.nal()) == cropped


@given(sets)
def test_a_set_that_is_cropped_already_changes_no_more(fields: Fields):
    nal = Fields(**{**vars(fields), "crop": (0, 1, 0, 0)}).nal()
    width, height = coded_size(fields)
    assert crop_sps(nal, width - 2, height) == nal


@given(st.binary(max_size=100))
def test_any_bytes_are_a_set_or_an_error(data: bytes):
    for nal in (data, b"\x67" + data, b"\x67\x64\x00\x1f" + data):
        try:
            found = parse_sps(nal)
        except MediaError:
            continue
        assert 0 < found.width <= 16384
        assert 0 < found.height <= 16384
        crop_sps(nal, found.width, found.height)


@given(sets, st.data())
def test_a_damaged_set_is_a_set_or_an_error(fields: Fields, data: st.DataObject):
    nal = bytearray(fields.nal())
    nal[data.draw(st.integers(0, len(nal) - 1))] ^= data.draw(st.integers(1, 255))
    damaged = bytes(nal[: data.draw(st.integers(0, len(nal)))])
    for work in (parse_sps, lambda sps: crop_sps(sps, 854, 480)):
        try:
            work(damaged)
        except MediaError:
            continue


def test_emulation_prevention_is_read_and_written():
    # One tick a second in 32 bits each is full of zeros: 00 00 00 01 00 00 00 02.
    fields = Fields(vui=Vui(ticks=(1, 2)), width_mbs=54, height_units=30)
    nal = fields.nal()
    assert b"\x00\x00\x03" in nal

    cropped = crop_sps(nal, 854, 480)

    assert parse_sps(cropped).fps == 1.0
    assert (parse_sps(cropped).width, parse_sps(cropped).height) == (854, 480)
    assert not re.search(rb"\x00\x00[\x00-\x02]", cropped)


def test_the_gopros_set():
    found = parse_sps(GOPRO)
    assert (found.width, found.height) == (864, 480)
    assert found.codec_string == "avc1.4D401F"
    assert found.fps == pytest.approx(29.97, abs=0.01)
    cropped = parse_sps(crop_sps(GOPRO, 854, 480))
    assert (cropped.width, cropped.height) == (854, 480)
    assert (cropped.fps, cropped.max_reorder) == (found.fps, found.max_reorder)


def with_cropped_sets(unit: bytes, width: int, height: int) -> bytes:
    return join_annexb(
        crop_sps(nal, width, height) if nal_type(nal) == NAL_SPS else nal for nal in split(unit)
    )


@pytest.mark.parametrize(
    ("coded", "wanted"),
    [
        ((64, 64), (62, 64)),
        ((64, 64), (64, 50)),
        ((864, 480), (854, 480)),
        ((1920, 1088), (1920, 1080)),
        ((480, 864), (480, 854)),
        ((32, 32), (18, 18)),
    ],
)
@pytest.mark.parametrize(
    ("pix_fmt", "x264"),
    [("yuv420p", ""), ("yuv420p", "interlaced=1"), ("yuv422p", ""), ("yuv444p", "")],
)
def test_ffmpeg_sees_the_size_that_was_put_in(
    coded: tuple[int, int], wanted: tuple[int, int], pix_fmt: str, x264: str
):
    (unit,) = [bytes(p) for p in encode_h264(*coded, pix_fmt=pix_fmt, x264=x264)]
    (before,) = decode_h264([unit])
    sps = parse_sps(next(nal for nal in split(unit) if nal_type(nal) == NAL_SPS))
    assert (sps.width, sps.height) == (before.width, before.height) == coded

    (after,) = decode_h264([with_cropped_sets(unit, *wanted)])

    if x264 and wanted[1] % 4:
        wanted = coded  # interlaced pictures are cropped by four rows at a time
    assert (after.width, after.height) == wanted


@pytest.mark.parametrize("size", [(16, 16), (18, 34), (64, 48), (854, 480), (1280, 720)])
@pytest.mark.parametrize("profile", ["baseline", "main", "high"])
def test_an_encoders_set_says_what_the_encoder_was_told(size: tuple[int, int], profile: str):
    options = {"profile": profile, "preset": "veryfast"}
    packets = encode_h264(*size, frames=1, fps=25, options=options)
    nals = split(bytes(packets[0]))
    found = parse_sps(next(nal for nal in nals if nal_type(nal) == NAL_SPS))
    assert (found.width, found.height) == size
    assert found.fps == pytest.approx(25)
    assert found.profile == {"baseline": 66, "main": 77, "high": 100}[profile]
    if profile == "baseline":
        assert found.max_reorder == 0


def test_a_real_clip_gets_the_size_of_its_container(clip: Path):
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        config = AvcConfig.parse(bytes(stream.codec_context.extradata))
        size = (stream.width, stream.height)
        packets = [p for p in container.demux(stream) if p.dts is not None][:10]
        gather = AccessUnits()
        gather.configure(config.sps, config.pps)
        nals = [split_avcc(bytes(packet), config.length_size)[0] for packet in packets]
        units = [unit for each in nals for unit in gather.add(each, dts=0, offset=0)]

    frames = decode_h264(with_cropped_sets(unit.payload, *size) for unit in units)

    assert {(frame.width, frame.height) for frame in frames} == {size}
    assert size == (854, 480)
