"""Readings that go to the server together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from relay.bus.client import connect, store_errors
from relay.bus.gather import Readings
from relay.errors import StoreError
from tests.support.stalls import HANG_S

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from redis.asyncio import Redis

    from tests.support.server import Server


async def calls(store: Redis, command: str) -> int:
    told = (await store.info("commandstats")).get(f"cmdstat_{command}")
    return 0 if told is None else int(told["calls"])


async def test_a_crowds_readings_are_few_and_each_gets_its_own(store: Redis):
    await store.hset("h", mapping={str(n): f"value {n}" for n in range(10)})
    readings, before = Readings(store), await calls(store, "hget")
    answers = await asyncio.gather(
        *(readings.ask("reading", "HGET", "h", str(n % 10)) for n in range(1000))
    )
    assert answers == [f"value {n % 10}".encode() for n in range(1000)]
    assert await calls(store, "hget") - before == 10
    assert await readings.ask("reading", "HGETALL", "none") == {}


async def test_nobody_gets_what_was_read_before_it_asked(store: Redis):
    readings = Readings(store)

    async def write_and_read(number: int) -> None:
        for turn in range(20):
            await store.set(f"k{number}", turn)
            assert await readings.ask("reading", "GET", f"k{number}") == str(turn).encode()

    await asyncio.gather(*(write_and_read(number) for number in range(10)))


async def test_a_cancelled_reading_harms_no_other(store: Redis):
    await store.set("k", "v")
    readings = Readings(store)
    for turn in range(20):
        asked = [asyncio.create_task(readings.ask("reading", "GET", "k")) for _ in range(3)]
        for _ in range(turn % 4):
            await asyncio.sleep(0)
        asked[0].cancel()
        assert await asyncio.gather(*asked[1:]) == [b"v", b"v"]


async def test_a_command_that_is_refused_fails_alone(store: Redis):
    await store.set("k", "v")
    readings = Readings(store)
    right = asyncio.create_task(readings.ask("reading", "GET", "k"))
    with pytest.raises(StoreError, match="counting: ResponseError"):
        await readings.ask("counting", "HGET", "k", "x")
    assert await right == b"v"


async def test_readings_outlive_their_store(own_server: Server):
    client = connect(own_server.url)
    readings = Readings(client)
    await client.set("k", "v")
    own_server.kill()
    for _ in range(2):
        with pytest.raises(StoreError, match="reading"):
            await readings.ask("reading", "GET", "k")
    await asyncio.to_thread(own_server.start)
    assert await readings.ask("reading", "GET", "k") is None
    await client.aclose()


async def test_what_waits_behind_a_reading_that_gives_up_gives_up_too(
    own_server: Server, monkeypatch: pytest.MonkeyPatch
):
    """Else it would wait its own time after the other's."""
    # Whoever asked a question of its own would wait for much longer than the first one.
    limits = iter([5.0, 0.3, HANG_S])

    def limited(what: str) -> AbstractAsyncContextManager[None]:
        return store_errors(what, timeout_s=next(limits))

    monkeypatch.setattr("relay.bus.gather.store_errors", limited)
    client = connect(own_server.url)
    readings = Readings(client)
    await readings.ask("reading", "GET", "k")
    own_server.pause()
    first = asyncio.create_task(readings.ask("first", "GET", "a"))
    await asyncio.sleep(0.1)
    second = asyncio.create_task(readings.ask("second", "GET", "b"))
    with pytest.raises(StoreError, match="first: TimeoutError"):
        await first
    with pytest.raises(StoreError, match="second"):
        await second
    own_server.resume()
    assert await readings.ask("reading", "GET", "k") is None
    await client.aclose()
