"""Who watches what and how well, by the pages' own heartbeats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from relay.bus import keys
from relay.gateway.keys import HEARTBEATS, LIVE
from tests.support.gateway import running
from tests.support.listening import open_page
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from redis.asyncio import Redis

    from tests.support.gateway import Gateway
    from tests.support.listening import OpenPage

SESSIONS = "/api/v1/sessions?broadcast=demo"
AUDIENCE = "/api/v1/broadcasts/demo/audience"
REPORT: dict[str, Any] = {
    "type": "watching",
    "session": "edge-0.abc",
    "camera": "helmet",
    "rendition": "720p",
    "latency_ms": 85.5,
    "freezes": 1,
    "frozen_ms": 120,
    "received_bps": 2_500_000,
    "loss": 0.01,
    "playing": True,
}


@pytest.fixture(autouse=True)
async def demo(gateway: Gateway) -> None:
    await gateway.broadcast("demo")


async def told(gateway: Gateway, page: OpenPage, **report: Any) -> None:
    """Have a page report, and the gateway take notice of that."""
    await page.socket.send_json(REPORT | report)
    await page.socket.send_json({"type": "clock", "t0": 1})
    await page.hear_type("clock")  # what was sent before it has been read
    await gateway.app[HEARTBEATS].flush()


async def sessions(gateway: Gateway) -> list[Any]:
    found = (await gateway.get(SESSIONS, admin=True)).ok()["sessions"]
    assert isinstance(found, list)
    return found


async def test_operators_see_who_watches_and_how_well(gateway: Gateway) -> None:
    assert await sessions(gateway) == []
    async with open_page(gateway, "demo") as page, open_page(gateway, "demo") as silent:
        await told(gateway, page)
        found = await sessions(gateway)
        assert len(found) == 1  # the other has told nothing
        expected = {name: value for name, value in REPORT.items() if name != "type"}
        assert {name: found[0][name] for name in expected} == expected
        assert found[0]["partner"] is None
        assert silent.heard == []
    await eventually(lambda: nobody(gateway), "the page to be gone")


@pytest.mark.parametrize("store_url", ["valkey"], indirect=True)
async def test_open_pages_come_in_parts(gateway: Gateway) -> None:
    async with (
        open_page(gateway, "demo") as first,
        open_page(gateway, "demo") as second,
        open_page(gateway, "demo") as third,
    ):
        for page in (first, second, third):
            await told(gateway, page)
        everything = [each["id"] for each in await sessions(gateway)]
        part = (await gateway.get(f"{SESSIONS}&limit=2", admin=True)).ok()
        assert [each["id"] for each in part["sessions"]] == everything[:2]
        rest = (await gateway.get(f"{SESSIONS}&limit=2&after={part['next']}", admin=True)).ok()
        assert [each["id"] for each in rest["sessions"]] == everything[2:]
        assert (len(everything), rest["next"]) == (3, None)


async def nobody(gateway: Gateway) -> bool:
    found = (await gateway.get(AUDIENCE, admin=True)).ok()
    return found["watching"] == 0 and not await sessions(gateway)


async def test_the_audience_of_a_broadcast_and_of_partners(gateway: Gateway) -> None:
    await partner(gateway, "museum")
    cookies = [(await gateway.get("/")).cookie() for _ in range(3)]
    async with (
        open_page(gateway, "demo", cookie=cookies[0]) as first,
        open_page(gateway, "demo", cookie=cookies[0]) as again,
        open_page(gateway, "demo", cookie=cookies[1]) as second,
        open_page(gateway, "demo", cookie=cookies[2]) as idle,
    ):
        await told(gateway, first)
        await told(gateway, again, partner="museum")
        await told(gateway, second, partner="museum")
        await told(gateway, idle, playing=False)
        found = (await gateway.get(AUDIENCE, admin=True)).ok()
        museum = {"id": "museum", "watching": 2, "unique": 2, "peak": 2, "watch_s": 0.0}
        whole = {"watching": 3, "unique": 2, "peak": 3, "watch_s": 0.0, "partners": [museum]}
        assert found == whole

        await told(gateway, second, playing=False, partner="museum")
        found = (await gateway.get(AUDIENCE, admin=True)).ok()
        assert (found["watching"], found["peak"], found["partners"][0]["watching"]) == (2, 3, 1)
        assert found["watch_s"] > 0
        assert found["watch_s"] == found["partners"][0]["watch_s"]
    (await gateway.send("DELETE", "/api/v1/broadcasts/demo", admin=True)).ok(204)
    await gateway.broadcast("demo")
    found = (await gateway.get(AUDIENCE, admin=True)).ok()
    assert (found["unique"], found["peak"], found["partners"]) == (0, 0, [])


async def partner(gateway: Gateway, name: str) -> None:
    """Create a partner, and wait until heartbeats may name it."""
    (await gateway.post("/api/v1/partners", {"id": name, "name": name}, admin=True)).ok(201)
    await eventually(lambda: name in gateway.app[LIVE].partners, "the partner to be known")


async def test_pages_make_no_partners(gateway: Gateway, store: Redis) -> None:
    async with open_page(gateway, "demo") as page:
        for number in range(3):
            await told(gateway, page, partner=f"none-{number}", playing=bool(number % 2))
        assert [each["partner"] for each in await sessions(gateway)] == [None]
        found = (await gateway.get(AUDIENCE, admin=True)).ok()
        assert found["partners"] == []
        assert not await store.keys("*none-*")


async def test_nothing_personal_is_kept(gateway: Gateway, store: Redis) -> None:
    async with open_page(gateway, "demo") as page:  # without a cookie
        await told(gateway, page)
        everything = b""
        async for key in store.scan_iter("*"):
            kind = await store.type(key)
            value: object = b""
            if kind == b"string":
                value = await store.get(key)
            elif kind == b"hash":
                value = await store.hgetall(key)
            everything += key + repr(value).encode()
        assert b"127.0.0" not in everything
        assert 0 < await store.ttl(keys.pages("demo")) <= 86_400
    assert await store.keys("salt:*")


@pytest.mark.parametrize("store_url", ["valkey"], indirect=True)
async def test_neighbours_without_cookies_are_counted_apart(
    store: Redis, store_url: str, frontend: Path
) -> None:
    """Not as one for their whole network; and one address with two pages as one."""
    async with running(store_url, frontend, trusted_proxies=("127.0.0.1",)) as behind:
        for address in ("203.0.113.7", "203.0.113.8", "203.0.113.8"):
            async with open_page(behind, "demo", address=address) as page:
                await told(behind, page)
        found = (await behind.get(AUDIENCE, admin=True)).ok()
        assert found["unique"] == 2
        assert not await store.keys("*203.0*")


@pytest.mark.parametrize(
    "report",
    [
        *({"playing": None}, {"camera": "../x"}, {"session": "a b"}, {"loss": 2}, {"freezes": -1}),
        *({"latency_ms": "NaN?"}, {"partner": "X"}, {"rendition": "x" * 200}, {"more": 1}),
        {"received_bps": 1e300},
    ],
)
async def test_reports_that_are_none_are_left_alone(gateway: Gateway, report: Any) -> None:
    async with open_page(gateway, "demo") as page:
        await told(gateway, page, **report)
        assert await sessions(gateway) == []


async def test_all_of_this_is_for_operators(gateway: Gateway) -> None:
    for path in (SESSIONS, AUDIENCE):
        (await gateway.get(path)).problem(401)
    (await gateway.get("/api/v1/sessions", admin=True)).problem(422)
    (await gateway.get("/api/v1/sessions?broadcast=none", admin=True)).problem(404)
