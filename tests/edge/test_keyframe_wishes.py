"""Wishes for keyframes, as cameras' workers hear them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from relay.bus import keys
from relay.bus.events import subscribe
from relay.edge.rendition import KeyframeWishes
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import Redis

pytestmark = pytest.mark.parametrize("store_kind", ["valkey"], indirect=True)


@asynccontextmanager
async def hearing(blocking_store: Redis, camera: str) -> AsyncIterator[list[str]]:
    """The rungs whose keyframes are wished for, in order."""
    heard: list[str] = []
    listens = asyncio.Event()

    async def listen() -> None:
        async for message in subscribe(blocking_store, keys.keyframe_wishes(camera)):
            if message is None:
                listens.set()
            else:
                heard.append(message[1]["rendition"])

    task = asyncio.create_task(listen())
    await listens.wait()
    yield heard
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_each_rung_is_asked_by_itself_and_not_too_often(
    store: Redis, blocking_store: Redis
) -> None:
    wishes = KeyframeWishes(store)
    async with hearing(blocking_store, "helmet") as heard:
        for rung, now in (("240p", 0.0), ("240p", 1.9), ("720p", 1.9), ("240p", 2.0)):
            wishes.ask("helmet", rung, now)
        wishes.ask("drone", "240p", 2.0)
        await eventually(lambda: len(heard) == 3, "the wishes")
        assert sorted(heard) == ["240p", "240p", "720p"]


async def test_who_goes_over_waits_less(store: Redis, blocking_store: Redis) -> None:
    wishes = KeyframeWishes(store)
    async with hearing(blocking_store, "helmet") as heard:
        for now in (0.0, 0.2, 0.25, 0.3, 0.5):
            wishes.ask_soon("helmet", "240p", now)
        await eventually(lambda: len(heard) == 3, "the wishes")


async def test_what_was_asked_long_ago_is_forgotten(store: Redis) -> None:
    wishes = KeyframeWishes(store)
    for number in range(100):
        wishes.ask(f"camera-{number}", "240p", float(number))
    assert len(wishes._asked) <= 2
