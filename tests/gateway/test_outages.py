"""The gateway while bus or state is away, and after."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, cast

import pytest

from relay.bus.client import connect, store_errors
from relay.gateway.keys import LIVE
from tests.support.gateway import PROBLEM, Gateway, edge_up, go_live, running
from tests.support.html import Page
from tests.support.listening import open_page
from tests.support.stalls import HANG_S
from tests.support.stores import Store
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path
    from types import FunctionType

DEMO = "/api/v1/broadcasts/demo"
NEW = {"slug": "b", "title": "B"}


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path, "state")
    yield store
    store.kill()


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path, "bus")
    yield store
    store.kill()


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands without a time limit of their own: who is answered all the same has not waited."""
    defaults = cast("FunctionType", inspect.unwrap(store_errors)).__kwdefaults__
    monkeypatch.setitem(defaults, "timeout_s", 10 * HANG_S)


@pytest.fixture
async def gateway(state: Store, bus: Store, frontend: Path) -> AsyncIterator[Gateway]:
    async with running(state.url, frontend, bus_url=bus.url) as running_gateway:
        await running_gateway.camera("helmet")
        await running_gateway.begun("demo", cameras=["helmet"])
        yield running_gateway


async def tell_live(bus: Store) -> None:
    client = connect(bus.url)
    await go_live(client, "helmet")
    await edge_up(client, "edge-0")
    await client.aclose()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/v1/broadcasts", None),
        ("GET", DEMO, None),
        ("GET", f"{DEMO}/rating", None),
        ("POST", f"{DEMO}/rating", {"stars": 5}),
        ("POST", "/api/v1/broadcasts", NEW),
        ("PATCH", DEMO, {"title": "T"}),
        ("DELETE", DEMO, None),
        ("GET", "/api/v1/cameras", None),
        ("GET", "/api/v1/cameras/helmet", None),
        ("POST", "/api/v1/cameras", {"id": "c"}),
        ("PATCH", "/api/v1/cameras/helmet", {"name": "N"}),
        ("DELETE", "/api/v1/cameras/helmet", None),
        ("POST", "/api/v1/cameras/helmet/key", None),
        ("GET", "/", None),
        ("GET", "/b/demo", None),
    ],
)
async def test_without_the_state_every_request_is_told_to_come_again(
    gateway: Gateway, state: Store, method: str, path: str, body: object
) -> None:
    state.kill()

    answer = await gateway.send(method, path, body=body, admin=True)

    answer.problem(503)
    assert answer.headers["Retry-After"] == "2"


async def test_without_the_state_people_see_a_page_that_comes_again_by_itself(
    gateway: Gateway, state: Store
) -> None:
    state.kill()

    answer = await gateway.get("/b/demo", headers={"Accept": "text/html"})

    assert (answer.status, answer.type) == (503, "text/html")
    assert Page(answer.text).one("meta", **{"http-equiv": "refresh"}).attributes["content"] == "2"


async def test_without_the_state_listening_is_refused_before_the_line_stands(
    gateway: Gateway, state: Store
) -> None:
    state.kill()
    with pytest.raises(Exception, match="503"):
        async with open_page(gateway, "demo"):
            pass


async def test_what_runs_without_stores_goes_on(gateway: Gateway, state: Store, bus: Store) -> None:
    state.kill()
    bus.kill()

    for path in ("/healthz", "/metrics", "/api/openapi.json", "/api/docs", "/static/favicon.svg"):
        assert (await gateway.get(path, admin=True)).status == 200
    problem = (await gateway.get("/readyz")).problem(503)
    assert (problem["state"], problem["bus"]) == (False, False)


@pytest.mark.usefixtures("endless")
async def test_readiness_does_not_wait_for_a_store_that_hangs(
    gateway: Gateway, state: Store, bus: Store
) -> None:
    await tell_live(bus)
    state.freeze()
    bus.freeze()
    try:
        async with asyncio.timeout(HANG_S):
            problem = (await gateway.get("/readyz")).problem(503)
    finally:
        state.thaw()
        bus.thaw()

    assert (problem["state"], problem["bus"]) == (False, False)


# --- votes ---------------------------------------------------------------------------------------


