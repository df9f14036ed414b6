"""Votes in the state: one a viewer, changeable, counted once, and the totals always theirs."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import pytest

from relay.audience import ratings
from relay.audience.ratings import Ballot
from relay.bus import keys
from relay.bus.client import connect, connect_blocking
from relay.bus.events import subscribe
from relay.errors import StoreError
from relay.ids import new_id
from tests.support.proxy import Proxy
from tests.support.stalls import HANG_S
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from relay.audience.ratings import Rating
    from tests.support.server import Server


async def vote(store: Redis, viewer: str, stars: int, key: str | None = None) -> Rating:
    return (await ratings.vote(store, store, ballot(viewer, stars, key or new_id())))[0]


def ballot(viewer: str, stars: int, key: str) -> Ballot:
    return Ballot("b", viewer, stars, key, now_s=0.0)


def summary(rating: Rating) -> tuple[int, int, int | None]:
    return rating.total, rating.count, rating.yours


async def stored(client: Redis) -> tuple[dict[str, int], int, int]:
    """All votes, and the totals beside them."""
    votes = await client.hgetall(keys.votes("b"))
    totals = await client.hgetall(keys.rating("b"))
    return (
        {viewer.decode(): int(stars) for viewer, stars in votes.items()},
        int(totals.get(b"sum", 0)),
        int(totals.get(b"count", 0)),
    )


async def test_before_the_first_vote(store: Redis):
    rating = await ratings.read(store, "b", "anna")
    assert summary(rating) == (0, 0, None)
    assert rating.average is None


async def test_one_vote_a_viewer(store: Redis):
    assert summary(await vote(store, "anna", 5)) == (5, 1, 5)
    assert summary(await vote(store, "ben", 2)) == (7, 2, 2)
    assert summary(await vote(store, "anna", 4)) == (6, 2, 4)
    rating = await ratings.read(store, "b", "anna")
    assert summary(rating) == (6, 2, 4)
    assert rating.average == 3.0
    assert summary(await ratings.read(store, "b")) == (6, 2, None)
    assert summary(await ratings.read(store, "another", "anna")) == (0, 0, None)


@pytest.mark.parametrize(("total", "count", "average"), [(14, 3, 4.67), (1, 1, 1.0), (10, 4, 2.5)])
def test_average(total: int, count: int, average: float):
    assert ratings.Rating(total, count).average == average


async def test_a_vote_that_is_sent_again_counts_once(store: Redis):
    for _ in range(3):
        assert summary(await vote(store, "anna", 3, "key")) == (3, 1, 3)
    await vote(store, "anna", 5, "another")
    # The answer to the first was lost, and comes now: it changes nothing any more.
    assert summary(await vote(store, "anna", 3, "key")) == (5, 1, 5)


async def test_the_last_few_receipts_of_each_viewer_are_kept(store: Redis):
    for number in range(50):
        await vote(store, "anna", 1 + number % 5, f"key-{number}")
    receipts = await store.hgetall(keys.rating_part("b", "receipts"))
    assert receipts == {b"anna": b"0 50 key-49 key-48 key-47 key-46 "}
    for key in ("key-49", "key-46"):
        assert summary(await vote(store, "anna", 2, key)) == (5, 1, 5)
    assert not await store.keys("*receipt:*")
    assert {key.decode() for key in await store.keys("*")} <= {
        *keys.of_broadcast("b"),
        keys.rating_part("b", "minute:0"),
    }


async def test_a_viewer_and_a_network_have_a_pace(store: Redis):
    async def cast(viewer: str, key: str, now_s: float, network: str = "net") -> ratings.Refusal:
        each = Ballot("b", viewer, 3, key, now_s, network)
        outcome = (await ratings.cast_ballots(store, [each], pace=3))[0]
        assert isinstance(outcome, tuple)
        return outcome[1]

    for number in range(3):
        assert not await cast("anna", f"{number}", 0.0)
    assert await cast("anna", "3", 59.0) is ratings.Refusal.HASTY
    assert not await cast("anna", "2", 59.0), "what was counted is acknowledged again"
    assert not await cast("ben", "0", 59.0)
    assert not await cast("anna", "3", 60.0)
    # 120 viewers' votes of a network, by viewers of whom none is too hasty.
    for number in range(359):
        assert not await cast(f"v{number}", "0", 61.0)
    assert await cast("another", "0", 61.0) is ratings.Refusal.HASTY
    assert not await cast("another", "0", 61.0, "elsewhere")
    assert (await stored(store))[2] == 362


async def test_another_viewers_key_takes_no_vote_away(store: Redis):
    await vote(store, "anna", 3, "key")
    assert summary(await vote(store, "ben", 5, "key")) == (8, 2, 5)


async def test_votes_of_a_broadcast_that_was_deleted_are_forgotten(store: Redis):
    await vote(store, "anna", 3, "key")
    await store.delete(*keys.of_broadcast("b"))
    assert summary(await ratings.read(store, "b", "anna")) == (0, 0, None)
    # A new one of that name, within the day that a receipt is kept.
    assert summary(await vote(store, "anna", 4, "key")) == (4, 1, 4)


async def test_every_page_hears_of_a_vote(store: Redis, store_url: str):
    blocking = connect_blocking(store_url)
    heard: list[object] = []

    async def listen() -> None:
        async for message in subscribe(blocking, keys.broadcast_events("b")):
            heard.append(message)  # noqa: PERF401 - it has no end

    task = asyncio.create_task(listen())
    await eventually(lambda: heard, "the subscription")
    await vote(store, "anna", 5)
    await vote(store, "ben", 4)
    await eventually(lambda: len(heard) == 3, "the votes")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await blocking.aclose()
    assert [event[1] for event in heard[1:]] == [
        {"type": "rating", "average": 5.0, "count": 1},
        {"type": "rating", "average": 4.5, "count": 2},
    ]


async def test_a_vote_counts_though_nobody_can_be_told(store: Redis, tmp_path):
    away = connect(f"unix://{tmp_path}/nobody.sock")
    rating, _ = await ratings.vote(store, away, ballot("anna", 5, new_id()))
    assert summary(rating) == (5, 1, 5)
    await away.aclose()


async def test_concurrent_voters(store: Redis):
    rng = random.Random(3)
    viewers = [f"v{n}" for n in range(40)]

    async def voter(viewer: str) -> None:
        for _ in range(10):
            await vote(store, viewer, rng.randint(1, 5))
            _, total, count = await stored(store)
            assert count <= len(viewers)
            assert count <= total <= 5 * count

    await asyncio.gather(*(voter(viewer) for viewer in [*viewers, *viewers]))
    votes, total, count = await stored(store)
    assert len(votes) == count == 40
    assert sum(votes.values()) == total


async def test_lost_answers_lose_and_double_nothing(store: Redis, store_url: str):
    # Voters whose connections are cut send their votes again, with the same key.
    async with Proxy(store_url).running() as proxy:
        client = connect(proxy.url)
        done = asyncio.Event()

        async def cut() -> None:
            while not done.is_set():
                await asyncio.sleep(0.01)
                proxy.cut()

        cutting = asyncio.create_task(cut())
        final = await crowd(client, store, [f"v{n}" for n in range(30)], rounds=6)
        done.set()
        await cutting
        await client.aclose()
    assert await stored(store) == (final, sum(final.values()), len(final))


async def crowd(client: Redis, bus: Redis, viewers: list[str], *, rounds: int) -> dict[str, int]:
    """Many voters who send until they are answered; returns each one's last stars."""
    rng, final = random.Random(5), {}

    async def voter(viewer: str) -> None:
        for _ in range(rounds):
            stars, key = rng.randint(1, 5), new_id()
            while True:
                try:
                    rating, _ = await ratings.vote(client, bus, ballot(viewer, stars, key))
                except StoreError:
                    await asyncio.sleep(0.005)
                else:
                    break
            assert rating.yours == stars
            final[viewer] = stars

    await asyncio.gather(*(voter(viewer) for viewer in viewers))
    return final


