"""Stars, over both kinds of store: each viewer counts once, and totals match the votes."""

from __future__ import annotations

import asyncio
import json
import random
from itertools import count
from typing import TYPE_CHECKING

import pytest

from relay.audience import ratings
from relay.audience.ratings import Ballot, Rating
from relay.bus import keys
from relay.bus.client import connect
from relay.errors import StoreError
from tests.support.stalls import HANG_S
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from redis.asyncio import Redis

_numbers = count()


async def vote(store: Redis, viewer: str, stars: int, key: str = "", slug: str = "demo") -> Rating:
    return (
        await ratings.vote(
            store, store, Ballot(slug, viewer, stars, key or f"key-{next(_numbers)}", now_s=0.0)
        )
    )[0]


@pytest.mark.parametrize(
    ("total", "number", "average"),
    [(0, 0, None), (5, 1, 5.0), (7, 2, 3.5), (10, 3, 3.33), (11, 3, 3.67), (1, 1, 1.0)],
)
def test_the_average_has_two_decimals(total: int, number: int, average: float | None) -> None:
    assert Rating(total, number).average == average


async def test_nobody_has_voted_at_first(store: Redis) -> None:
    assert await ratings.read(store, "demo") == Rating(0, 0)
    assert await ratings.read(store, "demo", "ada") == Rating(0, 0)


async def test_a_vote_counts_and_is_known_again(store: Redis) -> None:
    assert await vote(store, "ada", 5) == Rating(5, 1, yours=5)
    assert await vote(store, "bob", 2) == Rating(7, 2, yours=2)

    assert await ratings.read(store, "demo", "ada") == Rating(7, 2, yours=5)
    assert await ratings.read(store, "demo", "eve") == Rating(7, 2)
    assert await ratings.read(store, "demo") == Rating(7, 2)


async def test_a_later_vote_replaces_the_earlier_one(store: Redis) -> None:
    for stars in (5, 1, 1, 4):
        assert await vote(store, "ada", stars) == Rating(stars, 1, yours=stars)


async def test_a_vote_that_is_sent_again_counts_once(store: Redis) -> None:
    first = await vote(store, "ada", 5, key="k")

    assert await vote(store, "ada", 5, key="k") == first
    assert await vote(store, "ada", 1, key="k") == first, "the first of a key is what counts"


async def test_an_old_vote_that_comes_again_changes_nothing(store: Redis) -> None:
    await vote(store, "ada", 5, key="first")
    await vote(store, "ada", 2, key="second")

    assert await vote(store, "ada", 5, key="first") == Rating(2, 1, yours=2)


async def test_broadcasts_have_nothing_to_do_with_each_other(store: Redis) -> None:
    await vote(store, "ada", 5, key="k")
    await vote(store, "ada", 1, key="k", slug="other")

    assert await ratings.read_many(store, ["demo", "none", "other"], "ada") == {
        "demo": Rating(5, 1, yours=5),
        "none": Rating(0, 0),
        "other": Rating(1, 1, yours=1),
    }
    assert await ratings.read_many(store, []) == {}


async def test_a_vote_from_before_a_deletion_may_come_again(store: Redis) -> None:
    await vote(store, "ada", 5, key="k")
    await store.delete(keys.rating("demo"), keys.votes("demo"))

    assert await vote(store, "ada", 5, key="k") == Rating(5, 1, yours=5)
    assert await vote(store, "ada", 5, key="k") == Rating(5, 1, yours=5)


async def test_totals_match_the_votes_whatever_happens_at_once(store: Redis) -> None:
    dice = random.Random(1)
    viewers = [f"viewer-{number}" for number in range(20)]

    async def one(number: int) -> None:
        key = f"key-{number // 2}"  # each is sent twice
        await vote(store, viewers[number // 2 % 20], dice.randint(1, 5), key=key)

    await asyncio.gather(*(one(number) for number in range(200)))

    stars = [int(value) for value in (await store.hgetall(keys.votes("demo"))).values()]
    assert await ratings.read(store, "demo") == Rating(sum(stars), len(stars))
    assert len(stars) == 20


async def test_every_page_is_told(store: Redis, blocking_store: Redis) -> None:
    async with blocking_store.pubsub() as heard:
        await heard.subscribe(keys.broadcast_events("demo"))
        await heard.get_message(timeout=HANG_S)
        await vote(store, "ada", 4)
        message = await eventually(
            lambda: heard.get_message(ignore_subscribe_messages=True, timeout=0.5), "the event"
        )

    assert json.loads(message["data"]) == {"type": "rating", "average": 4.0, "count": 1}


async def test_a_vote_is_kept_where_the_bus_is_away(store: Redis) -> None:
    nowhere = connect("unix:///nowhere/bus.sock")

    rating, _ = await ratings.vote(store, nowhere, Ballot("demo", "ada", 4, "k", now_s=0.0))

    assert rating == Rating(4, 1, yours=4)
    await nowhere.aclose()


async def test_a_vote_is_refused_where_the_state_is_away(store: Redis) -> None:
    nowhere = connect("unix:///nowhere/state.sock")

    with pytest.raises(StoreError, match="storing votes"):
        await ratings.vote(nowhere, store, Ballot("demo", "ada", 4, "k", now_s=0.0))
    with pytest.raises(StoreError, match="reading ratings"):
        await ratings.read(nowhere, "demo")
    await nowhere.aclose()
