"""Grants that pages show where browsers keep no cookies of them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from relay.gateway.access import GRANT_S, Doorkeeper
from relay.gateway.keys import ACCESS
from relay.state.rights import Pass
from tests.gateway.test_origins import UPGRADE
from tests.support.gateway import look
from tests.support.listening import open_page

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from redis.asyncio import Redis

    from tests.support.gateway import Gateway

pytestmark = pytest.mark.parametrize("store_url", ["valkey"], indirect=True)

DEMO = "/api/v1/broadcasts/demo"
OTHER = "/api/v1/broadcasts/other"
SDP = {"Content-Type": "application/sdp"}


@pytest.fixture
async def grant(gateway: Gateway) -> str:
    """What opens the closed broadcast "demo"; "other" is closed as well."""
    await gateway.camera("helmet")
    for slug in ("demo", "other"):
        await gateway.begun(slug, cameras=["helmet"], access="closed")
    token = (await gateway.post(f"{DEMO}/tokens", {"valid_s": 60}, admin=True)).ok(201)["token"]
    entered = await gateway.post(f"{DEMO}/access", {"token": token})
    assert entered.headers["Cache-Control"] == "no-store"
    return str(entered.ok()["grant"])


def shown(grant: str) -> dict[str, str]:
    return {"Eva-Access": grant}


async def offer(gateway: Gateway, target: str, headers: dict[str, str]) -> int:
    """The status that a player's offer gets; nothing is live."""
    answer = await gateway.send("POST", f"/whep/{target}", raw=b"v=0", headers=SDP | headers)
    return answer.status


async def test_a_grant_opens_all_of_a_broadcast(gateway: Gateway, grant: str) -> None:
    paths = (await gateway.get("/api/openapi.json")).ok()["paths"]
    for path in ("", "/rating", "/rating/series", "/comments", "/markers", "/similar"):
        (await gateway.get(f"{DEMO}{path}", headers=shown(grant))).ok()
        told = paths[f"/api/v1/broadcasts/{{slug}}{path}"]["get"]["security"]
        assert {"grant": []} in told
    (await gateway.vote("demo", 5, headers=shown(grant))).ok()
    comment = {"text": "A", "name": "A"}
    (await gateway.post(f"{DEMO}/comments", comment, headers=shown(grant))).ok(201)
    assert await offer(gateway, "demo", shown(grant)) == 409
    assert await offer(gateway, "demo", {}) == 401


