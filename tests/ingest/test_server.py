"""Publishers that behave: several at once, each on its own timeline, coming and going."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from relay.media import h264
from relay.media.codecs import Kind
from relay.media.timebase import VIDEO_CLOCK
from tests.support.ingest import listening
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from relay.bus.presence import Fact
    from tests.support.ingest import Ingest, Listener

pytestmark = pytest.mark.parametrize("store_kind", ["valkey"], indirect=True)


def is_keyframe_with_parameters(payload: bytes) -> bool:
    kinds = [h264.nal_type(nal) for nal in h264.split_annexb(payload)]
    return {h264.NAL_SPS, h264.NAL_PPS, h264.NAL_IDR} <= set(kinds)


async def test_three_ffmpegs_publish_on_one_port(ingest: Ingest, store_url: str, clip: Path):
    names = ("helmet", "drone", "airlock")
    codes = [await ingest.camera(name) for name in names]
    async with (
        listening(store_url, names[0]) as one,
        listening(store_url, names[1]) as two,
        listening(store_url, names[2]) as three,
    ):
        senders = [ingest.ffmpeg(key, clip, "-t", "2.5") for key in codes]
        try:
            seen: dict[str, Fact] = {}
            await eventually(lambda: describe(ingest, names, seen), "their descriptions", 10)
            for fact in seen.values():
                assert (fact["video"]["width"], fact["video"]["height"]) == (854, 480)
                assert fact["video"]["codec"].startswith("avc1.4D")
                assert fact["sound"] == "AAC"
            for sender in senders:
                await eventually(lambda each=sender: each.poll() is not None, "its end", 20)
            await eventually(lambda: off_air(ingest, names), "all cameras to be off air", 10)
        finally:
            for sender in senders:
                sender.kill()
        complaints = [sender.communicate()[1] for sender in senders]
        assert complaints == [b""] * 3
        for listener in (one, two, three):
            await listener.until(75)
            await listener.until(115, Kind.AUDIO)
            assert_whole(listener)


async def describe(ingest: Ingest, names: tuple[str, ...], seen: dict[str, Fact]) -> bool:
    """Note what is told of cameras; whether the picture and sound of all are known."""
    for name in names:
        fact = await ingest.fact(name)
        if fact and fact["video"] and fact["sound"]:
            seen[name] = fact
    return len(seen) == len(names)


async def off_air(ingest: Ingest, names: tuple[str, ...]) -> bool:
    return [await ingest.fact(name) for name in names] == [None] * len(names)


def assert_whole(listener: Listener) -> None:
    """What the first two and a half seconds of the clip are made of, on one timeline."""
    listener.assert_one_timeline()
    # ffmpeg cuts by decoding time, or by that of showing, which is two pictures later.
    assert 75 <= len(listener.pictures) <= 77
    assert 115 <= len(listener.sounds) <= 120
    for unit in listener.pictures:
        assert unit.pts >= unit.dts
        assert unit.keyframe is is_keyframe_with_parameters(unit.payload)
    steps = [b.dts - a.dts for a, b in itertools.pairwise(listener.pictures)]
    assert all(abs(step - VIDEO_CLOCK * 1001 / 30_000) <= 90 for step in steps)
    apart = listener.pictures[0].dts - listener.sounds[0].dts
    assert abs(apart) < VIDEO_CLOCK // 5


async def test_a_wrong_key_is_refused_before_media(
    ingest: Ingest, store_url: str, logged: list[dict[str, Any]]
):
    await ingest.camera("helmet")
    wrong = "evk_this-key-was-never-given-out"
    async with listening(store_url, "helmet") as listener, ingest.encoder() as encoder:
        await encoder.connect()
        # One that does not wait for its answer: its media come with the request.
        encoder.publish(wrong)
        encoder.describe()
        encoder.picture()
        assert await encoder.status() == "NetStream.Publish.Unauthorized"
        await encoder.hung_up()
        await eventually(lambda: "RTMP connection ended" in str(logged), "the log line")
        assert listener.units == []
    assert await ingest.fact("helmet") is None
    assert await ingest.bus.keys("units:*") == []
    assert wrong not in str(logged)
    assert "the stream key is not known" in str(logged)


@pytest.mark.parametrize("wrong", ["", "x" * 900, "ev\x00k", "../../etc", "é" * 40])
async def test_odd_keys_are_refused(wrong: str, ingest: Ingest):
    async with ingest.encoder() as encoder:
        await encoder.connect()
        encoder.publish(wrong)
        assert await encoder.status() == "NetStream.Publish.Unauthorized"
        await encoder.hung_up()


async def test_ffmpeg_with_a_wrong_key_ends_at_once(ingest: Ingest, clip: Path):
    with ingest.ffmpeg("evk_wrong", clip) as sender:
        await eventually(lambda: sender.poll() is not None, "ffmpeg's end")
        assert sender.returncode != 0


async def test_a_good_key_stands_in_no_log_line(
    ingest: Ingest, store_url: str, logged: list[dict[str, Any]]
):
    key = await ingest.camera("helmet")
    async with listening(store_url, "helmet") as listener:
        for _ in range(2):
            async with ingest.encoder() as encoder:
                await encoder.connect(tcUrl=f"rtmp://host/live/{key}")
                encoder.publish(key)
                assert await encoder.status() == "NetStream.Publish.Start"
                encoder.describe()
                encoder.broken_picture()
                encoder.picture()
                await listener.until(1)
    await eventually(lambda: str(logged).count("RTMP connection ended") == 2, "both ends")
    assert key not in str(logged)
    assert "on air" in str(logged)
    assert "unusable media" in str(logged)


async def test_a_publisher_that_vanishes_and_comes_back_goes_on_with_its_timeline(
    ingest: Ingest, store_url: str, clip: Path
):
    key = await ingest.camera("helmet")
    async with listening(store_url, "helmet") as listener:
        for number in range(3):
            count = len(listener.pictures)
            sender = ingest.ffmpeg(key, clip)
            try:
                await listener.until(count + 20, within_s=10)
            finally:
                sender.kill()
                sender.communicate()
            if number < 2:
                await eventually(lambda: off_air(ingest, ("helmet",)), "it to be off air")
        pictures = listener.pictures
        times = [unit.dts for unit in pictures]
        assert times == sorted(times)
        # Each begins with a keyframe, and tells the time: nobody sees a jump into the past.
        sounds = [unit.dts for unit in listener.sounds]
        assert sounds == sorted(sounds)
        gaps = [b.dts - a.dts for a, b in itertools.pairwise(pictures) if b.dts - a.dts > 9000]
        assert len(gaps) == 2
        for before, after in itertools.pairwise(pictures):
            if after.dts - before.dts > 9000:
                assert after.keyframe


async def test_what_a_publisher_says_of_itself_is_told(ingest: Ingest):
    key = await ingest.camera("helmet")
    async with ingest.encoder() as encoder:
        await encoder.connect(flashVer="FMLE/3.0 (compatible; Test)")
        encoder.publish(key)
        await encoder.status()
        encoder.describe(device="C3441325")
        encoder.picture()

        async def told() -> bool:
            fact = await ingest.fact("helmet") or {}
            return bool(fact.get("video")) and "C3441325" in fact["device"]

        await eventually(told, "the facts")
        fact = await ingest.fact("helmet")
    assert fact is not None
    assert fact["peer"] == "127.0.0.1"
    assert fact["protocol"] == "rtmp"
    assert "FMLE/3.0" in fact["encoder"]
    assert key not in str(fact)


async def test_a_camera_is_off_air_at_once_when_its_publisher_says_goodbye(ingest: Ingest):
    key = await ingest.camera("helmet")
    async with ingest.encoder(key) as encoder:
        encoder.picture()
        await eventually(lambda: ingest.fact("helmet"), "the camera")
        encoder.call("FCUnpublish", 4.0, None, key)
        await eventually(lambda: off_air(ingest, ("helmet",)), "it to be off air", 1.0)
        # On the same connection it may begin again.
        encoder.publish(key)
        assert await encoder.status() == "NetStream.Unpublish.Success"
        assert await encoder.status() == "NetStream.Publish.Start"
        encoder.describe()
        encoder.picture()
        await eventually(lambda: ingest.fact("helmet"), "the camera again")


async def test_a_picture_is_not_put_hours_away(ingest: Ingest, store_url: str):
    key = await ingest.camera("helmet")
    async with listening(store_url, "helmet") as heard, ingest.encoder(key) as encoder:
        for cts in (0, 8_000_000, -8_000_000, 66):
            encoder.picture(cts=cts)
        await heard.until(4)
    assert [unit.pts - unit.dts for unit in heard.pictures] == [0, 0, 0, 66 * 90]


async def test_a_publisher_of_which_nothing_can_be_used_is_told_and_never_live(
    ingest: Ingest, logged: list[dict[str, Any]]
):
    key = await ingest.camera("helmet")
    async with ingest.encoder(key) as encoder:
        for _ in range(100):
            encoder.broken_picture()
        await encoder.hung_up()
    await eventually(lambda: "nothing of it can be used" in str(logged), "the reason")
    assert not await ingest.bus.exists("presence:camera:{helmet}")
    assert await ingest.bus.keys("units:*") == []
