"""What an open page hears: the state first, then every change."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING

import aiohttp
import pytest

from relay.bus import presence, sessions
from relay.gateway import events
from relay.gateway.access import GRANT_S
from relay.gateway.keys import ACCESS
from relay.state.rights import Pass
from tests.support.gateway import (
    LADDER,
    LONG_MS,
    RUNGS,
    Gateway,
    edge_up,
    go_dark,
    go_live,
    look,
    running,
)
from tests.support.listening import open_page
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from redis.asyncio import Redis

pytestmark = pytest.mark.parametrize("store_url", ["valkey"], indirect=True)

DEMO = "/api/v1/broadcasts/demo"


@pytest.fixture(autouse=True)
async def demo(gateway: Gateway) -> None:
    for name in ("helmet", "drone"):
        await gateway.camera(name)
    await gateway.begun("demo", cameras=["helmet", "drone"])


async def test_the_state_comes_first(gateway: Gateway, store: Redis) -> None:
    async with open_page(gateway, "demo") as page:
        assert page.state == (await gateway.get(DEMO)).ok()
        assert page.state["programme"] is None


async def test_a_page_that_comes_later_is_told_all_that_is(gateway: Gateway, store: Redis) -> None:
    async with open_page(gateway, "demo") as page:
        await go_live(store, "drone")
        await page.hear_type("programme", camera="drone")
        await gateway.vote("demo", 4)

        async with open_page(gateway, "demo") as later:
            assert later.state["programme"] == "drone"
            assert later.state["state"] == "live"
            assert later.state["rating"]["count"] == 1
            assert [c["live"] for c in later.state["cameras"]] == [False, True]
            assert later.state["cameras"][1]["renditions"] == RUNGS


async def test_cameras_come_and_go(gateway: Gateway, store: Redis) -> None:
    async with open_page(gateway, "demo") as page:
        await go_live(store, "drone")
        came = await page.hear_type("camera", id="drone")
        absent = {"no_picture": False, "seen_at": None}
        camera = {"type": "camera", "id": "drone", "clock": "arrival"}
        assert came == camera | {"live": True, "renditions": RUNGS} | absent
        await page.hear_type("programme", camera="drone")

        await go_live(store, "helmet")
        await page.hear_type("camera", id="helmet", live=True)

        await go_dark(store, "drone")
        gone = await page.hear_type("camera", id="drone")
        assert gone == camera | {"live": False, "renditions": []} | absent
        await page.hear_type("programme", camera="helmet")
    programmes = [event["camera"] for event in page.heard if event["type"] == "programme"]
    assert programmes == ["drone", "helmet"]


async def test_a_ladder_that_changes_is_told(gateway: Gateway, store: Redis) -> None:
    await go_live(store, "helmet")
    async with open_page(gateway, "demo") as page:
        await go_live(store, "helmet", ladder=LADDER | {"video": RUNGS[1:]})

        event = await page.hear_that(
            lambda e: e["type"] == "camera" and e["renditions"] == RUNGS[1:], "the new ladder"
        )
        assert event["id"] == "helmet"


async def watch(store: Redis, *watching: str) -> None:
    """Let just these sessions watch."""
    for session in ("e.1", "e.2"):
        await sessions.withdraw(store, "demo", session)
    await sessions.tell(store, "demo", dict.fromkeys(watching, 0.0))
    await look(store)


async def test_the_number_of_viewers_is_told(gateway: Gateway, store: Redis) -> None:
    async with open_page(gateway, "demo") as page:
        assert page.state["viewers"] == 0
        await watch(store, "e.1", "e.2")
        await page.hear_type("viewers", count=2)
        await watch(store, "e.1")
        await page.hear_type("viewers", count=1)


async def test_a_page_that_is_opened_again_hears_the_same_number_anew(
    gateway: Gateway, store: Redis
) -> None:
    """Its own viewer counts only a moment after the page's state was sent, each time."""
    for _ in range(3):
        async with open_page(gateway, "demo") as page:
            await watch(store, "e.1")
            await page.hear_type("viewers", count=1)
        await watch(store)

        async def nobody_watches() -> bool:
            return bool((await gateway.get(DEMO)).ok()["viewers"] == 0)

        await eventually(nobody_watches, "the viewer to be gone")


