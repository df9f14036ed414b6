"""The bus while its store dies, stands still, or loses answers."""

from __future__ import annotations

import asyncio
import functools
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import TYPE_CHECKING

from relay.bus.client import connect, connect_blocking, store_errors
from relay.bus.reader import Start, StreamReader
from relay.bus.writer import StreamWriter
from relay.media.codecs import Kind
from tests.support.numbered import number, numbers, sound, video
from tests.support.proxy import Proxy
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest

    from relay.media.unit import Unit
    from tests.support.server import Server

KEY = "stream"


class Line:
    """A writer and a reader of one stream, both at work."""

    def __init__(self, write_url: str, read_url: str) -> None:
        self._clients = (connect(write_url), connect_blocking(read_url))
        self.writer = StreamWriter(self._clients[0], KEY)
        self.reader = StreamReader(self._clients[1], KEY, Start.KEYFRAME)
        self.found: list[Unit] = []
        self._next = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Line]:
        tasks = [asyncio.create_task(self.writer.run()), asyncio.create_task(self._read())]
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for client in self._clients:
                await client.aclose()

    async def _read(self) -> None:
        while True:
            self.found += await self.reader.read()

    def put(self, count: int, *, gop: int = 10) -> int:
        """Write pictures with their sound; returns the number of the last."""
        for index in range(self._next, self._next + count):
            self.writer.put(video(index, gop=gop))
            self.writer.put(sound(index))
        self._next += count
        return self._next - 1

    async def arrival(self, last: int, within_s: float = 10) -> None:
        """Wait until the sound number `last` has been read."""
        await eventually(
            lambda: self.found and number(self.found[-1]) >= last, f"unit {last}", within_s
        )

    def assert_sound(self) -> None:
        """Nothing doubled, nothing out of order, and after a gap a keyframe first."""
        for kind in Kind:
            found = numbers(self.found, kind)
            assert all(b > a for a, b in pairwise(found)), found
        pictures = [unit for unit in self.found if unit.kind is Kind.VIDEO]
        for before, after in pairwise(pictures):
            assert after.keyframe or number(after) == number(before) + 1


async def test_a_store_that_is_killed_and_started_again(own_server: Server):
    async with Line(own_server.url, own_server.url).running() as line:
        await line.arrival(line.put(1))
        await line.arrival(line.put(14))
        own_server.kill()
        line.put(15)
        await asyncio.to_thread(own_server.start)
        await line.arrival(line.put(10))
        line.assert_sound()
        # All that was written while the store was away is there.
        assert numbers(line.found) == list(range(40))


async def test_a_store_that_is_away_for_longer_than_the_queue(own_server: Server):
    async with Line(own_server.url, own_server.url).running() as line:
        await line.arrival(line.put(15))
        own_server.kill()
        for _ in range(20):
            line.put(50)
        assert line.writer.dropped > 1000
        await asyncio.to_thread(own_server.start)
        await line.arrival(line.put(25))
        line.assert_sound()


async def test_a_store_that_stands_still_for_a_while(own_server: Server):
    async with Line(own_server.url, own_server.url).running() as line:
        await line.arrival(line.put(1))
        own_server.pause()
        for _ in range(20):
            line.put(1)
            await asyncio.sleep(0.03)  # at about the pace of a camera
        own_server.resume()
        await line.arrival(line.put(9))
        line.assert_sound()
        assert numbers(line.found) == list(range(30))


async def test_a_store_that_stands_still_until_commands_give_up(
    own_server: Server, monkeypatch: pytest.MonkeyPatch
):
    limit = functools.partial(store_errors, timeout_s=0.3)
    monkeypatch.setattr("relay.bus.writer.store_errors", limit)
    async with Line(own_server.url, own_server.url).running() as line:
        await line.arrival(line.put(1))
        own_server.pause()
        for _ in range(12):
            line.put(1)
            await asyncio.sleep(0.1)
        own_server.resume()
        await line.arrival(line.put(9))
        line.assert_sound()
        assert numbers(line.found) == list(range(22))


async def test_units_whose_answers_were_lost_are_not_doubled(store_url: str, store: object):
    async with (
        Proxy(store_url).running() as proxy,
        Line(proxy.url, store_url).running() as line,
    ):
        await line.arrival(line.put(1))
        for _ in range(10):
            proxy.hold_answers()
            await line.arrival(line.put(12))
            line.put(12)
            proxy.cut()  # what was written is written again
            proxy.release_answers()
            await line.arrival(line.put(1))
        line.assert_sound()
        assert numbers(line.found) == list(range(1 + 10 * 25))
        assert line.reader.missed == 0


async def test_a_reader_that_was_cut_off_catches_up(store_url: str, store: object):
    async with (
        Proxy(store_url).running() as proxy,
        Line(store_url, proxy.url).running() as line,
    ):
        await line.arrival(line.put(1))
        for _ in range(5):
            proxy.cut()
            line.put(3)
        await line.arrival(line.put(10))
        line.assert_sound()
        assert numbers(line.found) == list(range(26))
