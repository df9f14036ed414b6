"""Short-lived facts, leases, and who watches."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from relay.bus import keys, lease, presence, sessions
from relay.bus.client import connect
from relay.errors import StoreError
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from tests.support.server import Server

KIND = presence.CAMERA


async def test_a_fact_can_be_read_until_its_time_is_over(store: Redis):
    await presence.tell(store, KIND, "helmet", {"fps": 29.97}, ttl_ms=100)
    assert await presence.get(store, KIND, "helmet") == {"fps": 29.97}
    assert await presence.members(store, KIND) == {"helmet": {"fps": 29.97}}

    async def gone() -> bool:
        return await presence.get(store, KIND, "helmet") is None

    await eventually(gone, "the fact to expire")
    assert await presence.members(store, KIND) == {}
    assert await store.exists(keys.presence_members(KIND)) == 0


async def test_a_fact_that_is_told_again_lives_on(store: Redis):
    await presence.tell(store, KIND, "helmet", {"n": 1}, ttl_ms=100)
    await presence.tell(store, KIND, "helmet", {"n": 2})
    assert await presence.get(store, KIND, "helmet") == {"n": 2}
    assert 2_000 < await store.pttl(keys.presence(KIND, "helmet")) <= presence.TTL_MS


async def test_a_fact_can_be_taken_back(store: Redis):
    await presence.tell(store, KIND, "a", {})
    await presence.tell(store, KIND, "b", {"x": [1, None, "é\ud800"]})
    await presence.withdraw(store, KIND, "a")
    await presence.withdraw(store, KIND, "never told")
    assert await presence.members(store, KIND) == {"b": {"x": [1, None, "é\ud800"]}}


async def test_kinds_do_not_mix(store: Redis):
    await presence.tell(store, presence.EDGE, "x", {"edge": True})
    assert await presence.members(store, presence.LADDER) == {}
    assert await presence.get(store, presence.LADDER, "x") is None


async def test_a_lease_has_one_holder(store: Redis):
    assert await lease.hold(store, "x", "a")
    assert not await lease.hold(store, "x", "b")
    assert await lease.hold(store, "x", "a")
    assert await lease.hold(store, "y", "b")


async def test_of_many_one_gets_the_lease(store: Redis):
    got = await asyncio.gather(*(lease.hold(store, "x", f"p{n}") for n in range(50)))
    assert sum(got) == 1


async def test_a_lease_that_is_not_renewed_is_taken_over(store: Redis):
    assert await lease.hold(store, "x", "a", ttl_ms=100)

    async def taken() -> bool:
        return await lease.hold(store, "x", "b")

    await eventually(taken, "the lease to expire")
    assert not await lease.hold(store, "x", "a")


async def test_renewing_gives_the_whole_time_again(store: Redis):
    await lease.hold(store, "x", "a", ttl_ms=200)
    await lease.hold(store, "x", "a", ttl_ms=60_000)
    assert await store.pttl(keys.lease("x")) > 50_000


async def test_only_the_holder_gives_a_lease_back(store: Redis):
    await lease.hold(store, "x", "a")
    await lease.release(store, "x", "b")
    assert not await lease.hold(store, "x", "b")
    await lease.release(store, "x", "a")
    assert await lease.hold(store, "x", "b")


# --- viewers ----------------------------------------------------------------------------------

JUST = sessions.GONE_AFTER_S - 0.15
"""Silent for so long that little time remains."""


async def test_viewers_are_counted_once(store: Redis):
    assert await sessions.count(store, "b") == 0
    for _ in range(3):
        await sessions.tell(store, "b", {"one": 0.0, "two": 1.0})
    await sessions.tell(store, "other", {"three": 0.0})
    assert await sessions.count(store, "b") == 2
    assert await sessions.count(store, "other") == 1


async def test_a_viewer_that_says_goodbye_counts_no_more(store: Redis):
    await sessions.tell(store, "b", {"one": 0.0, "two": 0.0})
    await sessions.withdraw(store, "b", "one")
    await sessions.withdraw(store, "b", "never there")
    assert await sessions.count(store, "b") == 1


async def test_a_viewer_that_was_silent_for_too_long_is_not_told_of(store: Redis):
    await sessions.tell(store, "b", {"gone": sessions.GONE_AFTER_S, "long gone": 1e9})
    assert await sessions.count(store, "b") == 0


async def test_the_count_is_right_the_moment_a_viewer_is_over(store: Redis):
    # By the clock of Redis, which decides: for each answer it is known which are right.
    await sessions.tell(store, "b", {"stays": 0.0, "goes": JUST})
    ends = int(await store.zscore(keys.sessions("b"), "goes"))
    seen = set()
    while 1 not in seen:
        before = _us(await store.time())
        count = await sessions.count(store, "b")
        after = _us(await store.time())
        seen.add(count)
        assert count == 2 or after > ends
        assert count == 1 or before <= ends
    assert seen == {1, 2}


def _us(time: tuple[int, int]) -> int:
    return time[0] * 1_000_000 + time[1]


async def test_a_viewer_is_gone_within_five_seconds_of_silence(store: Redis):
    await sessions.tell(store, "b", {"one": 0.0})
    remains = int(await store.zscore(keys.sessions("b"), "one")) - _us(await store.time())
    assert 3_000_000 < remains <= 3_500_000  # an edge tells once a second: five at the most


async def test_sessions_that_are_over_are_forgotten(store: Redis):
    await sessions.tell(store, "b", {str(n): JUST for n in range(10)})

    async def over() -> bool:
        return await sessions.count(store, "b") == 0

    await eventually(over, "all to be over")
    await sessions.tell(store, "b", {"new": 0.0})
    assert await store.zcard(keys.sessions("b")) == 1
    assert 0 < await store.ttl(keys.sessions("b")) <= 60


async def test_many_sessions_at_once(store: Redis):
    crowd = {f"session-{n}": n % 3 for n in range(7_000)}
    await sessions.tell(store, "b", crowd)
    assert await sessions.count(store, "b") == 7_000
    await sessions.tell(store, "b", {})


@pytest.mark.parametrize(
    "work",
    [
        lambda bus: presence.tell(bus, KIND, "x", {}),
        lambda bus: presence.withdraw(bus, KIND, "x"),
        lambda bus: presence.get(bus, KIND, "x"),
        lambda bus: presence.members(bus, KIND),
        lambda bus: lease.hold(bus, "x", "me"),
        lambda bus: lease.release(bus, "x", "me"),
        lambda bus: sessions.tell(bus, "b", {"x": 0}),
        lambda bus: sessions.withdraw(bus, "b", "x"),
        lambda bus: sessions.count(bus, "b"),
    ],
)
async def test_a_store_that_is_away_is_an_error_of_ours(work, tmp_path):
    client = connect(f"unix://{tmp_path}/nobody.sock")
    with pytest.raises(StoreError) as caught:
        await work(client)
    assert "nobody.sock" in str(caught.value)
    await client.aclose()


async def test_facts_are_told_again_to_a_store_that_came_back_empty(own_server: Server):
    client = connect(own_server.url)
    await presence.tell(client, KIND, "x", {})
    await asyncio.to_thread(own_server.restart)

    async def told() -> bool:
        try:
            await presence.tell(client, KIND, "y", {})
        except StoreError:
            return False
        return True

    await eventually(told, "the fact to be told")
    assert await presence.members(client, KIND) == {"y": {}}
    await client.aclose()
