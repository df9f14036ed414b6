"""A publisher while the bus is slow, hangs, or is gone."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from relay.bus import keys
from relay.bus.client import connect_blocking
from relay.bus.reader import Start, StreamReader
from relay.bus.writer import StreamWriter
from relay.media.codecs import Kind
from tests.support.ingest import listening, running
from tests.support.proxy import Proxy
from tests.support.rtmp import FRAME_MS
from tests.support.stalls import HANG_S
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from relay.media.unit import Unit
    from tests.support.ingest import Ingest
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


@asynccontextmanager
async def decoding(url: str, camera: str) -> AsyncIterator[list[Unit]]:
    """What a decoder of the camera is given. What is in the stream may have gaps anywhere: the
    store trims what has not been read yet, if whoever reads gets no CPU.
    """
    client = connect_blocking(url)
    reader, found = StreamReader(client, keys.source_units(camera), Start.KEYFRAME), []

    async def read() -> None:
        while True:
            found.extend(await reader.read())

    task = asyncio.create_task(read())
    try:
        yield found
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await client.aclose()


def assert_goes_on_with_a_keyframe(found: list[Unit]) -> None:
    """Behind each gap in time the first picture is a keyframe, and there is a gap."""
    pictures = [unit for unit in found if unit.kind is Kind.VIDEO]
    steps = [(after.dts - before.dts, after) for before, after in itertools.pairwise(pictures)]
    after_gaps = [unit for step, unit in steps if step > 1.5 * FRAME_MS * 90]
    assert after_gaps
    assert all(unit.keyframe for unit in after_gaps)
    assert all(step >= 0 for step, _ in steps)


async def test_a_bus_that_hangs_costs_pictures_and_nothing_else(own_server: Server, store_url: str):
    async with running(own_server.url, store_url) as ingest:
        key = await ingest.camera("helmet")
        async with decoding(own_server.url, "helmet") as found, ingest.encoder(key) as encoder:
            await send_gops(encoder, 10)
            await eventually(lambda: len(found) >= 20, "ten pictures and their sound")
            own_server.pause()
            try:
                async with asyncio.timeout(HANG_S):
                    await send_gops(encoder, StreamWriter.MAX_UNITS * 2)
            finally:
                own_server.resume()
            await eventually(lambda: dropped(ingest), "the count of what was dropped")
            await send_gops(encoder, 20)
            encoder.picture(mark=b"the last")
            await eventually(lambda: found[-1].payload.endswith(b"the last"), "all that was sent")
            assert await dropped(ingest) >= StreamWriter.MAX_UNITS
            assert len(found) < StreamWriter.MAX_UNITS * 3
        assert_goes_on_with_a_keyframe(found)


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