async def test_the_loss_of_each_edge_is_told(gateway: Gateway, store: Redis) -> None:
    await edge_up(store, "edge-0")
    async with open_page(gateway, "demo") as page:
        for name in ("edge-0", "edge-1"):
            await store.publish("edges", json.dumps({"edge": name}))
        for name in ("edge-0", "edge-1"):
            await page.hear_type("edge_lost", edge=name)


async def test_a_broadcast_that_changes_is_told_whole(gateway: Gateway, store: Redis) -> None:
    cookie = (await gateway.vote("demo", 4)).cookie()
    async with open_page(gateway, "demo", cookie=cookie) as voter, open_page(gateway, "demo") as p:
        await gateway.change(DEMO, title="Renamed", ended_at="2026-01-01T00:00:00Z")
        await look(store)
        for page, yours in ((voter, 4), (p, None)):
            told = (await page.hear_type("state"))["broadcast"]
            assert (told["title"], told["state"]) == ("Renamed", "ended")
            assert told["rating"] == {"average": 4.0, "count": 1, "yours": yours}

        await gateway.change("/api/v1/cameras/helmet", name="Helmet of EV1")
        await look(store)
        told = (await p.hear_type("state"))["broadcast"]
        assert told["cameras"][0]["name"] == "Helmet of EV1"


async def test_pages_of_other_broadcasts_hear_nothing_of_it(gateway: Gateway, store: Redis) -> None:
    await gateway.begun("other", cameras=["helmet"])
    async with open_page(gateway, "other") as page:
        await go_live(store, "drone")
        await gateway.vote("demo", 5)
        await gateway.vote("other", 1)
        await page.hear_type("rating", count=1, average=1.0)
    assert [event["type"] for event in page.heard] == ["rating"]


async def test_a_page_knows_its_own_vote(gateway: Gateway) -> None:
    cookie = (await gateway.vote("demo", 4)).cookie()

    async with open_page(gateway, "demo", cookie=cookie) as page:
        assert page.state["rating"] == {"average": 4.0, "count": 1, "yours": 4}
    async with open_page(gateway, "demo", cookie="eva_viewer=x.y") as page:
        assert page.state["rating"] == {"average": 4.0, "count": 1, "yours": None}


# --- what a page says ----------------------------------------------------------------------------


async def test_the_clock_is_told_when_asked(gateway: Gateway) -> None:
    async with open_page(gateway, "demo") as page:
        for t0 in (0, 12.5, -1, 1e300):
            before = time.time_ns() // 1000
            await page.socket.send_json({"type": "clock", "t0": t0})
            told = await page.hear_type("clock")
            assert told["t0"] == t0
            assert before <= told["server_us"] <= time.time_ns() // 1000


MALFORMED = [
    *("", "{", "null", "[]", "5", '"clock"', "{}", '{"type": "clock"}', '{"type": "vote"}'),
    *('{"type": ["clock"]}', '{"type": "clock", "t0": true}', '{"type": "clock", "t0": "1"}'),
    *(
        '{"type": "clock", "t0": NaN}',
        '{"type": "clock", "t0": 1e999}',
        '{"type": "clock", "t0": {}}',
        '{"type": "clock", "t0": 1' + "0" * 400 + "}",
    ),
    *("[" * 4000, '{"a":' * 800, "\0", "\ud7ff" * 1000, '{"type": "clock", "t0": null}'),
]


async def test_whatever_else_a_page_says_is_left_alone(
    gateway: Gateway, logged: Callable[[], str]
) -> None:
    async with open_page(gateway, "demo") as page:
        for text in MALFORMED:
            await page.socket.send_str(text)
            await page.socket.send_bytes(text.encode())
        await page.socket.ping()
        await page.socket.send_json({"type": "clock", "t0": 1})
        assert (await page.hear())["t0"] == 1
    assert "error" not in logged()


async def test_an_oversized_message_ends_the_line(gateway: Gateway) -> None:
    async with open_page(gateway, "demo") as page, open_page(gateway, "demo") as other:
        await page.socket.send_str("x" * 4097)
        assert await page.hang_up() == aiohttp.WSCloseCode.MESSAGE_TOO_BIG

        await other.socket.send_json({"type": "clock", "t0": 1})
        await other.hear_type("clock")


