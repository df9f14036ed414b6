"""A publisher while the bus is slow, hangs, or is gone."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING

import pytest

from relay.bus.writer import StreamWriter
from tests.support.ingest import listening, running
from tests.support.proxy import Proxy
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from tests.support.ingest import Ingest, Listener
    from tests.support.rtmp import Encoder
    from tests.support.server import Server

pytestmark = [
    pytest.mark.usefixtures("store"),
    pytest.mark.parametrize("store_kind", ["valkey"], indirect=True),
]


async def send_gops(encoder: Encoder, count: int) -> None:
    """As many pictures, of which every tenth is a keyframe, all taken by the server."""
    for index in range(count):
        encoder.picture(keyframe=index % 10 == 0)
        encoder.sound()
        await encoder.socket.drain()


async def dropped(ingest: Ingest) -> int:
    fact = await ingest.fact("helmet")
    return int(fact["dropped"]) if fact else 0


def assert_goes_on_with_a_keyframe(heard: Listener) -> None:
    """Behind each gap in the numbers the first picture is a keyframe."""
    gaps = 0
    missing = False
    for (before, _), (after, unit) in itertools.pairwise(
        zip(heard.sequences, heard.units, strict=True)
    ):
        missing = missing or after != before + 1
        if missing and unit.codec.kind == "video":
            assert unit.keyframe
            gaps, missing = gaps + 1, False
    assert gaps
    times = [unit.dts for unit in heard.pictures]
    assert times == sorted(times)


async def test_a_bus_that_hangs_costs_pictures_and_nothing_else(own_server: Server, store_url: str):
    async with running(own_server.url, store_url) as ingest:
        key = await ingest.camera("helmet")
        async with listening(own_server.url, "helmet") as heard, ingest.encoder(key) as encoder:
            await send_gops(encoder, 10)
            await heard.until(10)
            own_server.pause()
            try:
                async with asyncio.timeout(5):
                    await send_gops(encoder, StreamWriter.MAX_UNITS * 2)
            finally:
                own_server.resume()
            count = len(heard.pictures)
            await eventually(lambda: dropped(ingest), "the count of what was dropped", 8)
            await send_gops(encoder, 20)
            await heard.until(count + 20)
            assert await dropped(ingest) >= StreamWriter.MAX_UNITS
            assert len(heard.units) < StreamWriter.MAX_UNITS * 3
        assert_goes_on_with_a_keyframe(heard)


async def test_a_bus_that_is_killed_and_comes_back_empty(own_server: Server, store_url: str):
    async with running(own_server.url, store_url) as ingest:
        key = await ingest.camera("helmet")
        async with listening(own_server.url, "helmet") as heard, ingest.encoder(key) as encoder:
            await send_gops(encoder, 10)
            await heard.until(10)
            own_server.kill()
            await send_gops(encoder, 10)
            own_server.start()
            await heard.until(20)
            await eventually(lambda: ingest.fact("helmet"), "the camera")
            times = [unit.dts for unit in heard.pictures]
            assert times == sorted(times)
        # Its end is told as well.
        await eventually(lambda: gone(ingest), "its end")


async def gone(ingest: Ingest) -> bool:
    return await ingest.fact("helmet") is None


async def test_a_slow_bus_delays_and_loses_nothing(own_server: Server, store_url: str):
    async with Proxy(own_server.url).running() as proxy, running(proxy.url, store_url) as ingest:
        key = await ingest.camera("helmet")
        proxy.delay = lambda: 0.05
        async with listening(own_server.url, "helmet") as heard, ingest.encoder(key) as encoder:
            await send_gops(encoder, 100)
            await heard.until(100)
            heard.assert_one_timeline()


async def test_a_bus_out_of_reach_refuses_a_publisher_for_now(own_server: Server, store_url: str):
    async with running(own_server.url, store_url) as ingest:
        key = await ingest.camera("helmet")
        own_server.kill()
        async with ingest.encoder() as encoder:
            await encoder.connect()
            encoder.publish(key)
            await encoder.hung_up()
        own_server.start()
        async with ingest.encoder(key) as encoder:
            encoder.picture()
            await eventually(lambda: ingest.fact("helmet"), "the camera")
