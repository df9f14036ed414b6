"""What a sequence parameter set of H.264 says (ITU-T H.264), and the cropping put into it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from relay.errors import MediaError
from relay.media.bits import Bits, unescape
from relay.media.h264 import NAL_SPS, nal_type


@dataclass(frozen=True, slots=True)
class Sps:
    """What the relay needs of a sequence parameter set (H.264 section 7.3.2.1.1)."""

    profile: int
    """profile_idc: 66 Baseline, 77 Main, 100 High."""
    constraints: int
    """The constraint_set flags' byte."""
    level: int
    """level_idc: ten times the level."""
    width: int
    """Cropped width, pixels."""
    height: int
    """Cropped height, pixels."""
    fps: float | None
    """Frames a second where the VUI tells."""
    max_reorder: int | None
    """max_num_reorder_frames where the VUI tells; 0 means that there are no B-frames."""
    pixel_aspect: tuple[int, int] = (1, 1)
    """Width and height of a pixel; square where the VUI says nothing."""
    interlaced: bool = False
    """Whether pictures may be coded as fields (frame_mbs_only_flag is 0)."""

    @property
    def codec_string(self) -> str:
        """The RFC 6381 name, such as avc1.42E01F."""
        return f"avc1.{self.profile:02X}{self.constraints:02X}{self.level:02X}"


_EXTENDED_SAR: Final = 255
_ASPECTS: Final = {
    2: (12, 11),
    3: (10, 11),
    4: (16, 11),
    5: (40, 33),
    6: (24, 11),
    7: (20, 11),
    8: (32, 11),
    9: (80, 33),
    10: (18, 11),
    11: (15, 11),
    12: (64, 33),
    13: (160, 99),
    14: (4, 3),
    15: (3, 2),
    16: (2, 1),
}
_HIGH_PROFILES: Final = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})


def _ue_bits(value: int) -> str:
    code = f"{value + 1:b}"
    return "0" * (len(code) - 1) + code


@dataclass(frozen=True, slots=True)
class _Frame:
    """An SPS up to its cropping, which is read as well."""

    width: int
    height: int
    fields: int
    unit_x: int
    unit_y: int
    cropping_at: int
    crop: tuple[int, int, int, int]


def _read_frame(bits: Bits, profile: int) -> _Frame:
    bits.ue()  # seq_parameter_set_id
    chroma = 1
    separate_planes = False
    if profile in _HIGH_PROFILES:
        chroma = bits.ue()
        if chroma == 3:
            separate_planes = bits.flag()
        _skip_high(bits, chroma)
    bits.ue()  # log2_max_frame_num_minus4
    _skip_order_count(bits)
    bits.ue()  # max_num_ref_frames
    bits.flag()  # gaps_in_frame_num_value_allowed_flag
    width_mbs = bits.ue() + 1
    height_units = bits.ue() + 1
    fields = 1 if bits.flag() else 2  # frame_mbs_only_flag
    if fields == 2:
        bits.flag()  # mb_adaptive_frame_field_flag
    bits.flag()  # direct_8x8_inference_flag
    at = bits.position
    crop = (bits.ue(), bits.ue(), bits.ue(), bits.ue()) if bits.flag() else (0, 0, 0, 0)
    return _Frame(
        width=width_mbs * 16,
        height=height_units * 16 * fields,
        fields=fields,
        unit_x=2 if chroma in (1, 2) and not separate_planes else 1,
        unit_y=(2 if chroma == 1 and not separate_planes else 1) * fields,
        cropping_at=at,
        crop=crop,
    )


def _rbsp(nal: bytes) -> bytes:
    if len(nal) < 4 or nal_type(nal) != NAL_SPS:
        raise MediaError("not an H.264 sequence parameter set")
    return unescape(nal[4:])


def parse_sps(nal: bytes) -> Sps:
    """Read a sequence parameter set NAL unit.

    Raises:
        MediaError: it is truncated, or describes no picture.
    """
    bits = Bits(_rbsp(nal))
    frame = _read_frame(bits, nal[1])
    left, right, top, bottom = frame.crop
    width = frame.width - (left + right) * frame.unit_x
    height = frame.height - (top + bottom) * frame.unit_y
    if not 0 < width <= 16384 or not 0 < height <= 16384:
        raise MediaError(f"H.264 picture of {width}×{height}")
    interlaced = frame.fields == 2
    if not bits.flag():  # vui_parameters_present_flag
        return Sps(nal[1], nal[2], nal[3], width, height, None, None, interlaced=interlaced)
    aspect = _aspect(bits)
    fps, reorder = _vui_after_aspect(bits)
    return Sps(nal[1], nal[2], nal[3], width, height, fps, reorder, aspect, interlaced)


