"""Who watches what and how well, by the pages' own heartbeats."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from relay.audience import watching
from relay.bus import keys
from relay.gateway.hosting import TICKET_S, Hosting
from relay.gateway.keys import HEARTBEATS, HOSTING, LIVE
from tests.support.gateway import running
from tests.support.html import Page
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


async def a_moment() -> None:
    """Let enough time pass to be counted, in milliseconds."""
    end = time.monotonic() + 0.01
    await eventually(lambda: time.monotonic() > end, "a moment")


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


async def test_a_session_begins_when_its_page_came(gateway: Gateway) -> None:
    before = time.time()
    async with open_page(gateway, "demo") as page:
        after = time.time()
        await told(gateway, page)
        (first,) = await sessions(gateway)
        await told(gateway, page, playing=False)
        (second,) = await sessions(gateway)
    assert before <= first["since"] <= after
    assert (first["playing"], second["playing"]) == (True, False)
    assert second["since"] == first["since"]


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
    tickets = [await ticket(gateway, "museum", cookie=cookie) for cookie in cookies]
    async with (
        open_page(gateway, "demo", cookie=cookies[0]) as first,
        open_page(gateway, "demo", cookie=cookies[0]) as again,
        open_page(gateway, "demo", cookie=cookies[1]) as second,
        open_page(gateway, "demo", cookie=cookies[2]) as idle,
    ):
        await told(gateway, first)
        await told(gateway, again, partner=tickets[0])
        await told(gateway, second, partner=tickets[1])
        await told(gateway, idle, playing=False)
        found = (await gateway.get(AUDIENCE, admin=True)).ok()
        museum = {"id": "museum", "watching": 2, "unique": 2, "peak": 2, "watch_s": 0.0}
        whole = {"watching": 3, "unique": 2, "peak": 3, "watch_s": 0.0, "partners": [museum]}
        assert found == whole

        await told(gateway, second, playing=False, partner=tickets[1])
        found = (await gateway.get(AUDIENCE, admin=True)).ok()
        assert (found["watching"], found["peak"], found["partners"][0]["watching"]) == (2, 3, 1)
        assert found["watch_s"] > 0
        assert found["watch_s"] == found["partners"][0]["watch_s"]
    (await gateway.send("DELETE", "/api/v1/broadcasts/demo", admin=True)).ok(204)
    await gateway.broadcast("demo")
    found = (await gateway.get(AUDIENCE, admin=True)).ok()
    assert (found["unique"], found["peak"], found["partners"]) == (0, 0, [])


async def test_a_visit_counts_up_to_its_end(gateway: Gateway, store: Redis) -> None:
    """However short it is: pages report every ten seconds only."""
    await partner(gateway, "museum")
    one = await ticket(gateway, "museum")
    async with open_page(gateway, "demo") as page:
        await told(gateway, page, partner=one)
        found = (await gateway.get(AUDIENCE, admin=True)).ok()
        assert (found["watching"], found["watch_s"]) == (1, 0.0)
        await a_moment()
    await eventually(lambda: nobody(gateway), "the page to be gone")
    await gateway.app[HEARTBEATS].flush()
    found = (await gateway.get(AUDIENCE, admin=True)).ok()
    museum = found["partners"][0]
    assert (found["watching"], found["unique"], museum["unique"]) == (0, 1, 1)
    assert 0 < found["watch_s"] == museum["watch_s"]
    day = int(time.time()) // 86_400
    watched = {
        name.decode().partition(":")[0]: float(seconds)
        for back in (0, 1)
        for name, seconds in (await store.hgetall(keys.watched("demo", day - back))).items()
    }
    assert watched["viewer"] > 0
    assert "session" not in watched, "no edge has issued that"
    assert await nobody(gateway)


async def test_a_visit_counts_when_its_gateway_stops(
    store: Redis, store_url: str, frontend: Path
) -> None:
    async with running(store_url, frontend) as stopping:
        await stopping.broadcast("short")
        async with open_page(stopping, "short") as page:
            await told(stopping, page)
            await a_moment()
            await stopping.stop()
    (crowd,) = (await watching.crowds(store, store, "short")).values()
    assert (crowd.watching, crowd.unique) == (0, 1)
    assert crowd.watch_s > 0


async def partner(gateway: Gateway, name: str) -> None:
    """Create a partner, and wait until heartbeats may name it."""
    (await gateway.post("/api/v1/partners", {"id": name, "name": name}, admin=True)).ok(201)
    await eventually(lambda: name in gateway.app[LIVE].partners, "the partner to be known")


async def ticket(
    gateway: Gateway, name: str, *, slug: str = "demo", cookie: str | None = None
) -> Any:
    """What the page in a partner's site brings along to prove where it stands."""
    answer = await gateway.get(f"/embed/{slug}?partner={name}", cookie=cookie)
    return json.loads(Page(answer.text).one("script", id="eva-data").text)["ticket"]


