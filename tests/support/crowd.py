"""The event sockets of many open pages, in a thread of their own."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import aiohttp

from tests.support.stalls import HANG_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.stack import Stack

Event = dict[str, Any]


class Crowd:
    """What the pages hear; see `crowd`."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.open = threading.Semaphore(0)
        """Released once for each page that has its state."""
        self.heard: list[list[tuple[float, Event]]] = [[] for _ in range(count)]
        """What each has heard after that, and when: seconds since the epoch."""

    def first(self, name: str, **fields: Any) -> list[float]:
        """When each of those that have heard it first heard an event of a type with fields."""
        wanted = {"type": name, **fields}
        return [
            next(at for at, event in heard if event | wanted == event)
            for heard in self.heard
            if any(event | wanted == event for _, event in heard)
        ]

    async def listen(self, url: str) -> None:
        """Open all pages, and listen until cancelled."""
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as http:
            await asyncio.gather(*(self._page(http, url, number) for number in range(self.count)))

    async def _page(self, http: aiohttp.ClientSession, url: str, number: int) -> None:
        async with http.ws_connect(url) as socket:
            assert (await socket.receive_json())["type"] == "state"
            self.open.release()
            async for message in socket:
                self.heard[number].append((time.time(), json.loads(message.data)))


@contextmanager
def crowd(stack: Stack, slug: str, count: int) -> Iterator[Crowd]:
    """So many open pages of a broadcast, as far as their event sockets go; all have their state."""
    found = Crowd(count)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    work = asyncio.run_coroutine_threadsafe(
        found.listen(f"{stack.url}/api/v1/broadcasts/{slug}/events"), loop
    )
    try:
        for _ in range(count):
            assert found.open.acquire(timeout=HANG_S), (
                work.exception(0) if work.done() else "no state"
            )
        yield found
    finally:
        work.cancel()
        asyncio.run_coroutine_threadsafe(_settle(), loop).result(HANG_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(HANG_S)
        loop.close()


async def _settle() -> None:
    """Let all that was cancelled end."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*tasks, return_exceptions=True)
