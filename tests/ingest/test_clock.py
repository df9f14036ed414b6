"""Encoders that tell their capture clock are believed while that can be."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from relay.ingest.rtmp.events import MetaData
from tests.support.ingest import listening

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
    "told", [None, 5.0, True, "", "today", "2026-11-22", "2026-11-22T14:00:00", "x" * 5000, [], {}]
)
def test_what_is_no_moment_is_left_alone(told: object):
    assert MetaData({"creation_time": told}).zero_us is None  # type: ignore[dict-item]


def test_a_moment_is_read_to_the_microsecond():
    found = MetaData({"creation_time": "2025-06-15T15:06:40.123456Z"}).zero_us
    assert found == 1_750_000_000_123_456
    assert MetaData({}).zero_us is None
