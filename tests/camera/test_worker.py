"""A worker on a real bus, with real pictures and sound: what it makes of them."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from relay.camera.keyframes import KEYFRAME_EVERY
from relay.media import h264
from relay.media.codecs import Codec, Kind
from relay.media.ladder import SOUND
from relay.media.sps import parse_sps
from relay.media.timebase import VIDEO_CLOCK
from relay.media.unit import Unit
from tests.support.camera import FRAME, pictures, repeated, sending, sounds, together, working
from tests.support.ingest import listening
from tests.support.video import decode_h264, decode_sound
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from tests.support.ingest import Listener

pytestmark = pytest.mark.parametrize("store_kind", ["valkey"], indirect=True)

OPUS_PACKET = VIDEO_CLOCK // 50


def assert_webrtc_can_carry(units: list[Unit], size: tuple[int, int] | None = None) -> None:
    """Constrained baseline in one slice, shown in the order in which it comes, in this size."""
    assert units[0].keyframe
    for unit in units:
        assert unit.codec is Codec.H264
        assert unit.pts == unit.dts
        nals = h264.split_annexb(unit.payload)
        kinds = [h264.nal_type(nal) for nal in nals]
        assert unit.keyframe is (h264.NAL_IDR in kinds)
        assert sum(kind in {1, 5} for kind in kinds) == 1
        if unit.keyframe:
            assert {h264.NAL_SPS, h264.NAL_PPS} <= set(kinds)
            sps = parse_sps(next(n for n in nals if h264.nal_type(n) == h264.NAL_SPS))
            assert size in (None, (sps.width, sps.height))
            assert sps.profile == 66
    times = [unit.pts for unit in units]
    assert all(after > before for before, after in itertools.pairwise(times))
    assert len(decode_h264(unit.payload for unit in units)) == len(units)


def assert_sound_is_whole(units: list[Unit]) -> None:
    """Packets of 20 ms each, without a gap."""
    steps = [after.pts - before.pts for before, after in itertools.pairwise(units)]
    assert steps
    # Time stamps of 48 kHz, rounded to 90 kHz.
    assert set(steps) <= {OPUS_PACKET - 1, OPUS_PACKET, OPUS_PACKET + 1}


def sizes(units: list[Unit]) -> list[tuple[int, int]]:
    """The sizes of pictures, each as often as it begins."""
    found: list[tuple[int, int]] = []
    for unit in units:
        for nal in h264.split_annexb(unit.payload):
            if h264.nal_type(nal) == h264.NAL_SPS:
                sps = parse_sps(nal)
                if found[-1:] != [(sps.width, sps.height)]:
                    found.append((sps.width, sps.height))
    return found


def noisy(width: int, height: int, *, frames: int) -> list[Unit]:
    """Pictures of nothing but noise, 30 a second."""
    rng = np.random.default_rng(3)
    context = VideoCodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.time_base, context.framerate = Fraction(1, 30), Fraction(30)
    context.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "x264-params": "keyint=30:bframes=0:crf=38:log=none",
    }
    packets = []
    for number in range(frames):
        noise = rng.integers(0, 255, (height * 3 // 2, width), np.uint8)
        frame = VideoFrame.from_ndarray(noise, format="yuv420p")
        frame.pts = number
        packets += context.encode(frame)
    return [
        Unit(Codec.H264, number * FRAME, number * FRAME, 0, packet.is_keyframe, bytes(packet))
        for number, packet in enumerate(packets)
    ]


def keyframes(heard: Listener) -> list[int]:
    return [unit.pts for unit in heard.pictures if unit.keyframe]


async def test_the_default_ladder(store: Redis, store_url: str, hd: list[Unit], stereo: list[Unit]):
    async with (
        listening(store_url, "helmet", "720p") as top,
        listening(store_url, "helmet", "480p") as middle,
        listening(store_url, "helmet", "240p") as low,
        listening(store_url, "helmet", SOUND) as sound,
        sending(store) as camera,
        working(store_url, camera) as worker,
    ):
        await camera.send(together(hd, stereo))
        ladder = await camera.ladder("720p", "480p", "240p", sound=True)
        sizes = [(rung.width, rung.height) for rung in ladder.video]
        assert sizes == [(1280, 720), (854, 480), (426, 240)]
        assert [rung.fps for rung in ladder.video] == [pytest.approx(30, rel=0.01)] * 3
        for heard, size in zip((top, middle, low), sizes, strict=True):
            await heard.until(len(hd) - 8)
            assert_webrtc_can_carry(heard.pictures, size)
        # Keyframes stand on the same pictures, at most 2 s apart.
        assert len(keyframes(top)) >= 2
        assert keyframes(top) == keyframes(middle) == keyframes(low)
        steps = [b - a for a, b in itertools.pairwise(keyframes(top))]
        assert all(step <= KEYFRAME_EVERY + FRAME for step in steps)
        assert worker.counters["damaged"] == 0
    assert_sound_is_whole(sound.sounds)
    frames = decode_sound("opus", [unit.payload for unit in sound.sounds])
    assert {(frame.sample_rate, frame.layout.name) for frame in frames} == {(48_000, "stereo")}
    # Each unit knows when it was captured.
    for unit in [*top.pictures, *sound.sounds]:
        assert abs(unit.captured_us - unit.pts * 100 // 9) < 50_000


@pytest.mark.parametrize(
    ("size", "rungs"),
    [((854, 480), ("480p", "240p")), ((320, 180), ("180p",)), ((480, 640), ("480p", "240p"))],
)
async def test_rungs_above_the_source_are_left_out(
    size: tuple[int, int], rungs: tuple[str, ...], store: Redis, store_url: str
):
    source = pictures(*size, frames=20)
    async with (
        listening(store_url, "helmet", rungs[0]) as top,
        sending(store) as camera,
        working(store_url, camera),
    ):
        await camera.send(source)
        ladder = await camera.ladder(*rungs, sound=False)
        assert (ladder.video[0].width, ladder.video[0].height) == size
        await top.until(10)
        assert_webrtc_can_carry(top.pictures, size)
    assert await store.exists("units:{helmet}:720p") == 0


async def test_pixels_that_are_not_square_become_square(store: Redis, store_url: str):
    source = pictures(360, 300, frames=20, x264="bframes=0:sar=16/11")
    async with (
        listening(store_url, "helmet", "300p") as heard,
        sending(store) as camera,
        working(store_url, camera),
    ):
        await camera.send(source)
        await camera.ladder("300p", "240p", sound=False)
        await heard.until(10)
        assert_webrtc_can_carry(heard.pictures, (524, 300))


async def test_b_frames_come_out_in_the_order_of_their_showing(store: Redis, store_url: str):
    source = pictures(426, 240, frames=45, x264="bframes=2:b-adapt=0")
    assert any(after.pts < before.pts for before, after in itertools.pairwise(source))
    async with (
        listening(store_url, "helmet", "240p") as heard,
        sending(store) as camera,
        working(store_url, camera),
    ):
        await camera.send(source)
        await heard.until(35)
        assert_webrtc_can_carry(heard.pictures, (426, 240))


async def test_a_camera_without_sound(store: Redis, store_url: str, small: list[Unit]):
    async with (
        listening(store_url, "helmet", "240p") as heard,
        sending(store) as camera,
        working(store_url, camera),
    ):
        await camera.send(small[:20])
        await camera.ladder("240p", sound=False)
        await heard.until(12)


@pytest.mark.parametrize(
    ("rate", "layout"), [(44_100, "mono"), (48_000, "stereo"), (96_000, "5.1")]
)
async def test_a_camera_without_a_picture(rate: int, layout: str, store: Redis, store_url: str):
    async with (
        listening(store_url, "helmet", SOUND) as heard,
        sending(store) as camera,
        working(store_url, camera),
    ):
        await camera.send(sounds(1.5, rate=rate, layout=layout))
        await camera.ladder(sound=True)
        await heard.until(50, Kind.AUDIO)
        assert_sound_is_whole(heard.sounds)
    frames = decode_sound("opus", [unit.payload for unit in heard.sounds])
    assert {(frame.sample_rate, frame.layout.name) for frame in frames} == {(48_000, "stereo")}


async def test_sound_that_changes_its_form_in_mid_stream(store: Redis, store_url: str):
    first = sounds(0.8, rate=44_100, layout="mono")
    second = sounds(0.8, start=first[-1].pts + 2090, rate=48_000)
    async with (
        listening(store_url, "helmet", SOUND) as heard,
        sending(store) as camera,
        working(store_url, camera) as worker,
    ):
        await camera.send([*first, *second])
        await heard.until(50, Kind.AUDIO)
        times = [unit.pts for unit in heard.sounds]
        assert all(after > before for before, after in itertools.pairwise(times))
        assert worker.counters["damaged"] <= 1


async def test_a_source_that_changes_its_size(store: Redis, store_url: str, small: list[Unit]):
    bigger = pictures(854, 480, frames=30, start=40 * FRAME)
    back = pictures(426, 240, frames=30, start=75 * FRAME)
    async with (
        listening(store_url, "helmet", "240p") as low,
        listening(store_url, "helmet", "480p") as high,
        sending(store) as camera,
        working(store_url, camera),
    ):
        await camera.send([*small[:40], *bigger])
        await camera.ladder("480p", "240p")
        await camera.send(back)
        await low.until(90)
        # Nobody else is offered the rung of the past. Who watches it gets what there is, no larger.
        await camera.ladder("240p")
        assert_webrtc_can_carry(low.pictures)
        assert_webrtc_can_carry(high.pictures)
        assert sizes(high.pictures) == [(854, 480), (426, 240)]
        assert sizes(low.pictures) == [(426, 240), (428, 240), (426, 240)]
        assert high.pictures[-1].pts == low.pictures[-1].pts


async def test_a_second_encoder_of_another_size_and_rate(store: Redis, store_url: str):
    first = repeated(pictures(854, 480, frames=30), 3)
    # 4:3, a third as fast, from the time on at which the first one ended.
    second = [
        replace(unit, pts=unit.pts * 3 + 90 * FRAME, dts=unit.dts * 3 + 90 * FRAME, publication=1)
        for unit in pictures(480, 360, frames=40)
    ]
    async with (
        listening(store_url, "helmet", "480p") as stale,
        listening(store_url, "helmet", "240p") as low,
        sending(store) as camera,
        working(store_url, camera),
    ):
        await camera.send(first)
        ladder = await camera.ladder("480p", "240p")
        assert [rung.fps for rung in ladder.video] == [29.97, 29.97]
        await camera.send(second)
        ladder = await camera.ladder("360p", "240p")
        assert [rung.fps for rung in ladder.video] == [pytest.approx(10, rel=0.01)] * 2
        assert (ladder.video[0].width, ladder.video[0].height) == (480, 360)
        await eventually(lambda: len(low.pictures) >= 120, "the second encoder's pictures")
        assert sizes(low.pictures) == [(428, 240), (320, 240)]
        assert sizes(stale.pictures) == [(854, 480), (480, 360)]
        assert_webrtc_can_carry(low.pictures)


async def test_rungs_keep_their_bitrate_whatever_the_rate(store: Redis, store_url: str):
    # Six times as many pictures a second as before, of noise that takes all bits there are.
    noise = noisy(640, 360, frames=90)
    slow = [replace(unit, pts=unit.pts * 3, dts=unit.dts * 3) for unit in noise]
    start = slow[-1].pts + 3 * FRAME
    fast = [
        replace(unit, pts=start + unit.pts // 2, dts=start + unit.dts // 2)
        for unit in repeated(noise, 6)
    ]
    async with (
        listening(store_url, "helmet", "240p") as low,
        sending(store) as camera,
        working(store_url, camera),
    ):
        await camera.send(slow)
        await camera.send(fast)
        end = start + fast[-1].pts - fast[0].pts + int(camera.began * VIDEO_CLOCK) - FRAME
        await eventually(lambda: low.pictures and low.pictures[-1].pts >= end - FRAME, "the end")
    change = start + int(camera.began * VIDEO_CLOCK)
    before = [unit for unit in low.pictures if change - 6 * VIDEO_CLOCK <= unit.pts < change]
    after = [unit for unit in low.pictures if change <= unit.pts]
    for units in (before, after):
        seconds = (units[-1].pts - units[0].pts) / VIDEO_CLOCK
        bps = sum(len(unit.payload) for unit in units) * 8 / seconds
        assert 250_000 < bps < 550_000


async def test_a_wish_for_a_rungs_keyframe_is_met_by_that_rung(store: Redis, store_url: str):
    source = pictures(854, 480, frames=50, gop=250)
    async with (
        listening(store_url, "helmet", "480p") as high,
        listening(store_url, "helmet", "240p") as low,
        sending(store) as camera,
        working(store_url, camera),
    ):
        await camera.send(source[:20])
        wish = json.dumps({"rendition": "240p"})
        assert await store.publish("keyframe:helmet", wish) == 1
        await camera.send(source[20:])
        await high.until(40)
        await low.until(len(high.pictures))
        assert len(keyframes(high)) == 1
        assert len(keyframes(low)) == 2
        assert keyframes(low)[1] - keyframes(low)[0] < VIDEO_CLOCK


async def test_a_wish_for_a_keyframe_is_met_by_all_rungs(store: Redis, store_url: str):
    source = pictures(854, 480, frames=50, gop=250)
    async with (
        listening(store_url, "helmet", "480p") as high,
        listening(store_url, "helmet", "240p") as low,
        sending(store) as camera,
        working(store_url, camera),
    ):
        await camera.send(source[:20])
        assert await store.publish("keyframe:helmet", b"{}") == 1
        await camera.send(source[20:])
        await high.until(40)
        await low.until(len(high.pictures))
        assert len(keyframes(high)) == 2
        assert keyframes(high) == keyframes(low)
        assert keyframes(high)[1] - keyframes(high)[0] < VIDEO_CLOCK
