"""Rating a broadcast by the API."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from relay.gateway.keys import LIVE
from tests.support.gateway import go_live
from tests.support.listening import open_page
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from tests.support.gateway import Answer, Gateway

RATING = "/api/v1/broadcasts/demo/rating"
ONE_STORE = pytest.mark.parametrize("store_url", ["valkey"], indirect=True)


@pytest.fixture(autouse=True)
async def demo(gateway: Gateway) -> None:
    await gateway.begun("demo")


async def test_nobody_has_voted_at_first(gateway: Gateway) -> None:
    assert await gateway.rating("demo") == {"average": None, "count": 0, "yours": None}


async def test_a_vote_is_answered_with_the_rating(gateway: Gateway) -> None:
    first = await gateway.vote("demo", 5)
    assert first.ok() == {"average": 5.0, "count": 1, "yours": 5}
    second = await gateway.vote("demo", 2)
    assert second.ok() == {"average": 3.5, "count": 2, "yours": 2}

    expected = {"average": 3.5, "count": 2}
    assert await gateway.rating("demo", cookie=first.cookie()) == expected | {"yours": 5}
    assert await gateway.rating("demo", cookie=second.cookie()) == expected | {"yours": 2}
    assert await gateway.rating("demo") == expected | {"yours": None}


async def test_a_viewer_has_one_vote_and_may_change_it(gateway: Gateway) -> None:
    cookie = (await gateway.get("/b/demo")).cookie()

    for stars in (5, 1, 3, 3):
        answer = await gateway.vote("demo", stars, cookie=cookie)
        assert answer.ok() == {"average": float(stars), "count": 1, "yours": stars}
        assert "Set-Cookie" not in answer.headers


async def test_a_vote_without_a_cookie_gets_one(gateway: Gateway) -> None:
    cookie = (await gateway.vote("demo", 5)).cookie()

    assert (await gateway.vote("demo", 1, cookie=cookie)).ok()["count"] == 1


@ONE_STORE
@pytest.mark.parametrize(
    "stars", [0, 6, -1, 1.5, 5.0, "5", "", True, False, None, [5], {"stars": 5}, 10**30, 1e300]
)
async def test_anything_but_one_to_five_stars_is_refused(gateway: Gateway, stars: object) -> None:
    answer = await gateway.vote("demo", stars)

    assert answer.problem(422)["detail"].startswith("stars: ")
    assert "Set-Cookie" not in answer.headers
    assert (await gateway.rating("demo"))["count"] == 0


@ONE_STORE
async def test_stars_have_to_be_there_and_nothing_else(gateway: Gateway) -> None:
    for body in ({}, {"star": 5}, {"stars": 5, "viewer": "me"}):
        (await gateway.post(RATING, body)).problem(422)
    assert (await gateway.rating("demo"))["count"] == 0


# --- sent again ----------------------------------------------------------------------------------


async def test_a_vote_that_is_sent_again_counts_once(gateway: Gateway) -> None:
    cookie = (await gateway.get("/")).cookie()
    headers = {"Idempotency-Key": "4d1a0a3e-0c4f-4b29-9f0a-0f4b3c2d1e0f"}

    answers = await asyncio.gather(
        *(gateway.vote("demo", 4, cookie=cookie, headers=headers) for _ in range(10))
    )

    assert all(answer.ok() == {"average": 4.0, "count": 1, "yours": 4} for answer in answers)


async def test_a_first_vote_that_is_sent_again_counts_once_too(gateway: Gateway) -> None:
    """Its answer was lost, and the cookie with it."""
    headers = {"Idempotency-Key": "first", "User-Agent": "one"}

    answers = [await gateway.vote("demo", 4, headers=headers) for _ in range(3)]

    assert all(answer.ok() == {"average": 4.0, "count": 1, "yours": 4} for answer in answers)
    assert len({answer.cookie() for answer in answers}) == 1


async def test_the_same_key_from_others_is_another_vote(gateway: Gateway) -> None:
    first = await gateway.vote("demo", 4, headers={"Idempotency-Key": "1", "User-Agent": "one"})
    other = await gateway.vote("demo", 2, headers={"Idempotency-Key": "1", "User-Agent": "two"})
    cookie = (await gateway.get("/")).cookie()
    third = await gateway.vote("demo", 3, cookie=cookie, headers={"Idempotency-Key": "1"})

    assert [answer.ok()["count"] for answer in (first, other, third)] == [1, 2, 3]
    assert len({first.cookie(), other.cookie(), cookie}) == 3


async def test_without_a_key_every_first_vote_is_another_viewers(gateway: Gateway) -> None:
    for number in range(1, 4):
        assert (await gateway.vote("demo", 5)).ok()["count"] == number


async def test_a_replayed_vote_from_before_a_deletion_counts(gateway: Gateway) -> None:
    cookie = (await gateway.get("/")).cookie()
    headers = {"Idempotency-Key": "k"}
    await gateway.vote("demo", 4, cookie=cookie, headers=headers)
    await gateway.send("DELETE", "/api/v1/broadcasts/demo", admin=True)
    await gateway.begun("demo")

    answer = await gateway.vote("demo", 4, cookie=cookie, headers=headers)

    assert answer.ok() == {"average": 4.0, "count": 1, "yours": 4}


@ONE_STORE
@pytest.mark.parametrize("key", ["", " ", "x" * 65, "a b", "a:b", "ü", "a/b", '"a"', "{demo}"])
async def test_a_key_of_other_signs_is_refused(gateway: Gateway, key: str) -> None:
    answer = await gateway.vote("demo", 5, headers={"Idempotency-Key": key})

    assert "Idempotency-Key" in answer.problem(422)["detail"]
    assert (await gateway.rating("demo"))["count"] == 0


# --- before and after ----------------------------------------------------------------------------


@ONE_STORE
async def test_a_broadcast_that_has_not_begun_is_not_rated(gateway: Gateway, store: Redis) -> None:
    later = (datetime.now(UTC) + timedelta(hours=3)).isoformat()
    await gateway.camera("helmet")
    await gateway.camera("drone")
    await gateway.broadcast("planned", starts_at=later, cameras=["helmet"])
    await gateway.broadcast("some-day", cameras=["drone"])
    for slug in ("planned", "some-day"):
        refused = (await gateway.vote(slug, 5)).problem(409)
        assert refused["type"] == "urn:eva-relay:problem:not-begun"
        assert (await gateway.rating(slug))["count"] == 0
    # Hours before the start a camera is tried out; where no start was announced, it is the start.
    for camera in ("helmet", "drone"):
        await go_live(store, camera)

    async def state(slug: str) -> str:
        return str((await gateway.get(f"/api/v1/broadcasts/{slug}")).ok()["state"])

    await eventually(lambda: "drone" in gateway.app[LIVE].cameras, "the cameras to be known")
    assert [await state("planned"), await state("some-day")] == ["before", "live"]
    (await gateway.vote("planned", 5)).problem(409)
    (await gateway.vote("some-day", 5)).ok()


@ONE_STORE
async def test_a_broadcast_that_is_over_is_rated(gateway: Gateway) -> None:
    """People rate what they saw, and who saw it to the end knows best."""
    now = datetime.now(UTC).isoformat()
    await gateway.change("/api/v1/broadcasts/demo", ended_at=now)
    assert (await gateway.vote("demo", 4)).ok()["count"] == 1


# --- many ----------------------------------------------------------------------------------------


async def test_two_hundred_votes_at_once_all_count(gateway: Gateway) -> None:
    answers = await asyncio.gather(*(gateway.vote("demo", 1 + n % 5) for n in range(200)))

    assert {answer.status for answer in answers} == {200}
    assert sorted(answer.ok()["count"] for answer in answers) == list(range(1, 201))
    assert await gateway.rating("demo") == {"average": 3.0, "count": 200, "yours": None}


# --- moments -------------------------------------------------------------------------------------


def minute(ago: int) -> int:
    """The middle of a minute, so many before the present one, µs since the epoch."""
    return (int(time.time()) // 60 - ago) * 60_000_000 + 30_000_000


async def vote_at(gateway: Gateway, stars: int, at_us: object, cookie: str | None = None) -> Answer:
    return await gateway.post(RATING, {"stars": stars, "at_us": at_us}, cookie=cookie)


@ONE_STORE
async def test_votes_make_a_series(gateway: Gateway) -> None:
    empty = (await gateway.get(f"{RATING}/series")).ok()
    assert empty == {"bucket_s": 60, "points": [], "moments": []}
    cookie = (await gateway.get("/")).cookie()
    early, late = minute(10), minute(5)
    async with open_page(gateway, "demo") as page:
        (await vote_at(gateway, 2, early, cookie)).ok()
        await page.hear_type("rating_series")
        (await vote_at(gateway, 4, early, cookie)).ok()  # instead of the one before
        (await vote_at(gateway, 5, early)).ok()
        (await vote_at(gateway, 1, late, cookie)).ok()
        (await gateway.vote("demo", 3)).ok()  # speaks of no moment

    found = (await gateway.get(f"{RATING}/series")).ok()
    assert [(each["count"], each["average"]) for each in found["points"]] == [(2, 4.5), (1, 1.0)]
    at = datetime.fromisoformat(found["points"][0]["at"])
    assert at.timestamp() == early // 1_000_000 - 30
    assert found["moments"] == found["points"][:1]
    assert (await gateway.rating("demo"))["count"] == 3


@ONE_STORE
@pytest.mark.parametrize("ago_min", [25 * 60, -25 * 60])
async def test_a_moment_is_one_of_the_last_day(gateway: Gateway, ago_min: int) -> None:
    await refused_as_moment(gateway, minute(ago_min))


@ONE_STORE
@pytest.mark.parametrize("at_us", [0, -1, 1.5, "now", True, 10**18])
async def test_a_moment_is_a_time_in_microseconds(gateway: Gateway, at_us: object) -> None:
    await refused_as_moment(gateway, at_us)


async def refused_as_moment(gateway: Gateway, at_us: object) -> None:
    assert "at_us" in (await vote_at(gateway, 5, at_us)).problem(422)["detail"]
    assert (await gateway.rating("demo"))["count"] == 0


@ONE_STORE
async def test_pages_that_ask_at_once_read_one_series(gateway: Gateway, store: Redis) -> None:
    """And none of them reads one from before the change that it was told of."""

    async def reads() -> int:
        told = await store.info("commandstats")
        return int(told["cmdstat_hgetall"]["calls"])

    async with open_page(gateway, "demo") as page:
        (await vote_at(gateway, 2, minute(10))).ok()
        await page.hear_type("rating_series")
        before = await reads()
        answers = await asyncio.gather(*(gateway.get(f"{RATING}/series") for _ in range(50)))
        assert len({answer.text for answer in answers}) == 1
        assert len(answers[0].ok()["points"]) == 1
        # The gateway itself looks around once a second.
        assert await reads() - before < 25
        (await vote_at(gateway, 4, minute(5))).ok()
        await page.hear_type("rating_series")
        assert len((await gateway.get(f"{RATING}/series")).ok()["points"]) == 2


@ONE_STORE
async def test_a_moment_before_the_broadcast_is_its_first(gateway: Gateway) -> None:
    await begin(gateway, 30)
    (await vote_at(gateway, 5, minute(20 * 60))).ok()
    (point,) = (await gateway.get(f"{RATING}/series")).ok()["points"]
    assert datetime.fromisoformat(point["at"]).timestamp() == minute(30) // 1_000_000 - 30


@ONE_STORE
async def test_a_series_begins_anew_with_its_broadcast(gateway: Gateway) -> None:
    await begin(gateway, 40)
    (await vote_at(gateway, 5, minute(30))).ok()
    assert len((await gateway.get(f"{RATING}/series")).ok()["points"]) == 1
    await begin(gateway, 10)
    assert (await gateway.get(f"{RATING}/series")).ok()["points"] == []


async def begin(gateway: Gateway, ago: int) -> None:
    """Have the broadcast begin so many minutes ago."""
    starts = datetime.fromtimestamp(minute(ago) / 1e6, UTC)
    await gateway.change("/api/v1/broadcasts/demo", starts_at=starts.isoformat())
    await eventually(lambda: knows_start(gateway, starts), "the beginning to be known")


def knows_start(gateway: Gateway, starts: datetime) -> bool:
    broadcast = gateway.app[LIVE].broadcast("demo")
    return broadcast is not None and broadcast.starts_at == starts
