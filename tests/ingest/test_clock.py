"""Encoders that tell their capture clock are believed while that can be."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from relay.bus.client import connect
from relay.ingest.publisher import Publisher
from relay.ingest.rtmp.events import MetaData
from relay.media.codecs import Codec
from tests.support.ingest import listening
from tests.support.late import stamp
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from tests.support.ingest import Ingest


def written(us: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)).isoformat()


@pytest.mark.parametrize("store_kind", ["valkey"], indirect=True)
@pytest.mark.parametrize(("ago_s", "believed"), [(2.0, True), (60.0, False), (-60.0, False)])
async def test_what_is_told_is_believed_while_it_can_be(
    ingest: Ingest, store_url: str, ago_s: float, believed: bool
):
    key = await ingest.camera("helmet")
    zero_us = int((time.time() - ago_s) * 1e6)
    async with ingest.encoder(key) as encoder, listening(store_url, "helmet") as listener:
        encoder.describe(creation_time=written(zero_us))
        encoder.picture()
        encoder.picture()
        await listener.until(2)
        told = [unit.captured_us - zero_us for unit in listener.pictures]
    if believed:
        assert all(0 <= each <= 100_000 for each in told)  # just the encoder's time stamps
    else:
        assert all(abs(each - ago_s * 1e6) < 10e6 for each in told)  # when they came


@pytest.mark.parametrize(
    ("late_s", "tells", "clock"),
    [
        (2.0, "metadata", "camera"),
        (2.0, "sei", "camera"),
        (2.0, "", "arrival"),
        (7200.0, "sei", "arrival"),
    ],
)
def test_whose_clock_a_camera_goes_by(late_s: float, tells: str, clock: str):
    """In simulated time: three seconds of pictures, ten a second, each so late."""
    camera = Publisher(connect("redis://127.0.0.1:1"), "helmet", protocol="rtmp", peer="test")
    zero_us = 1_750_000_000_000_000
    if tells == "metadata":
        camera.trust_clock(zero_us)
    told = []
    for tenth in range(30):
        taken_us = zero_us + tenth * 100_000
        payload = (stamp(taken_us) if tells == "sei" else b"") + b"\0\0\0\1\x41\x9a"
        camera.put(
            Codec.H264,
            dts=tenth * 9000,
            offset=0,
            keyframe=False,
            payload=payload,
            now_us=taken_us + int(late_s * 1e6),
        )
        told.append(camera.clock)
    assert told == ["arrival"] * 20 + [clock] * 10
    # Another source has to prove itself.
    camera.new_source(peer="another", device="", encoder="")
    assert camera.clock == "arrival"


@pytest.mark.parametrize("store_kind", ["valkey"], indirect=True)
async def test_operators_and_pages_hear_whose_clock_it_is(ingest: Ingest):
    key = await ingest.camera("helmet")
    async with ingest.encoder(key) as encoder:
        encoder.picture()
        fact = await eventually(lambda: ingest.fact("helmet"), "the camera")
        assert fact["clock"] == "arrival"


@pytest.mark.parametrize(
    "told", [None, 5.0, True, "", "today", "2026-11-22", "2026-11-22T14:00:00", "x" * 5000, [], {}]
)
def test_what_is_no_moment_is_left_alone(told: object):
    assert MetaData({"creation_time": told}).zero_us is None  # type: ignore[dict-item]


def test_a_moment_is_read_to_the_microsecond():
    found = MetaData({"creation_time": "2025-06-15T15:06:40.123456Z"}).zero_us
    assert found == 1_750_000_000_123_456
    assert MetaData({}).zero_us is None
