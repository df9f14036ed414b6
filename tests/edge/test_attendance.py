"""Who comes and goes, as the bus hears of it at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from relay.bus import sessions
from relay.bus.client import connect
from relay.edge.attendance import Attendance
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from redis.asyncio import Redis

    from tests.support.server import Server


class Aside:
    """What nobody waits for, but the test."""

    def __init__(self) -> None:
        self.tasks: list[asyncio.Task[None]] = []

    def __call__(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(asyncio.create_task(work))

    async def done(self) -> None:
        await asyncio.gather(*self.tasks)


async def evals(store: Redis) -> int:
    told = (await store.info("commandstats")).get("cmdstat_eval")
    return 0 if told is None else int(told["calls"])


async def test_a_rush_is_told_of_at_once(store: Redis):
    aside, before = Aside(), await evals(store)
    attendance = Attendance(store, aside)
    for number in range(500):
        attendance.note("demo", f"e.{number}", present=True)
        attendance.note("other", f"e.{number}", present=True)
    attendance.note("demo", "e.0", present=False)
    await aside.done()
    assert len(aside.tasks) == 1
    assert await evals(store) - before == 2
    assert await sessions.counts(store, ["demo", "other"]) == {"demo": 499, "other": 500}


async def test_the_last_change_counts(store: Redis):
    aside = Aside()
    attendance = Attendance(store, aside)
    for turn in range(30):
        attendance.note("demo", "comes", present=turn % 2 == 1)
        attendance.note("demo", "goes", present=turn % 2 == 0)
        for _ in range(turn % 5):
            await asyncio.sleep(0)
    await aside.done()
    assert await sessions.count(store, "demo") == 1
    attendance.note("demo", "comes", present=False)
    await aside.done()
    assert await sessions.count(store, "demo") == 0


async def test_it_goes_on_after_an_outage(own_server: Server):
    client, aside = connect(own_server.url), Aside()
    attendance = Attendance(client, aside)
    own_server.kill()
    attendance.note("demo", "e.1", present=True)
    await aside.done()
    await asyncio.to_thread(own_server.start)
    attendance.note("demo", "e.2", present=True)
    await aside.done()

    async def counted() -> bool:
        return await sessions.count(client, "demo") == 1

    await eventually(counted, "the one who came after it")
    await client.aclose()