# --- ends ----------------------------------------------------------------------------------------


async def test_pages_of_a_deleted_broadcast_are_hung_up_on(gateway: Gateway, store: Redis) -> None:
    await gateway.begun("other")
    async with open_page(gateway, "demo") as page, open_page(gateway, "other") as other:
        (await gateway.send("DELETE", DEMO, admin=True)).ok(204)
        await look(store)

        assert await page.hang_up() == 4404
        await gateway.vote("other", 5)
        await other.hear_type("rating")


async def test_pages_of_a_broadcast_that_is_closed_are_hung_up_on_unless_they_have_a_grant(
    gateway: Gateway, store: Redis
) -> None:
    cookie = f"eva_access={gateway.app[ACCESS].cookie('', Pass('demo', 1), time.time())}"
    async with open_page(gateway, "demo") as page, open_page(gateway, "demo", cookie=cookie) as let:
        await gateway.change(DEMO, access="closed")
        await look(store)

        assert await page.hang_up() == 4401
        await let.hear_that(
            lambda e: e["type"] == "state" and e["broadcast"]["access"] == "closed", "the new state"
        )


async def test_a_grant_that_has_run_out_is_told_with_the_next_change(
    gateway: Gateway, store: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    await gateway.change(DEMO, access="closed")
    now_s = time.time()
    cookie = f"eva_access={gateway.app[ACCESS].cookie('', Pass('demo', 1), now_s)}"
    async with open_page(gateway, "demo", cookie=cookie) as page:
        later = SimpleNamespace(time=lambda: now_s + GRANT_S + 1)
        monkeypatch.setattr("relay.gateway.access.time", later)
        await gateway.change(DEMO, title="Another")
        await look(store)
        assert await page.hang_up() == 4401


async def test_pages_are_told_that_their_gateway_stops(
    store: Redis, store_url: str, frontend: Path
) -> None:
    async with running(store_url, frontend) as gateway, open_page(gateway, "demo") as page:
        code, _ = await asyncio.gather(page.hang_up(), gateway.stop())
        assert code == aiohttp.WSCloseCode.GOING_AWAY


async def test_a_broadcast_that_was_just_made_can_be_listened_to(
    gateway: Gateway, store: Redis
) -> None:
    """What the gateway last read does not know of it yet; that is no deletion."""
    for number in range(10):
        await gateway.begun(f"new-{number}", cameras=["helmet"])
        async with open_page(gateway, f"new-{number}") as page:
            await look(store)
            await gateway.vote(f"new-{number}", 3)
            await page.hear_type("rating", count=1)


async def test_facts_of_another_version_blind_nobody(
    gateway: Gateway, store: Redis, logged: Callable[[], str]
) -> None:
    await presence.tell(store, presence.LADDER, "drone", {"video": [{"x": 1}]}, ttl_ms=LONG_MS)
    async with open_page(gateway, "demo") as page:
        for channel in ("events:demo", "edges", "cameras"):
            for text in ("{", "[]", "null", '"x"', "{}", '{"type": "camera"}', "[" * 5000):
                await store.publish(channel, text)
        await go_live(store, "helmet")
        await page.hear_type("programme", camera="helmet")
        await gateway.vote("demo", 5)
        await page.hear_type("rating")
    assert "an event is left out" in logged()


async def test_a_page_that_says_too_much_is_hung_up_on_and_nobody_else_waits(
    gateway: Gateway, store: Redis
) -> None:
    rate, burst = events.MESSAGES
    async with open_page(gateway, "demo") as other, open_page(gateway, "demo") as page:
        for number in range(int(burst)):
            await page.socket.send_json({"type": "clock", "t0": number})
        answers = [await page.hear_type("clock", t0=number) for number in range(int(burst))]
        assert len(answers) == burst, "what a page may say is answered"
        with suppress(ConnectionError):
            for number in range(5_000):
                await page.socket.send_json({"type": "clock", "t0": number})
        assert await page.hang_up() == aiohttp.WSCloseCode.POLICY_VIOLATION
        await other.socket.send_json({"type": "clock", "t0": 1})
        await other.hear_type("clock", t0=1)
    answered = [event for event in page.heard if event["type"] == "clock"]
    assert len(answered) <= burst + rate * 60
