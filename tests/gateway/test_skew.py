"""Those who try to skew a rating: they move it by next to nothing, and are told clearly."""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING

import pytest

from relay.audience.ratings import Ballot, cast_ballots, read
from relay.bus import keys
from relay.gateway.auth import Auth
from relay.gateway.keys import AUTH, LIVE
from tests.support.gateway import Answer, Gateway, go_dark, go_live, running
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from redis.asyncio import Redis

    from relay.gateway.live import Live

pytestmark = pytest.mark.parametrize("store_url", ["valkey"], indirect=True)

RATING = "/api/v1/broadcasts/demo/rating"
PROBLEM = "urn:eva-relay:problem:"
HONEST = 200


@pytest.fixture
async def behind(store: Redis, store_url: str, frontend: Path) -> AsyncIterator[Gateway]:
    """A gateway behind a proxy that tells the viewers' addresses, with a broadcast."""
    async with running(store_url, frontend, trusted_proxies=("127.0.0.1",)) as gateway:
        await gateway.begun("demo")
        yield gateway


def came(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


def old_cookie(gateway: Gateway, age_s: float = 3600) -> str:
    """The cookie of a viewer that came a while ago."""
    auth = gateway.app[AUTH]
    viewer = auth.new_viewer()[:22] + f"{int(time.time() - age_s):08x}"
    return f"eva_viewer={auth.signed(viewer)}"


async def honest(gateway: Gateway, count: int = HONEST) -> float:
    """Votes of people from all over the world; returns their average."""
    rng = random.Random(4)
    stars = [rng.choice((3, 4, 4, 5, 5, 5)) for _ in range(count)]

    async def one(number: int) -> None:
        address = f"100.{64 + number // 250}.{number % 250}.7"
        (await gateway.vote("demo", stars[number], headers=came(address))).ok()

    await asyncio.gather(*(one(number) for number in range(count)))
    found = await gateway.rating("demo")
    assert found == {"average": round(sum(stars) / count, 2), "count": count, "yours": None}
    return float(found["average"])


async def moved(gateway: Gateway, before: float) -> float:
    return abs(float((await gateway.rating("demo"))["average"]) - before)


@pytest.mark.parametrize("age_s", [0, 3600])
async def test_a_thousand_cookies_of_one_network(behind: Gateway, age_s: float) -> None:
    before = await honest(behind)
    answers, told = list[Answer](), set[int]()
    for start in range(0, 2000, 100):
        # New voters are counted by the minute: where one ends among them, a few more have to come.
        if start >= 1000 and len(told) > 1:
            break
        answers += await asyncio.gather(
            *(
                behind.vote(
                    "demo",
                    1,
                    cookie=old_cookie(behind, age_s),
                    headers=came(f"203.0.113.{(start + n) % 250}"),
                )
                for n in range(100)
            )
        )
        told = {answer.status for answer in answers}

    assert await moved(behind, before) < 0.05
    if age_s:  # they pretend to have watched: so many at once are refused in the end
        assert told == {200, 429}
        refused = next(answer for answer in answers if answer.status == 429)
        assert refused.problem(429)["type"] == f"{PROBLEM}too-often"
    else:
        assert told == {200, 403}
        refused = next(answer for answer in answers if answer.status == 403)
        assert refused.problem(403)["type"] == f"{PROBLEM}watch-first"
        assert "10 seconds" in refused.json()["detail"]
    # The last of the honest is still heard, and so is a neighbour of the attacker.
    (await behind.vote("demo", 5, headers=came("198.51.100.1"))).ok()


async def test_a_thousand_cookies_before_anybody_else(behind: Gateway) -> None:
    answers = []
    for _ in range(10):
        answers += await asyncio.gather(
            *(behind.vote("demo", 1, headers=came("203.0.113.9")) for _ in range(100))
        )
    assert {answer.status for answer in answers} == {200}  # there is no crowd yet to skew
    rng = random.Random(4)
    stars = [rng.choice((3, 4, 5, 5)) for _ in range(HONEST)]
    for number, each in enumerate(stars):
        (await behind.vote("demo", each, headers=came(f"100.64.{number}.7"))).ok()

    assert await moved(behind, sum(stars) / HONEST) < 0.05


async def test_one_network_at_a_quiet_minute(behind: Gateway) -> None:
    """Aiming at a minute of which nobody else speaks gets around nothing."""
    await honest(behind, 20)  # they speak of no moment
    at_us = (int(time.time()) // 60 - 5) * 60_000_000
    for number in range(100):
        body, headers = {"stars": 1, "at_us": at_us}, came(f"203.0.113.{number}")
        await behind.post(RATING, body, cookie=old_cookie(behind), headers=headers)
    (point,) = (await behind.get(f"{RATING}/series")).ok()["points"]
    assert point["count"] <= 3


async def test_slow_ones_count_like_a_few(store: Redis) -> None:
    """A network that sends a vote every few seconds all evening is not odd, only heavy."""

    async def cast(viewer: str, stars: int, network: str, now_s: float) -> float:
        ballot = Ballot("demo", viewer, stars, viewer, now_s, network, proven=True)
        outcome = (await cast_ballots(store, [ballot]))[0]
        assert isinstance(outcome, tuple)
        average = outcome[0].average
        assert average is not None
        return average

    for number in range(HONEST):
        before = await cast(f"h{number}", 4, f"n{number}", 0.0)
    for number in range(500):
        after = await cast(f"a{number}", 1, "attacker", number * 10.0)
    assert abs(after - before) < 0.05
    assert len(await store.hgetall(keys.votes("demo"))) == HONEST + 500  # set aside, and kept
    assert not await store.smembers(keys.rating_part("demo", "odd"))


async def test_large_networks_count_once_the_crowd_is_large(store: Redis) -> None:
    ballots = [
        Ballot("demo", f"{network}-{n}", 5, f"{network}-{n}", n * 60.0, f"{network}", proven=True)
        for network in range(400)
        for n in range(3 if network else 11)
    ]
    for start in range(0, len(ballots), 100):
        await cast_ballots(store, ballots[start : start + 100])
    assert (await read(store, "demo")).count == len(
        ballots
    )  # 1208 voters: a network may have 12 of them


async def test_replays_count_once(behind: Gateway) -> None:
    cookie = old_cookie(behind)
    headers = {"Idempotency-Key": "same"}
    for _ in range(20):
        found = (await behind.vote("demo", 1, cookie=cookie, headers=headers)).ok()
        assert (found["count"], found["average"]) == (1, 1.0)
    for stars in (1, 5, 1, 5):  # other keys change the one vote
        assert (await behind.vote("demo", stars, cookie=cookie)).ok()["count"] == 1


async def test_forged_cookies_are_refused(behind: Gateway) -> None:
    before = await honest(behind, 20)
    foreign = Auth(admin_token_hash="", viewer_key=b"another key")
    cookie = old_cookie(behind)
    forged = [
        f"eva_viewer={foreign.signed(foreign.new_viewer())}",
        *(f"eva_viewer={name}" for name in ("me", "me.sig", "a" * 500, "..")),
        cookie[:-1] + ("A" if cookie[-1] != "A" else "B"),
        cookie.replace("eva_viewer=", "eva_viewer=x"),
    ]
    for each in forged:
        answer = await behind.vote("demo", 1, cookie=each)
        assert answer.problem(403)["type"] == f"{PROBLEM}forged-viewer"
    assert await moved(behind, before) == 0


@pytest.mark.parametrize("stars", [0, 6, 1.5, "5", -1, None, True, [5]])
async def test_stars_that_are_none_are_refused(behind: Gateway, stars: object) -> None:
    answer = await behind.vote("demo", stars, cookie=old_cookie(behind))
    assert answer.problem(422)["detail"].startswith("stars: ")
    assert (await behind.rating("demo"))["count"] == 0


async def test_a_body_of_a_megabyte_is_refused(behind: Gateway) -> None:
    raw = b'{"stars": 1, "x": "' + b"x" * 1_000_000 + b'"}'
    answer = await behind.send("POST", RATING, raw=raw)
    answer.problem(413)
    assert (await behind.rating("demo"))["count"] == 0


async def test_claimed_addresses_are_believed_of_proxies_only(
    store: Redis, store_url: str, frontend: Path
) -> None:
    async with running(store_url, frontend) as gateway:
        await gateway.begun("demo")
        for number in range(30):
            (await gateway.vote("demo", 1, headers=came(f"100.64.{number}.1"))).ok()
    assert await store.zcard(keys.rating_part("demo", "networks")) == 1


async def test_one_who_has_watched_may_vote_from_a_crowded_network(
    behind: Gateway, store: Redis
) -> None:
    await honest(behind, 20)
    for number in range(20):
        (await behind.vote("demo", 4, headers=came(f"203.0.113.{number}"))).ok()
    cookie = old_cookie(behind, 3)
    answer = await behind.vote("demo", 4, cookie=cookie, headers=came("203.0.113.99"))
    answer.problem(403)
    viewer = cookie.partition("=")[2].partition(".")[0]
    await has_watched(store, f"viewer:{viewer}")
    (await behind.vote("demo", 4, cookie=cookie, headers=came("203.0.113.99"))).ok()


async def test_ids_that_were_only_kept_are_no_proof_while_there_is_a_picture(
    behind: Gateway, store: Redis
) -> None:
    await behind.camera("helmet")
    await behind.change("/api/v1/broadcasts/demo", cameras=["helmet"])
    await go_live(store, "helmet")
    live = behind.app[LIVE]
    await eventually(lambda: live.programme("demo", ["helmet"]) == "helmet", "the picture")
    await eventually(lambda: has_camera(live), "the broadcast")
    # Few votes, and one's own network among them, need no proof.
    (await behind.vote("demo", 5, headers=came("198.51.100.7"))).ok()
    await honest_more(behind, 20)
    for number in range(20):
        (await behind.vote("demo", 4, headers=came(f"203.0.113.{number}"))).ok()
    kept = old_cookie(behind)
    refused = await behind.vote("demo", 1, cookie=kept, headers=came("203.0.113.99"))
    assert refused.problem(403)["type"] == f"{PROBLEM}watch-first"
    await has_watched(store, f"viewer:{kept.partition('=')[2].partition('.')[0]}")
    (await behind.vote("demo", 4, cookie=kept, headers=came("203.0.113.99"))).ok()
    # Whoever comes from elsewhere is not asked, nor anybody once the picture is gone.
    (await behind.vote("demo", 4, headers=came("198.51.101.7"))).ok()
    await go_dark(store, "helmet")
    await eventually(lambda: live.programme("demo", ["helmet"]) is None, "no picture")
    cookie = old_cookie(behind)
    (await behind.vote("demo", 4, cookie=cookie, headers=came("203.0.113.98"))).ok()


def has_camera(live: Live) -> bool:
    broadcast = live.broadcast("demo")
    return broadcast is not None and broadcast.cameras == ("helmet",)


async def honest_more(gateway: Gateway, count: int) -> None:
    for number in range(count):
        (await gateway.vote("demo", 4, headers=came(f"100.64.{number}.7"))).ok()


async def has_watched(store: Redis, name: str) -> None:
    day = int(time.time()) // 86_400
    await store.hset(keys.watched("demo", day), name, "10")


def issued(gateway: Gateway, session: str) -> str:
    """A session's name as the gateway tells it to its viewer."""
    return gateway.app[AUTH].issue(session)


async def test_a_session_speaks_for_one_viewer(behind: Gateway, store: Redis) -> None:
    """A frame's page whose cookies are blocked is known on its events socket by its session."""
    await honest(behind, 20)
    for number in range(20):
        (await behind.vote("demo", 4, headers=came(f"203.0.113.{number}"))).ok()
    await has_watched(store, "session:edge-0.abc")
    await has_watched(store, "session:edge-0.abc:by")
    body, headers = {"stars": 4, "session": issued(behind, "edge-0.abc")}, came("203.0.113.99")
    first, second = old_cookie(behind, 3), old_cookie(behind, 3)
    for _ in range(2):
        (await behind.post(RATING, body, cookie=first, headers=headers)).ok()
    (await behind.post(RATING, body, cookie=second, headers=headers)).problem(403)
    third = old_cookie(behind, 3)
    for name in (issued(behind, "edge-0.xyz"), "edge-0.abc", "edge-0.abc:by", "edge-0.abc.xyz"):
        other = body | {"session": name}
        (await behind.post(RATING, other, cookie=third, headers=headers)).problem(403)
    for session in ("a b", "x" * 129, 5):
        (await behind.post(RATING, body | {"session": session})).problem(422)


async def test_a_viewer_that_votes_all_the_time(behind: Gateway) -> None:
    cookie = old_cookie(behind)
    answers = [await behind.vote("demo", 1 + n % 5, cookie=cookie) for n in range(100)]
    taken = [answer for answer in answers if answer.status == 200]
    assert 30 <= len(taken) <= 60  # a minute's, or two's where one ends meanwhile
    refused = next(answer for answer in answers if answer.status != 200)
    assert refused.problem(429)["type"] == f"{PROBLEM}too-often"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert (await behind.rating("demo"))["count"] == 1