async def test_a_vote_without_the_state_is_not_counted_and_others_survive(
    gateway: Gateway, state: Store
) -> None:
    cookie = (await gateway.vote("demo", 5)).cookie()
    state.kill()

    refused = await gateway.vote("demo", 1)

    refused.problem(503)
    assert "Set-Cookie" not in refused.headers
    state.start()
    expected = {"average": 5.0, "count": 1, "yours": 5}
    assert await gateway.rating("demo", cookie=cookie) == expected
    (await gateway.vote("demo", 1)).ok()


async def test_a_vote_without_the_bus_is_kept_and_told_once_it_is_back(
    gateway: Gateway, bus: Store
) -> None:
    async with open_page(gateway, "demo") as page:
        bus.kill()
        (await gateway.vote("demo", 4)).ok()
        assert (await gateway.rating("demo"))["count"] == 1
        bus.start()
        await page.hear_type("rating", count=1, average=4.0)


@pytest.mark.usefixtures("endless")
async def test_a_vote_does_not_wait_for_a_bus_that_hangs(gateway: Gateway, bus: Store) -> None:
    bus.freeze()
    try:
        async with asyncio.timeout(HANG_S):
            (await gateway.vote("demo", 4)).ok()
    finally:
        bus.thaw()

    assert (await gateway.rating("demo"))["count"] == 1


@pytest.mark.usefixtures("endless")
async def test_a_page_does_not_wait_for_a_bus_that_hangs(gateway: Gateway, bus: Store) -> None:
    bus.freeze()
    try:
        async with asyncio.timeout(HANG_S):
            for path in ("/", "/b/demo", "/api/v1/broadcasts", DEMO, "/api/v1/cameras"):
                assert (await gateway.get(path, admin=True)).status == 200
    finally:
        bus.thaw()


# --- after the bus -------------------------------------------------------------------------------


async def test_pages_are_right_again_after_the_bus_was_away(gateway: Gateway, bus: Store) -> None:
    await tell_live(bus)
    async with open_page(gateway, "demo") as page:
        if page.state["programme"] is None:
            await page.hear_type("programme", camera="helmet")
        bus.kill()
        (await gateway.vote("demo", 2)).ok()
        bus.start()  # it has forgotten the camera
        await page.hear_type("programme", camera=None)
        await tell_live(bus)
        await page.hear_type("programme", camera="helmet")
        await gateway.vote("demo", 2)
        await page.hear_type("rating", count=2)


async def test_without_the_state_pages_still_hear_of_cameras(
    gateway: Gateway, state: Store, bus: Store
) -> None:
    async with open_page(gateway, "demo") as page:
        state.kill()
        await tell_live(bus)
        await page.hear_type("programme", camera="helmet")


async def test_viewers_are_told_to_come_again_while_the_bus_is_away(
    gateway: Gateway, bus: Store
) -> None:
    await tell_live(bus)

    async def live() -> bool:
        return bool((await gateway.get(DEMO)).ok()["programme"])

    await eventually(live, "the camera to be live")
    bus.kill()

    answer = await gateway.send(
        "POST", "/whep/demo", raw=b"v=0", headers={"Content-Type": "application/sdp"}
    )

    assert (answer.status, answer.type) == (503, PROBLEM)
    assert answer.headers["Retry-After"]


async def test_outages_are_logged_without_what_the_stores_are_told(
    gateway: Gateway, state: Store, logged: Callable[[], str]
) -> None:
    state.kill()
    await gateway.get(f"{DEMO}?token=evt_abcdefgh", cookie="eva_viewer=secret.cookie")
    await gateway.post("/api/v1/cameras", {"id": "c", "name": "evk_name"}, admin=True)

    told = logged()
    assert "request failed" in told
    for secret in ("evt_abc", "secret.cookie", "evk_name", "Traceback"):
        assert secret not in told


async def test_a_bus_that_takes_no_writes_is_not_ready(gateway: Gateway, bus: Store) -> None:
    """One that is full still answers, and no picture goes through it."""
    await tell_live(bus)
    await gateway.app[LIVE].refresh()
    client = connect(bus.url)
    await client.config_set("maxmemory-policy", "noeviction")
    await client.config_set("maxmemory", "1")

    async def is_ready() -> bool:
        answer = await gateway.get("/readyz")
        return answer.status == 200

    async def is_full() -> bool:
        answer = await gateway.get("/readyz")
        return answer.status == 503 and answer.json()["bus"] is False

    await eventually(is_full, "it to be told", 4)
    await client.config_set("maxmemory", "0")
    await tell_live(bus)
    await eventually(is_ready, "it to be ready again", 8)
    await client.aclose()