def crop_sps(nal: bytes, width: int, height: int) -> bytes:
    """The SPS with its picture cropped on the right and at the bottom to `width` × `height` pixels.

    Cameras that leave the cropping to their container (GoPro's 854 columns are coded as 864) need
    this where there is none. An SPS whose picture is not that of a container with such a size, give
    or take the macroblocks at its edges, is returned as it is.

    Raises:
        MediaError: it is truncated, or describes no picture.
    """
    data = _rbsp(nal)
    bits = Bits(data)
    frame = _read_frame(bits, nal[1])
    spare_x, spare_y = frame.width - width, frame.height - height
    if (
        any(frame.crop)
        or not 0 <= spare_x < 16
        or not 0 <= spare_y < 16 * frame.fields
        or spare_x % frame.unit_x
        or spare_y % frame.unit_y
        or not (spare_x or spare_y)
    ):
        return nal
    digits = f"{int.from_bytes(data, 'big'):0{8 * len(data)}b}"
    crop = (0, spare_x // frame.unit_x, 0, spare_y // frame.unit_y)
    digits = (
        digits[: frame.cropping_at]
        + "1"
        + "".join(map(_ue_bits, crop))
        + digits[bits.position :].rstrip("0")  # what follows the stop bit is padding
    )
    digits += "0" * (-len(digits) % 8)
    body = int(digits, 2).to_bytes(len(digits) // 8, "big")
    return nal[:4] + re.sub(rb"\x00\x00(?=[\x00-\x03])", b"\x00\x00\x03", body)


def _skip_high(bits: Bits, chroma: int) -> None:
    bits.ue()  # bit_depth_luma_minus8
    bits.ue()  # bit_depth_chroma_minus8
    bits.flag()  # qpprime_y_zero_transform_bypass_flag
    if not bits.flag():  # seq_scaling_matrix_present_flag
        return
    for index in range(8 if chroma != 3 else 12):
        if not bits.flag():
            continue
        last, following = 8, 8
        for _ in range(16 if index < 6 else 64):
            if following:
                following = (last + bits.se()) % 256
            last = following or last


def _skip_order_count(bits: Bits) -> None:
    kind = bits.ue()  # pic_order_cnt_type
    if kind == 0:
        bits.ue()  # log2_max_pic_order_cnt_lsb_minus4
    elif kind == 1:
        bits.flag()  # delta_pic_order_always_zero_flag
        bits.se()  # offset_for_non_ref_pic
        bits.se()  # offset_for_top_to_bottom_field
        cycle = bits.ue()
        if cycle > 255:
            raise MediaError("H.264 parameter set holds an impossible number")
        for _ in range(cycle):
            bits.se()


def _aspect(bits: Bits) -> tuple[int, int]:
    """Sample aspect ratio, with which VUI parameters begin (H.264 table E-1)."""
    if not bits.flag():  # aspect_ratio_info_present_flag
        return 1, 1
    code = bits.u(8)
    known = (bits.u(16), bits.u(16)) if code == _EXTENDED_SAR else _ASPECTS.get(code, (1, 1))
    return (1, 1) if known[0] == known[1] or 0 in known else known


def _vui_after_aspect(bits: Bits) -> tuple[float | None, int | None]:
    """Frame rate and reorder depth of VUI parameters (H.264 annex E.1.1)."""
    if bits.flag():  # overscan_info_present_flag
        bits.flag()
    if bits.flag():  # video_signal_type_present_flag
        bits.u(4)
        if bits.flag():  # colour_description_present_flag
            bits.u(24)
    if bits.flag():  # chroma_loc_info_present_flag
        bits.ue()
        bits.ue()
    fps = None
    if bits.flag():  # timing_info_present_flag
        tick, scale = bits.u(32), bits.u(32)
        bits.flag()  # fixed_frame_rate_flag
        if tick:
            fps = scale / (2 * tick)
    nal_hrd = bits.flag()
    if nal_hrd:
        _skip_hrd(bits)
    vcl_hrd = bits.flag()
    if vcl_hrd:
        _skip_hrd(bits)
    if nal_hrd or vcl_hrd:
        bits.flag()  # low_delay_hrd_flag
    bits.flag()  # pic_struct_present_flag
    if not bits.flag():  # bitstream_restriction_flag
        return fps, None
    bits.flag()  # motion_vectors_over_pic_boundaries_flag
    for _ in range(4):
        bits.ue()  # max_bytes_per_pic_denom … log2_max_mv_length_vertical
    return fps, bits.ue()


def _skip_hrd(bits: Bits) -> None:
    count = bits.ue() + 1
    if count > 32:
        raise MediaError("H.264 parameter set holds an impossible number")
    bits.u(8)
    for _ in range(count):
        bits.ue()
        bits.ue()
        bits.flag()
    bits.u(20)