async def test_a_state_that_is_killed_loses_and_doubles_nothing(own_state: Server, store: Redis):
    (votes, *totals), final = await votes_over_kills(own_state, store)
    assert votes == final
    assert totals == [sum(final.values()), len(final)]


async def test_a_vote_that_a_killed_state_forgets_is_seen(own_state: Server, store: Redis):
    (votes, *_), final = await votes_over_kills(own_state, store, forgets="until-1-0")
    assert {viewer for viewer in final if votes[viewer] != final[viewer]} == {"until-1-0"}


async def votes_over_kills(
    server: Server, bus: Redis, *, forgets: str = ""
) -> tuple[tuple[dict[str, int], int, int], dict[str, int]]:
    """Kill the state three times while some vote; what is stored then, and each one's last stars.

    Each time others have just stopped: what they were acknowledged last nobody overwrites.
    """
    client, final = connect(server.url), dict[str, int]()
    voting = asyncio.create_task(crowd(client, bus, [f"v{n}" for n in range(20)], rounds=60))
    for kill in range(3):
        stopping = [f"until-{kill}-{n}" for n in range(20)]
        final |= await crowd(client, bus, stopping, rounds=5)
        assert not voting.done()
        await asyncio.to_thread(server.restart)
        if forgets in stopping:
            await give_other_stars(server, forgets)
        await consistent(server)
    async with asyncio.timeout(HANG_S):
        final |= await voting
    found = await stored(client)
    await client.aclose()
    return found, final


async def give_other_stars(server: Server, viewer: str) -> None:
    """Change a vote behind everybody's back."""
    client = connect(server.url)
    before = int(await client.hget(keys.votes("b"), viewer))
    after = before % 5 + 1
    async with client.pipeline(transaction=True) as pipe:
        pipe.hset(keys.votes("b"), viewer, after)
        pipe.hincrby(keys.rating("b"), "sum", after - before)
        await pipe.execute()
    await client.aclose()


async def consistent(server: Server) -> None:
    """After any crash the totals are those of the votes."""
    client = connect(server.url)
    async with client.pipeline(transaction=True) as pipe:
        pipe.hgetall(keys.votes("b"))
        pipe.hmget(keys.rating("b"), "sum", "count")
        votes, (total, count) = await pipe.execute()
    assert (sum(map(int, votes.values())), len(votes)) == (int(total or 0), int(count or 0))
    await client.aclose()