async def partners_of(gateway: Gateway) -> dict[str, Any]:
    found = (await gateway.get(AUDIENCE, admin=True)).ok()
    return {each["id"]: each for each in found["partners"]}


async def test_a_stranger_counts_for_no_partner(gateway: Gateway, store: Redis) -> None:
    """Neither by a partner's name, nor with a ticket that is forged, old, or for something else."""
    await partner(gateway, "museum")
    await gateway.broadcast("other")
    genuine = await ticket(gateway, "museum")
    hosting, now = gateway.app[HOSTING], time.time()
    forged = [
        "museum",
        genuine[:-1] + ("A" if genuine[-1] != "A" else "B"),
        genuine.replace("museum", "gallery"),
        genuine.removeprefix("evh_"),
        await ticket(gateway, "museum", slug="other"),
        hosting.ticket("museum", "demo", "v", now - TICKET_S - 1),
        Hosting(b"another relay's key").ticket("museum", "demo", "v", now),
        hosting.ticket("nobody", "demo", "v", now),
    ]
    for one in forged:
        async with open_page(gateway, "demo") as page:
            await told(gateway, page, partner=one)
            assert [each["partner"] for each in await sessions(gateway)] == [None], one
    assert await partners_of(gateway) == {}
    assert not await store.keys("*gallery*") + await store.keys("*nobody*")
    async with open_page(gateway, "demo") as page:
        await told(gateway, page, partner=genuine)
        assert [each["partner"] for each in await sessions(gateway)] == ["museum"]


async def test_copies_of_a_ticket_are_one_viewer(gateway: Gateway) -> None:
    """Whatever cookies come along; and without cookies its viewer is known by it."""
    await partner(gateway, "museum")
    one = await ticket(gateway, "museum")
    cookies = [None, *[(await gateway.get("/")).cookie() for _ in range(3)]]
    for cookie in cookies:
        async with open_page(gateway, "demo", cookie=cookie) as page:
            await told(gateway, page, partner=one)
    found = (await gateway.get(AUDIENCE, admin=True)).ok()
    assert (found["unique"], found["partners"][0]["unique"]) == (1, 1)
    async with open_page(gateway, "demo") as page:
        await told(gateway, page, partner=await ticket(gateway, "museum"))
    assert (await partners_of(gateway))["museum"]["unique"] == 2


async def test_a_page_in_a_tab_of_its_own_stands_in_nobodys_site(gateway: Gateway) -> None:
    await partner(gateway, "museum")
    for destination, is_hosted in (("document", False), ("iframe", True)):
        headers = {"Sec-Fetch-Dest": destination}
        answer = await gateway.get("/embed/demo?partner=museum", headers=headers)
        data = json.loads(Page(answer.text).one("script", id="eva-data").text)
        assert (data["ticket"] is not None) is is_hosted
    assert await ticket(gateway, "museum") != await ticket(gateway, "museum")
    answer = await gateway.get("/embed/demo")
    assert json.loads(Page(answer.text).one("script", id="eva-data").text)["ticket"] is None


async def test_a_page_that_stays_for_days_gets_another_ticket(gateway: Gateway) -> None:
    await partner(gateway, "museum")
    hosting = gateway.app[HOSTING]
    old = hosting.ticket("museum", "demo", "v", time.time() - 0.6 * TICKET_S)
    async with open_page(gateway, "demo") as page:
        await page.socket.send_json(REPORT | {"partner": old})
        another = (await page.hear_type("ticket"))["ticket"]
    hosted = hosting.read(another, "demo", time.time())
    assert hosted is not None
    assert (hosted.partner, hosted.viewer) == ("museum", "v")
    assert hosted.until_s > time.time() + 0.9 * TICKET_S


async def test_a_partner_that_is_gone_is_counted_no_more(gateway: Gateway) -> None:
    await partner(gateway, "museum")
    one = await ticket(gateway, "museum")
    (await gateway.send("DELETE", "/api/v1/partners/museum", admin=True)).ok(204)
    known = gateway.app[LIVE]
    await eventually(lambda: "museum" not in known.partners, "the partner to be gone")
    async with open_page(gateway, "demo") as page:
        await told(gateway, page, partner=one)
        assert [each["partner"] for each in await sessions(gateway)] == [None]


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
        *({"latency_ms": "NaN?"}, {"partner": "x" * 257}, {"rendition": "x" * 200}, {"more": 1}),
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
