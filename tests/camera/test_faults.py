"""Workers that die, and sources that are damaged, late, or of another mind."""

from __future__ import annotations

import asyncio
import functools
import itertools
import os
import random
import signal
import sys
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest

from relay.av.decode import Decoder
from relay.bus import keys, presence
from relay.bus.client import connect, store_errors
from relay.media.access_unit import is_keyframe
from relay.media.codecs import Codec, Kind
from relay.media.h264 import split_annexb
from relay.media.ladder import SOUND
from relay.media.timebase import VIDEO_CLOCK
from tests.camera.test_worker import assert_sound_is_whole, assert_webrtc_can_carry
from tests.support.camera import FRAME, pictures, sending, sounds, together, working
from tests.support.ingest import listening
from tests.support.video import decode_h264
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from av.video.frame import VideoFrame
    from redis.asyncio import Redis

    from relay.media.unit import Unit
    from tests.support.camera import Camera
    from tests.support.server import Server

pytestmark = pytest.mark.parametrize("store_kind", ["valkey"], indirect=True)


@asynccontextmanager
async def program(url: str, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """The real `relay camera run`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "relay", "camera", "run", "helmet"),
        env=os.environ
        | {
            "RELAY_BUS_URL": url,
            "RELAY_STATE_URL": url,
            "RELAY_DATA_DIR": str(folder),
            "RELAY_VIDEO_PRESET": "ultrafast",
        },
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_worker_that_is_killed_is_followed_by_one_that_goes_on(
    store: Redis, store_url: str, small: list[Unit], stereo: list[Unit], tmp_path: Path
):
    source = together(small, stereo)
    async with (
        listening(store_url, "helmet", "240p") as heard,
        listening(store_url, "helmet", SOUND) as sound,
        sending(store) as camera,
    ):
        feeding = asyncio.create_task(feed_for_ever(camera, source))
        async with program(store_url, tmp_path) as first:
            await heard.until(10, within_s=20)
            first.send_signal(signal.SIGKILL)
        before = len(heard.pictures)
        async with program(store_url, tmp_path) as second:
            await heard.until(before + 20, within_s=20)
            second.send_signal(signal.SIGTERM)
            assert await second.wait() == 0
        feeding.cancel()
        assert await presence.get(store, presence.LADDER, "helmet") is None
    # Nothing is shown twice, and what comes after the gap can be decoded.
    assert_webrtc_can_carry(heard.pictures)
    assert heard.pictures[before].keyframe
    times = [unit.pts for unit in sound.sounds]
    assert all(after > before for before, after in itertools.pairwise(times))


@pytest.mark.parametrize("x264", ["open-gop=1:bframes=2:b-adapt=0", "intra-refresh=1:bframes=0"])
async def test_a_rung_is_back_at_once_of_a_source_that_sends_no_more_idr_pictures(
    x264: str, store: Redis, store_url: str
):
    source = [
        replace(unit, keyframe=is_keyframe(split_annexb(unit.payload)))
        for unit in pictures(854, 480, frames=130, gop=45, x264=f"min-keyint=1:{x264}")
    ]
    starts = [index for index, unit in enumerate(source) if unit.keyframe]
    # The worker begins anew 20 pictures after a recovery point: refreshing takes 44.
    killed = starts[2] + 20
    async with (
        listening(store_url, "helmet", "480p") as heard,
        sending(store) as camera,
    ):
        for unit in source[:killed]:
            camera.put(unit)
        stream = keys.source_units("helmet")

        async def is_sent() -> bool:
            return bool(await store.xlen(stream) == killed)

        await eventually(is_sent, "what was sent before")
        async with working(store_url, camera) as worker:
            await eventually(lambda: worker.taken, "the worker to begin")
            camera.sent = worker.taken
            await camera.send(source[killed:])
            await heard.until(12)
        first = heard.pictures[0].pts - camera.shift
        assert first <= source[killed].pts + 2 * FRAME
    right = {frame.pts: frame for frame in decode_units(source)}
    for unit, frame in zip(heard.pictures, decode_h264(u.payload for u in heard.pictures),
                           strict=True):  # fmt: skip
        wanted = right[unit.pts - camera.shift].to_ndarray(format="gray").astype(int)
        assert np.abs(frame.to_ndarray(format="gray") - wanted).mean() < 25


def decode_units(units: list[Unit]) -> list[VideoFrame]:
    """All pictures of a source, decoded from its beginning."""
    decoder = Decoder(Codec.H264)
    found = [*(each for unit in units for each in decoder.decode(unit)), *decoder.finish()]
    return [cast("VideoFrame", frame) for frame, _ in found]


async def feed_for_ever(camera: Camera, source: list[Unit]) -> None:
    length = 4 * VIDEO_CLOCK
    for number in itertools.count():
        shift = number * length
        moved = [replace(u, pts=u.pts + shift, dts=u.dts + shift) for u in source]
        await camera.send(moved)


async def test_a_bus_that_stands_still_ends_no_rung(
    own_server: Server, small: list[Unit], monkeypatch: pytest.MonkeyPatch
):
    limit = functools.partial(store_errors, timeout_s=2.5)
    monkeypatch.setattr("relay.bus.demand.store_errors", limit)
    bus = connect(own_server.url)
    async with (
        listening(own_server.url, "helmet", "240p") as heard,
        sending(bus) as camera,
        working(own_server.url, camera),
    ):
        await camera.send(small[:20])
        await heard.until(10)
        own_server.pause()
        await asyncio.sleep(3.3)  # until wishes have expired, and whoever asks has given up
        own_server.resume()
        await camera.send(small[20:60])
        await heard.until(50)
        # It is the same encoder's.
        assert [unit.keyframe for unit in heard.pictures].count(True) == 1
        heard.assert_one_timeline()
    await bus.aclose()


async def test_bursts_cost_nothing(store: Redis, store_url: str, small: list[Unit]):
    # A link that stalls for a moment delivers several pictures at once, over and over.
    source = together(small[:60], sounds(2))
    async with (
        listening(store_url, "helmet", "240p") as heard,
        listening(store_url, "helmet", SOUND) as sound,
        sending(store) as camera,
        working(store_url, camera),
    ):
        await camera.send(source, at_once=22)
        await heard.until(55)
        await sound.until(80, Kind.AUDIO)  # it begins once it could be decoded
        assert_sound_is_whole(sound.sounds)
        gaps = [b.pts - a.pts for a, b in itertools.pairwise(heard.pictures)]
        assert max(gaps) <= FRAME + 1


def damaged(units: list[Unit], how: str) -> list[Unit]:
    rng = random.Random(4)
    found = []
    for index, unit in enumerate(units):
        payload = unit.payload
        if index % 3 == 1 and index < 24:
            match how:
                case "flipped":
                    body = bytearray(payload)
                    for _ in range(20):
                        body[rng.randrange(len(body))] ^= 1 << rng.randrange(8)
                    payload = bytes(body)
                case "cut":
                    payload = payload[: rng.randrange(1, len(payload))]
                case "random":
                    payload = rng.randbytes(1000)
                case "empty":
                    payload = b""
                case _:
                    continue  # lost
        found.append(replace(unit, payload=payload))
    return found


@pytest.mark.parametrize("how", ["flipped", "cut", "random", "empty", "lost"])
async def test_damaged_pictures_and_sound(how: str, store: Redis, store_url: str):
    video = pictures(426, 240, frames=51, gop=15)
    source = together(damaged(video, how), damaged(sounds(1.7), how))
    async with (
        listening(store_url, "helmet", "240p") as heard,
        listening(store_url, "helmet", SOUND) as sound,
        sending(store) as camera,
        working(store_url, camera),
    ):
        await camera.send(source)
        end = video[-1].pts - 3 * FRAME + int(camera.began * VIDEO_CLOCK)
        for listener in (heard, sound):
            await eventually(
                lambda each=listener: each.units and each.units[-1].pts >= end, "the end"
            )
        assert_webrtc_can_carry(heard.pictures)
        # From where the damage ends, all is there again.
        whole = [unit for unit in heard.pictures if unit.pts > end - 15 * FRAME]
        assert len(whole) >= 15
        times = [unit.pts for unit in sound.sounds]
        assert all(after > before for before, after in itertools.pairwise(times))


async def test_pictures_that_come_once_in_many_seconds(store: Redis, store_url: str):
    apart = 5 * VIDEO_CLOCK
    source = [
        replace(unit, pts=index * apart, dts=index * apart)
        for index, unit in enumerate(pictures(426, 240, frames=8, gop=4))
    ]
    async with (
        listening(store_url, "helmet", "240p") as heard,
        sending(store) as camera,
        working(store_url, camera) as worker,
    ):
        await camera.send(source[:3])
        await camera.ladder("240p")
        await camera.send(source[3:])
        await heard.until(5)
        assert_webrtc_can_carry(heard.pictures)
        steps = {after.pts - before.pts for before, after in itertools.pairwise(heard.pictures)}
        assert steps == {apart}
        assert heard.pictures[-1].pts == source[-1].pts + camera.shift
        assert worker.counters["late"] == 0


async def test_stamps_that_stand_still_or_jump(store: Redis, store_url: str, small: list[Unit]):
    source = list(small[:90])
    for index in (20, 21, 40):  # several pictures with one time stamp
        source[index] = replace(source[index], pts=source[index - 1].pts)
    source[60] = replace(source[60], pts=source[60].pts + 3600 * VIDEO_CLOCK)
    async with (
        listening(store_url, "helmet", "240p") as heard,
        sending(store) as camera,
        working(store_url, camera),
    ):
        await camera.send(source)
        await heard.until(80)
        times = [unit.pts for unit in heard.pictures]
        backwards = [b - a for a, b in itertools.pairwise(times) if b <= a]
        assert len(backwards) <= 1  # back from the far future
        await camera.ladder("240p")


async def test_sound_whose_clock_is_fast_never_goes_back(store: Redis, store_url: str):
    # Two per cent more samples than its time stamps tell.
    source = [replace(u, pts=u.pts * 98 // 100, dts=u.dts * 98 // 100) for u in sounds(6)]
    async with (
        listening(store_url, "helmet", SOUND) as heard,
        sending(store) as camera,
        working(store_url, camera),
    ):
        await camera.send(source)
        await eventually(
            lambda: heard.units and heard.units[-1].pts > camera.began * 9e4 + source[-4].pts,
            "the end",
        )
        times = [unit.pts for unit in heard.sounds]
        assert all(after > before for before, after in itertools.pairwise(times))
