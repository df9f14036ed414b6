"""Connections that send anything but a publication, while a publisher is on air."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest

from relay import log
from relay.ingest import connection as server_module
from relay.ingest.rtmp import message
from relay.pool import Pool, Size
from tests.support.ingest import Ingest, listening
from tests.support.stalls import HANG_S
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.ingest import Listener
    from tests.support.rtmp import Encoder

pytestmark = pytest.mark.parametrize("store_kind", ["valkey"], indirect=True)

HANDSHAKE = b"\x03" + bytes(1536)


@pytest.fixture
async def healthy(ingest: Ingest, store_url: str) -> AsyncIterator[tuple[Encoder, Listener]]:
    """A publisher that goes on sending throughout the test, and loses nothing."""
    key = await ingest.camera("helmet")
    async with listening(store_url, "helmet") as listener, ingest.encoder(key) as encoder:
        encoder.picture()
        await listener.until(1)
        yield encoder, listener
        sent = len(listener.pictures) + 3
        for _ in range(3):
            encoder.picture()
        await listener.until(sent)
        listener.assert_one_timeline()


def chunk_of(kind: int, size: int) -> bytes:
    """A chunk that announces a message of `size` bytes."""
    return b"\x03" + bytes(3) + size.to_bytes(3, "big") + bytes([kind]) + bytes(4) + bytes(128)


GARBAGE = {
    "http": b"GET / HTTP/1.1\r\nHost: relay\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(2000),
    "random": random.Random(1).randbytes(65_536),
    "version": b"\xff" + bytes(1536),
    "random behind the handshake": HANDSHAKE + bytes(1536) + random.Random(2).randbytes(65_536),
    "a giant message": HANDSHAKE + bytes(1536) + chunk_of(20, 0xFFFFFF) * 100,
}


@pytest.mark.parametrize("garbage", list(GARBAGE.values()), ids=list(GARBAGE))
async def test_garbage_ends_its_connection_only(
    garbage: bytes,
    ingest: Ingest,
    healthy: tuple[Encoder, Listener],
    logged: list[dict[str, Any]],
):
    async with ingest.encoder() as stranger:
        stranger.socket.write(garbage)
        stranger.socket.write_eof()
        await stranger.hung_up()
    await eventually(lambda: "RTMP connection ended" in str(logged), "the log line")
    (line,) = [each for each in logged if each["event"] == "RTMP connection ended"]
    assert line["camera"] is None


async def test_garbage_byte_by_byte(ingest: Ingest, healthy: tuple[Encoder, Listener]):
    async with ingest.encoder() as stranger:
        for byte in GARBAGE["random"][:300]:
            stranger.socket.write(bytes([byte]))
            await asyncio.sleep(0)
        stranger.socket.write_eof()
        await stranger.hung_up()


@pytest.mark.parametrize(
    "beginning",
    [b"", b"\x03", HANDSHAKE[:700], HANDSHAKE, HANDSHAKE + bytes(1000), HANDSHAKE + bytes(1536)],
)
async def test_whoever_stalls_is_closed(
    beginning: bytes,
    ingest: Ingest,
    healthy: tuple[Encoder, Listener],
    monkeypatch: pytest.MonkeyPatch,
    logged: list[dict[str, Any]],
):
    monkeypatch.setattr(server_module, "PUBLISH_S", 0.2)
    async with ingest.encoder() as stranger:
        stranger.socket.write(beginning)
        await stranger.hung_up()
    await eventually(lambda: "it did not publish in time" in str(logged), "the log line")


async def test_dripping_does_not_buy_time(
    ingest: Ingest, healthy: tuple[Encoder, Listener], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(server_module, "PUBLISH_S", 0.3)
    async with ingest.encoder() as stranger:
        stranger.socket.write(b"\x03")
        ended = asyncio.create_task(stranger.hung_up())
        while not ended.done():
            stranger.socket.write(b"\0")
            await asyncio.sleep(0.02)
        await ended


async def test_strangers_are_few_and_the_oldest_makes_room(
    ingest: Ingest,
    healthy: tuple[Encoder, Listener],
    logged: list[dict[str, Any]],
):
    pool: Pool[Any] = Pool("rtmp", Size(unproven=3, proven=8), log.pool_is_full)
    ingest.server.pool = pool
    async with ingest.encoder() as one, ingest.encoder() as two, ingest.encoder() as three:
        for each in (one, two, three):
            await each.shake_hands()
        async with ingest.encoder() as fourth:
            await fourth.shake_hands()
            await one.hung_up()
    await eventually(lambda: str(logged).count("RTMP connection ended") == 4, "their ends")
    assert [line["network"] for line in logged if "a pool is full" in line["event"]] == [
        "127.0.0.0/24"
    ]
    assert pool.displaced == 1
    # Their places are free again.
    async with ingest.encoder() as encoder:
        await encoder.connect()


async def test_a_key_gets_in_while_many_networks_hold_idle_connections(
    ingest: Ingest, healthy: tuple[Encoder, Listener], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(server_module, "GREETING_S", HANG_S)
    monkeypatch.setattr(server_module, "PUBLISH_S", HANG_S)
    size = 40
    pool: Pool[Any] = Pool("rtmp", Size(unproven=size, proven=8, grace_s=0), log.pool_is_full)
    ingest.server.pool = pool
    key = await ingest.camera("late")
    async with AsyncExitStack() as held:
        for number in range(size + 8):
            transport, _ = await asyncio.get_running_loop().create_connection(
                asyncio.Protocol, "127.0.0.1", ingest.port, local_addr=(f"127.7.{number}.1", 0)
            )
            held.callback(transport.abort)
        await eventually(lambda: pool.displaced == 8, "the pool to be full")
        async with ingest.encoder(key) as encoder:
            encoder.picture()
            await eventually(lambda: ingest.fact("late"), "the late camera")
            assert (pool.displaced, pool.unproven) == (9, size - 1)
            assert await ingest.fact("helmet")


async def test_one_that_says_nothing_has_less_time(
    ingest: Ingest, logged: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(server_module, "GREETING_S", 0.1)
    async with ingest.encoder() as silent:
        await silent.hung_up()
    await eventually(lambda: "it did not publish in time" in str(logged), "the log line")


async def test_one_that_takes_no_answers_is_closed(
    ingest: Ingest, healthy: tuple[Encoder, Listener], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(server_module, "PUBLISH_S", 0.5)
    async with ingest.encoder() as stranger:
        await stranger.connect()
        stranger.socket.transport.pause_reading()
        ping = message.user_control(message.UserControl.PING_REQUEST, 1)
        with pytest.raises((ConnectionError, TimeoutError)):  # noqa: PT012
            while True:
                for _ in range(1000):
                    stranger.send(ping)
                async with asyncio.timeout(HANG_S):
                    await stranger.socket.drain()
                await asyncio.sleep(0)


async def test_a_server_that_stops_waits_for_nobody(
    store_url: str,
    ingest: Ingest,
    logged: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(server_module, "PUBLISH_S", 10 * HANG_S)
    key = await ingest.camera("helmet")
    async with ingest.encoder(key) as publisher, ingest.encoder() as stranger:
        publisher.picture()
        await eventually(lambda: ingest.fact("helmet"), "the camera")
        await stranger.connect()
        stranger.socket.transport.pause_reading()
        pings = [message.user_control(message.UserControl.PING_REQUEST, 1)] * 1000
        # All but the first have the same bytes.
        _, once = (b"".join(stranger._chunks.write(3, ping) for ping in pings) for _ in range(2))
        for _ in range(400):
            stranger.socket.write(once)
        sizes: list[int] = []

        def rests() -> bool:
            sizes.append(stranger.socket.transport.get_write_buffer_size())
            return len(sizes) > 20 and len(set(sizes[-20:])) == 1

        await eventually(rests, "the server to read no more")
        async with asyncio.timeout(HANG_S):
            await ingest.server.stop()
        await publisher.hung_up()
    assert await ingest.fact("helmet") is None


async def test_who_says_much_before_it_publishes_is_hung_up_on(
    ingest: Ingest, healthy: tuple[Encoder, Listener]
) -> None:
    """Each message costs time, and many small ones fill few bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", ingest.port)
    writer.write(HANDSHAKE + bytes(1536))
    ping = b"\x02" + bytes(3) + (6).to_bytes(3, "big") + b"\x04" + bytes(4) + b"\0\x07" + bytes(4)
    writer.write(ping * (2 * server_module.MAX_EARLY // len(ping)))
    async with asyncio.timeout(server_module.PUBLISH_S / 2):
        while await reader.read(65_536):
            pass
    writer.close()