async def test_a_grant_opens_news_as_a_protocol_until_it_has_run_out(
    gateway: Gateway, store: Redis, grant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_page(gateway, "demo", protocols=("eva-access", grant)) as page:
        assert page.socket.protocol == "eva-access"
        assert page.state["access"] == "closed"
        await gateway.change(DEMO, title="Another")
        await look(store)
        assert (await page.hear_type("state"))["broadcast"]["title"] == "Another"

        in_time = time.time() + GRANT_S + 1
        monkeypatch.setattr("relay.gateway.access.time", _Clock(in_time))
        await gateway.change(DEMO, title="A third")
        await look(store)
        assert await page.hang_up() == 4401
    (await gateway.get(DEMO, headers=shown(grant))).problem(401)


class _Clock:
    """Stands for the module `time`."""

    def __init__(self, now_s: float) -> None:
        self._now_s = now_s

    def time(self) -> float:
        """Seconds since the epoch."""
        return self._now_s


async def test_wrong_grants_open_nothing(gateway: Gateway, grant: str) -> None:
    keeper, now_s = gateway.app[ACCESS], time.time()
    demo, other = Pass("demo", 0), Pass("other", 0)
    (await gateway.get(DEMO, headers=shown(keeper.grant(demo, now_s)))).ok()
    wrong = [
        *("", "x", "evg_", grant[4:], grant[:-1], grant + "A", f"{grant}~{grant}"),
        *(grant.replace("demo", "other"), "evg_" + "x" * 6000, f"{grant}, {grant}"),
        keeper.grant(other, now_s),
        keeper.grant(demo, now_s - GRANT_S - 1),
        Doorkeeper(b"another key").grant(demo, now_s),
        keeper.token(demo, now_s + 60),
        "evg_" + keeper.token(demo, now_s + 60).removeprefix("evc_"),
        keeper.cookie("", demo, now_s),
        "evg_" + keeper.cookie("", demo, now_s),
    ]
    for each in wrong:
        (await gateway.get(DEMO, headers=shown(each))).problem(401)
        protocols = {"Sec-WebSocket-Protocol": f"eva-access, {each}"}
        (await gateway.get(f"{DEMO}/events", headers=UPGRADE | protocols)).problem(401)
        assert await offer(gateway, "demo", shown(each)) == 401
    (await gateway.get(DEMO, headers={"Eva-Access": "evg_é\udcff"})).problem(401)
    # What a page shows is no cookie and no token either, and opens no other broadcast.
    (await gateway.get(OTHER, headers=shown(grant))).problem(401)
    (await gateway.get(DEMO, cookie=f"eva_access={grant[4:]}")).problem(401)
    (await gateway.post(f"{DEMO}/access", {"token": grant})).problem(401)
    assert await offer(gateway, "other", shown(grant)) == 401


async def test_a_grant_opens_nothing_that_takes_more_than_watching(
    gateway: Gateway, grant: str
) -> None:
    (await gateway.send("DELETE", DEMO, headers=shown(grant))).problem(401)
    (await gateway.post(f"{DEMO}/tokens", {}, headers=shown(grant))).problem(401)
    theirs = {"Origin": "https://evil.example"}
    socket = UPGRADE | theirs | {"Sec-WebSocket-Protocol": f"eva-access, {grant}"}
    (await gateway.get(f"{DEMO}/events", headers=socket)).problem(403)


async def test_no_grant_is_logged(gateway: Gateway, grant: str, logged: Callable[[], str]) -> None:
    """The library that serves sockets writes of protocols that it does not know."""
    await gateway.change(DEMO, access="open")
    async with open_page(gateway, "demo", protocols=(grant,)):
        pass
    assert "evg_" in logged()
    assert grant[4:] not in logged()


@pytest.mark.parametrize("echoed", ["a\\073 Domain=example.com", "demo.1.x", "z" * 300, "a~b~c"])
async def test_the_cookie_repeats_nothing_that_was_not_signed(
    gateway: Gateway, grant: str, echoed: str
) -> None:
    del grant
    token = (await gateway.post(f"{DEMO}/tokens", {}, admin=True)).ok(201)["token"]
    cookie = f'eva_access="{echoed}"'
    answer = await gateway.post(f"{DEMO}/access", {"token": token}, cookie=cookie)
    value = answer.headers["Set-Cookie"].partition(";")[0].removeprefix("eva_access=")
    assert value.startswith("demo.")
    assert "~" not in value


@pytest.fixture
async def partner(gateway: Gateway, grant: str) -> dict[str, str]:
    """A partner's `key`, and the `token` and `grant` that it gave a viewer of "demo"."""
    del grant
    await gateway.post("/api/v1/partners", {"id": "acme", "name": "Acme"}, admin=True)
    await gateway.change(DEMO, partners=["acme"])
    made = (await gateway.post("/api/v1/partners/acme/key", admin=True)).ok(201)["key"]
    bearer = {"Authorization": f"Bearer {made}"}
    token = (await gateway.post(f"{DEMO}/tokens", {}, headers=bearer)).ok(201)["token"]
    found = (await gateway.post(f"{DEMO}/access", {"token": token})).ok()["grant"]
    (await gateway.get(DEMO, headers=shown(found))).ok()
    return {"token": token, "grant": found}


async def rotate(gateway: Gateway) -> None:
    (await gateway.post("/api/v1/partners/acme/key", admin=True)).ok(201)


async def forget(gateway: Gateway) -> None:
    await gateway.change(DEMO, partners=[])


async def delete_partner(gateway: Gateway) -> None:
    (await gateway.send("DELETE", "/api/v1/partners/acme", admin=True)).ok(204)
    await gateway.post("/api/v1/partners", {"id": "acme", "name": "Another"}, admin=True)


async def close_again(gateway: Gateway) -> None:
    await gateway.change(DEMO, access="open")
    await gateway.change(DEMO, access="closed")


async def make_again(gateway: Gateway) -> None:
    (await gateway.send("DELETE", DEMO, admin=True)).ok(204)
    await gateway.begun("demo", cameras=["helmet"], access="closed", partners=["acme"])


@pytest.mark.parametrize("change", [rotate, forget, delete_partner, close_again, make_again])
async def test_what_was_given_is_taken_back(
    gateway: Gateway, partner: dict[str, str], change: Callable[[Gateway], Awaitable[None]]
) -> None:
    old = shown(partner["grant"])
    protocols = ("eva-access", partner["grant"])
    async with open_page(gateway, "demo", protocols=protocols) as page:
        await change(gateway)
        if change is not close_again:  # open for a moment, it may send the state once more
            assert await page.hang_up() in (4401, 4404)
    (await gateway.get(DEMO, headers=old)).problem(401)
    (await gateway.post(f"{DEMO}/access", {"token": partner["token"]})).problem(401)
    assert await offer(gateway, "demo", old) == 401
    assert await offer(gateway, "helmet", old) == 401
