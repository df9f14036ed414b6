"""Calls from process to process."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from relay.bus import keys
from relay.bus.client import connect, connect_blocking
from relay.bus.rpc import Callee, CallTimeout, Refused, call
from relay.errors import NotFound, NotLive, StoreError
from tests.support.stalls import HANG_S
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import Redis

    from tests.support.server import Server

Body = dict[str, Any]
NAME = "edge-0"


class Edge:
    """The one that is called."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.release = asyncio.Event()

    async def echo(self, body: Body) -> Body:
        self.seen.append(body["text"])
        return body

    async def slow(self, body: Body) -> Body:
        self.seen.append(body["text"])
        await self.release.wait()
        return body

    async def refuse(self, _body: Body) -> Body:
        raise NotLive("nothing is being sent")

    async def missing(self, _body: Body) -> Body:
        raise NotFound("no such session")

    async def broken(self, _body: Body) -> Body:
        raise ValueError("a secret of the process")

    @asynccontextmanager
    async def answering(self, url: str) -> AsyncIterator[Edge]:
        bus, blocking = connect(url), connect_blocking(url)
        methods = {
            name: getattr(self, name) for name in ("echo", "slow", "refuse", "missing", "broken")
        }
        callee = Callee(bus, blocking, NAME, methods)
        task = asyncio.create_task(callee.run())
        await ready(bus)
        try:
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await blocking.aclose()
            await bus.aclose()


async def ready(bus: Redis) -> None:
    """Wait until somebody reads the calls: a stream that is read shows as a blocked client."""

    async def read() -> bool:
        return int((await bus.info("clients"))["blocked_clients"]) > 0

    await eventually(read, "the callee to listen")


async def test_an_answer(store: Redis, store_url: str):
    async with Edge().answering(store_url):
        body = {"text": "é\n", "nested": [1, {"a": None}]}
        assert await call(store, NAME, "echo", body, timeout_s=HANG_S) == body


async def test_concurrent_calls_get_their_own_answers(store: Redis, store_url: str):
    async with Edge().answering(store_url) as edge:
        waiting = asyncio.create_task(call(store, NAME, "slow", {"text": "slow"}, timeout_s=HANG_S))
        texts = [str(n) for n in range(200)]
        answers = await asyncio.gather(
            *(call(store, NAME, "echo", {"text": text}, timeout_s=HANG_S) for text in texts)
        )
        assert [answer["text"] for answer in answers] == texts
        edge.release.set()
        assert await waiting == {"text": "slow"}


async def test_a_refusal_comes_with_its_kind(store: Redis, store_url: str):
    async with Edge().answering(store_url):
        with pytest.raises(Refused, match="nothing is being sent") as live:
            await call(store, NAME, "refuse", {}, timeout_s=HANG_S)
        assert (live.value.kind, live.value.retry_after) == ("NotLive", 2.0)
        with pytest.raises(Refused) as missing:
            await call(store, NAME, "missing", {}, timeout_s=HANG_S)
        assert (missing.value.kind, missing.value.retry_after) == ("NotFound", None)


@pytest.mark.parametrize("method", ["broken", "no such method"])
async def test_a_fault_is_told_without_its_text(method: str, store: Redis, store_url: str):
    async with Edge().answering(store_url):
        with pytest.raises(Refused, match=r"^internal error$"):
            await call(store, NAME, method, {}, timeout_s=HANG_S)
        assert await call(store, NAME, "echo", {"text": "x"}, timeout_s=HANG_S)


async def test_nobody_answers(store: Redis):
    with pytest.raises(CallTimeout, match="edge-0 has not answered echo"):
        await call(store, NAME, "echo", {}, timeout_s=0.1)


async def test_an_answer_that_comes_too_late(store: Redis, store_url: str):
    async with Edge().answering(store_url) as edge:
        with pytest.raises(CallTimeout):
            await call(store, NAME, "slow", {"text": "x"}, timeout_s=0.1)
        edge.release.set()
        assert await call(store, NAME, "echo", {"text": "y"}, timeout_s=HANG_S) == {"text": "y"}

        async def one_late_reply() -> list[bytes]:
            return [key async for key in store.scan_iter(keys.reply("x").replace("{x}", "*"))]

        (late,) = await eventually(one_late_reply, "the late answer")
        assert 0 < await store.pttl(late) <= 10_000


async def test_requests_that_are_no_requests_harm_nobody(store: Redis, store_url: str):
    async with Edge().answering(store_url):
        for fields in ({"c": "not JSON"}, {"c": "{}"}, {"c": "[]"}, {"x": "y"}):
            await store.xadd(keys.calls(NAME), fields)
        assert await call(store, NAME, "echo", {"text": "x"}, timeout_s=HANG_S)


async def test_a_callee_that_is_restarted_answers_new_calls_only(store: Redis, store_url: str):
    async with Edge().answering(store_url) as first:
        assert await call(store, NAME, "echo", {"text": "1"}, timeout_s=HANG_S)
    with pytest.raises(CallTimeout):
        await call(store, NAME, "echo", {"text": "2"}, timeout_s=0.1)
    async with Edge().answering(store_url) as second:
        assert await call(store, NAME, "echo", {"text": "3"}, timeout_s=HANG_S)
    assert (first.seen, second.seen) == (["1"], ["3"])


async def test_calls_leave_nothing_behind_for_ever(store: Redis, store_url: str):
    async with Edge().answering(store_url):
        await call(store, NAME, "echo", {"text": "1"}, timeout_s=HANG_S)
    assert [await store.ttl(key) for key in await store.keys("*")] != []
    for key in await store.keys("*"):
        assert 0 < await store.ttl(key) <= HANG_S + 60, key


async def test_a_callee_outlives_its_store(own_server: Server):
    caller = connect(own_server.url)
    async with Edge().answering(own_server.url):
        await call(caller, NAME, "echo", {"text": "1"}, timeout_s=HANG_S)
        own_server.kill()
        with pytest.raises(StoreError):
            await call(caller, NAME, "echo", {"text": "2"}, timeout_s=HANG_S)
        await asyncio.to_thread(own_server.start)
        await ready(caller)
        assert await call(caller, NAME, "echo", {"text": "3"}, timeout_s=HANG_S) == {"text": "3"}
    await caller.aclose()


async def test_a_cancelled_call_harms_no_other(store: Redis, store_url: str):
    async with Edge().answering(store_url) as edge:
        for index in range(20):
            task = asyncio.create_task(call(store, NAME, "slow", {"text": "x"}, timeout_s=HANG_S))
            await asyncio.sleep(0.001 * (index % 5))
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            text = {"text": str(index)}
            assert await call(store, NAME, "echo", text, timeout_s=HANG_S) == text
        edge.release.set()


async def test_a_callee_that_ends_ends_its_answers(store: Redis, store_url: str):
    before = asyncio.all_tasks()
    async with Edge().answering(store_url) as edge:
        caller = asyncio.create_task(call(store, NAME, "slow", {"text": "x"}, timeout_s=0.3))
        await eventually(lambda: edge.seen, "the call")
    await asyncio.gather(caller, return_exceptions=True)
    assert asyncio.all_tasks() == before
