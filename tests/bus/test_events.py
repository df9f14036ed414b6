"""Published events."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from relay.bus import events, keys
from relay.bus.client import connect, connect_blocking
from relay.errors import StoreError
from tests.support.proxy import Proxy
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import Redis

    from tests.support.server import Server

Heard = list[tuple[str, dict[str, object]] | None]


@asynccontextmanager
async def listening(url: str, *patterns: str) -> AsyncIterator[Heard]:
    """What is heard on some channels, from the moment that it can be."""
    client = connect_blocking(url)
    heard: Heard = []

    async def listen() -> None:
        async for message in events.subscribe(client, *patterns):
            heard.append(message)

    task = asyncio.create_task(listen())
    await eventually(lambda: heard, "the subscription")
    try:
        yield heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await client.aclose()


async def test_events_are_heard_in_order(store: Redis, store_url: str):
    async with listening(store_url, keys.ALL_BROADCAST_EVENTS, "cameras") as heard:
        for number in range(50):
            await events.publish(store, keys.broadcast_events("b"), {"n": number})
        several = [{"n": number} for number in range(50, 100)]
        await events.publish(store, keys.broadcast_events("b"), *several)
        await events.publish(store, "cameras")
        await events.publish(store, "cameras", {"text": "é"})
        await events.publish(store, "nobody listens", {})
        await eventually(lambda: len(heard) >= 102, "all events")
    assert heard[0] is None
    assert heard[1:101] == [("events:b", {"n": number}) for number in range(100)]
    assert heard[101:] == [("cameras", {"text": "é"})]
    assert keys.broadcast_of_channel("events:b") == "b"


async def test_an_outage_is_told(own_server: Server):
    client = connect(own_server.url)
    async with listening(own_server.url, "x") as heard:
        for round_ in range(2):
            await asyncio.to_thread(own_server.restart)
            await eventually(lambda r=round_: heard.count(None) == r + 2, "the outage's end")

            async def published(number: int = round_) -> bool:
                try:
                    await events.publish(client, "x", {"n": number})
                except StoreError:
                    return False
                return True

            await eventually(published, "publishing to work")
            await eventually(lambda r=round_: ("x", {"n": r}) in heard, "the event")
    assert [each if each is None else each[1]["n"] for each in heard] == [None, None, 0, None, 1]
    await client.aclose()


async def test_a_subscriber_that_is_cut_off_is_told(store: Redis, store_url: str):
    async with Proxy(store_url).running() as proxy, listening(proxy.url, "x") as heard:
        for count in range(2, 6):
            proxy.cut()
            await eventually(lambda n=count: heard.count(None) == n, "the subscription")
        await events.publish(store, "x", {})
        await eventually(lambda: heard[-1] == ("x", {}), "the event")


async def test_a_subscriber_that_redis_drops_is_told(store: Redis, store_url: str):
    async with listening(store_url, "x") as heard:
        await store.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        await eventually(lambda: heard.count(None) == 2, "the subscription")


@pytest.mark.parametrize("message", [b"not JSON", b"\xff\xfe"])
async def test_what_is_no_event_is_passed_over(message: bytes, store: Redis, store_url: str):
    async with listening(store_url, "x") as heard:
        await store.publish("x", message)
        await events.publish(store, "x", {"n": 1})
        await eventually(lambda: heard[-1] == ("x", {"n": 1}), "the event")
    assert heard == [None, ("x", {"n": 1})]


async def test_ending_a_subscription_ends_its_connection(store: Redis, store_url: str):
    async with listening(store_url, "x*"):
        assert (await store.pubsub_numpat()) == 1

    async def gone() -> bool:
        return (await store.pubsub_numpat()) == 0

    await eventually(gone, "the subscription to end")
