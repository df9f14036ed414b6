"""Tasks that are cancelled in the middle of commands: no reply is ever another's, nothing hangs."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import pytest

from relay.bus import lease, presence, rpc, sessions
from relay.bus.client import connect, connect_blocking, store_errors, stream_entries
from relay.errors import StoreError
from tests.support.proxy import Proxy
from tests.support.stalls import HANG_S
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from redis.asyncio import Redis

    Work = Callable[[Redis, str], Awaitable[object]]


async def get(client: Redis, name: str) -> object:
    async with store_errors("reading"):
        return (await client.get(f"value:{name}")).decode()


async def pipeline(client: Redis, name: str) -> object:
    async with store_errors("reading"):
        pipe = client.pipeline(transaction=False)
        for _ in range(3):
            pipe.get(f"value:{name}")
        found = {value.decode() for value in await pipe.execute()}
    assert len(found) == 1
    return found.pop()


async def script(client: Redis, name: str) -> object:
    async with store_errors("reading"):
        value = await client.eval("return redis.call('GET', KEYS[1])", 1, f"value:{name}")
    return value.decode()


async def watched(client: Redis, name: str) -> object:
    async with store_errors("reading"), client.pipeline() as pipe:
        await pipe.watch(f"value:{name}")
        value = await pipe.get(f"value:{name}")
        pipe.multi()  # type: ignore[no-untyped-call]
        pipe.set(f"copy:{name}", value)
        await pipe.execute()
    return value.decode()


async def popped(client: Redis, name: str) -> object:
    async with store_errors("reading"):
        await client.rpush(f"list:{name}", name)
        answer = await client.blpop([f"list:{name}"], timeout=HANG_S)
    assert answer is not None
    return answer[1].decode()


async def fact(client: Redis, name: str) -> object:
    await presence.tell(client, "kind", name, {"name": name})
    found = await presence.get(client, "kind", name)
    assert found is not None
    return found["name"]


WORKS: tuple[Work, ...] = (get, pipeline, script, watched, popped, fact)


@pytest.mark.parametrize("delayed", [False, True], ids=["direct", "delayed"])
async def test_replies_never_cross(delayed: bool, store: Redis, store_url: str):
    rng = random.Random(7)
    names = [f"n{index}" for index in range(40)]
    for name in names:
        await store.set(f"value:{name}", name)
    completed: list[str] = []
    async with Proxy(store_url).running() as proxy:
        if delayed:
            proxy.delay = lambda: rng.uniform(0, 0.004)
        client = connect(proxy.url)

        async def one() -> None:
            work, name = rng.choice(WORKS), rng.choice(names)
            assert await work(client, name) == name
            completed.append(name)

        async def customer() -> None:
            for _ in range(25):
                task = asyncio.create_task(one())
                if rng.random() < 0.6:
                    await asyncio.sleep(rng.uniform(0, 0.012))
                    task.cancel()
                async with asyncio.timeout(HANG_S):
                    outcome = (await asyncio.gather(task, return_exceptions=True))[0]
                if isinstance(outcome, BaseException):
                    assert isinstance(outcome, asyncio.CancelledError), repr(outcome)

        await asyncio.gather(*(customer() for _ in range(20)))
        for work in WORKS:
            assert await work(client, names[0]) == names[0]
        assert not client.connection_pool._in_use_connections, "a connection is lost"
        await client.aclose()
    assert len(completed) > 50


async def test_more_commands_than_connections_wait_their_turn(store: Redis, store_url: str):
    await store.set("value:n0", "n0")
    client = connect(store_url)
    found = await asyncio.gather(*(get(client, "n0") for _ in range(1_500)))
    assert found == ["n0"] * 1_500
    clients = (await store.info("clients"))["connected_clients"]
    assert clients < 300
    # Those who wait may give up.
    tasks = [asyncio.create_task(get(client, "n0")) for _ in range(1_500)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert all(task.cancelled() or task.result() == "n0" for task in tasks)
    assert not client.connection_pool._in_use_connections
    assert await get(client, "n0") == "n0"
    await client.aclose()


async def test_a_cancelled_command_ends_at_once_whatever_the_store_does(
    store: Redis, store_url: str
):
    await store.set("value:n0", "n0")
    async with Proxy(store_url).running() as proxy:
        client = connect(proxy.url)
        await get(client, "n0")
        proxy.hold_answers()
        for work in WORKS:
            task = asyncio.create_task(work(client, "n0"))  # type: ignore[arg-type]
            await asyncio.sleep(0.02)
            task.cancel()
            done, _ = await asyncio.wait([task], timeout=HANG_S)
            assert done, f"{work.__name__} hangs"
            assert task.cancelled()
        proxy.release_answers()
        assert await get(client, "n0") == "n0"
        await client.aclose()


async def test_commands_give_up_when_the_store_does_not_answer(store: Redis, store_url: str):
    async with Proxy(store_url).running() as proxy:
        client = connect(proxy.url)
        await client.ping()
        proxy.hold_answers()
        with pytest.raises(StoreError, match="asking"):
            async with store_errors("asking", timeout_s=0.1):
                await client.get("x")
        with pytest.raises(StoreError, match="calling"):
            await rpc.call(client, "nobody", "method", {}, timeout_s=-1.9)
        proxy.release_answers()
        async with store_errors("asking", timeout_s=HANG_S):
            assert await client.ping()
        await client.aclose()


async def test_an_outer_time_limit_is_not_taken_for_the_stores(store: Redis, store_url: str):
    async with Proxy(store_url).running() as proxy:
        client = connect(proxy.url)
        proxy.hold_answers()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await sessions.count(client, "b")
        await client.aclose()


async def test_a_blocking_read_can_be_cancelled_and_repeated(store: Redis, store_url: str):
    client = connect_blocking(store_url)
    for index in range(30):
        reading = asyncio.create_task(stream_entries(client, "s", b"0", count=5, block_ms=5_000))
        await asyncio.sleep(0 if index % 2 else 0.003)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    await store.xadd("s", {"a": "b"})
    found = await stream_entries(client, "s", b"0", count=5, block_ms=5_000)
    assert [fields for _, fields in found] == [{b"a": b"b"}]
    await client.aclose()


async def test_cancelling_a_store_that_is_killed_leaves_nothing_behind(
    store: Redis, store_url: str
):
    async with Proxy(store_url).running() as proxy:
        client = connect(proxy.url)
        for _ in range(20):
            tasks = [asyncio.create_task(lease.hold(client, f"l{n}", "me")) for n in range(10)]
            await asyncio.sleep(0.002)
            proxy.cut()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(each is True or isinstance(each, StoreError) for each in outcomes), outcomes

        async def works() -> bool:
            try:
                return await lease.hold(client, "l0", "me")
            except StoreError:
                return False

        await eventually(works, "the client to recover")
        await client.aclose()
