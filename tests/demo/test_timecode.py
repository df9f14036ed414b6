"""The timecode strip: through real encoders, through noise, and bit for bit."""

from __future__ import annotations

from binascii import crc_hqx
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from av.video.reformatter import VideoReformatter
from hypothesis import given
from hypothesis import strategies as st

from relay.demo import timecode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from relay.demo.scene import Camera

NOW = 1_795_363_331_000
times = st.integers(0, (1 << timecode.TIME_BITS) - 1)


def strip(ms: int, width: int = 1280, height: int = 720) -> np.ndarray:
    picture = np.full((height, width), 128, np.uint8)
    timecode.draw(picture, ms)
    return picture


@given(times)
def test_what_is_encoded_is_decoded(ms: int) -> None:
    cells = timecode.encode(ms)
    assert len(cells) == timecode.CELLS
    assert timecode.decode(cells) == ms


@given(times, st.integers(0, timecode.CELLS - 1))
def test_one_wrong_cell_is_noticed(ms: int, where: int) -> None:
    cells = list(timecode.encode(ms))
    cells[where] ^= 1
    assert timecode.decode(tuple(cells)) is None


@given(times, st.sets(st.integers(0, timecode.CELLS - 1), min_size=1, max_size=3))
def test_up_to_three_wrong_cells_are_noticed(ms: int, where: set[int]) -> None:
    cells = list(timecode.encode(ms))
    for cell in where:
        cells[cell] ^= 1
    assert timecode.decode(tuple(cells)) is None


def test_the_format_is_the_documented_one() -> None:
    cells = "".join(map(str, timecode.encode(NOW)))
    assert cells == f"101{0x01A203FE5BB8:042b}{0xB24E:016b}010"
    documented = timecode.__doc__.split("``")[1].replace(" ", "")
    assert cells == documented


def test_the_crc_is_the_standard_one() -> None:
    # CCITT-FALSE is known by its value for the digits 1 to 9.
    digits = int.from_bytes(b"123456789")
    assert crc_hqx(digits.to_bytes(9), 0xFFFF) == 0x29B1


@pytest.mark.parametrize("ms", [-1, 1 << timecode.TIME_BITS])
def test_times_that_do_not_fit_are_refused(ms: int) -> None:
    with pytest.raises(ValueError, match="42 bits"):
        timecode.encode(ms)


@given(
    times,
    st.sampled_from(
        [(426, 240), (427, 241), (640, 360), (854, 480), (960, 540), (1280, 720), (1920, 1080)]
    ),
)
def test_any_size_is_read(ms: int, size: tuple[int, int]) -> None:
    assert timecode.read(strip(ms, *size)) == ms


@given(times, st.floats(0.2, 1.0), st.integers(0, 60), st.booleans())
def test_other_ranges_and_contrasts_are_read(ms: int, gain: float, lift: int, wide: bool) -> None:
    luma = strip(ms, 640, 360).astype(np.float64) * gain + lift
    assert timecode.read(luma * 257 if wide else luma) == ms


@pytest.mark.parametrize(
    "crop", [(0, 3), (3, 0), (2, 2), (0, 8), (8, 0)], ids=lambda crop: f"{crop[0]}-{crop[1]}"
)
def test_a_little_cropping_is_forgiven(crop: tuple[int, int]) -> None:
    picture = strip(NOW)
    assert timecode.read(picture[2:, crop[0] : picture.shape[1] - crop[1]]) == NOW


def test_a_mirrored_or_inverted_strip_is_none() -> None:
    assert timecode.read(strip(NOW)[:, ::-1]) is None
    assert timecode.read(255 - strip(NOW)) is None


def test_pictures_without_a_strip_are_none() -> None:
    for picture in (
        np.zeros((720, 1280), np.uint8),
        np.full((720, 1280), 235, np.uint8),
        np.tile(np.arange(1280) % 256, (720, 1)).astype(np.uint8),
        np.zeros((4, 4), np.uint8),
    ):
        assert timecode.read(picture) is None


def test_noise_is_none() -> None:
    rng = np.random.default_rng(1)
    for _ in range(500):
        assert timecode.read(rng.integers(0, 256, (240, 426), dtype=np.uint8)) is None
    # Black and white bars of the strip's own geometry are the worst that can come.
    for _ in range(20_000):
        bars = rng.integers(0, 2, timecode.CELLS)
        assert timecode.decode(tuple(bars.tolist())) is None
    for _ in range(300):
        bars = np.kron(rng.integers(0, 2, timecode.CELLS) * 255, np.ones(10))
        assert timecode.read(np.tile(bars, (36, 1))) is None


def through_h264(pictures: Iterator[np.ndarray], width: int, height: int) -> list[np.ndarray]:
    """Scale yuv420p pictures to `width` x `height`, encode at 150 kb/s and decode them."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 30), Fraction(30)
    encoder.bit_rate = 150_000
    encoder.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "maxrate": "150000",
        "bufsize": "75000",
    }
    decoder, scaler = av.CodecContext.create("h264", "r"), VideoReformatter()
    packets = []
    for number, picture in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
        small = scaler.reformat(frame, width=width, height=height)
        small.pts, small.time_base = number, Fraction(1, 30)
        packets += encoder.encode(small)
    packets += encoder.encode(None)
    assert sum(packet.size for packet in packets) * 8 < 200_000 * number / 30 + 100_000
    decoded = [frame for packet in [*packets, None] for frame in decoder.decode(packet)]
    return [frame.to_ndarray(format="gray") for frame in decoded]


@pytest.mark.parametrize(
    ("kind", "width", "height"),
    [("helmet", 1280, 720), ("drone", 1280, 720), ("orbit360", 1280, 640)],
)
def test_every_frame_is_read_after_h264_at_240p(
    kind: str, width: int, height: int, camera: Callable[[str, int, int], Camera]
) -> None:
    filmed = camera(kind, width, height)
    small = (round(240 * width / height / 2) * 2, 240)
    stamps = [NOW + number * 1001 // 30 for number in range(90)]

    def pictures() -> Iterator[np.ndarray]:
        for number, ms in enumerate(stamps):
            filmed.frame(200 + number / 30, ms)
            yield filmed.buffer

    decoded = through_h264(pictures(), *small)
    assert [timecode.read(luma) for luma in decoded] == stamps
