"""Partners: their sites, their keys, and closed broadcasts."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from relay.gateway.access import Doorkeeper
from relay.gateway.embed import ALLOW
from relay.gateway.keys import ACCESS, LIVE
from relay.state.rights import Pass
from tests.gateway.test_origins import UPGRADE
from tests.support.html import Page
from tests.support.listening import open_page
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from tests.support.gateway import Answer, Gateway

pytestmark = pytest.mark.parametrize("store_url", ["valkey"], indirect=True)

PARTNERS = "/api/v1/partners"
DEMO = "/api/v1/broadcasts/demo"
SITE = "https://museum.example"


@pytest.fixture(autouse=True)
async def demo(gateway: Gateway) -> None:
    await gateway.begun("demo", description="Something secret")


async def museum(gateway: Gateway) -> Any:
    body = {"id": "museum", "name": "The museum", "origins": [SITE, "http://localhost:8000/"]}
    return (await gateway.post(PARTNERS, body, admin=True)).ok(201)


async def test_partners_are_created_changed_and_deleted(gateway: Gateway) -> None:
    made = await museum(gateway)
    assert made == {
        "id": "museum",
        "name": "The museum",
        "has_key": False,
        "origins": [SITE, "http://localhost:8000"],
    }
    assert (await gateway.get(PARTNERS, admin=True)).ok() == {"partners": [made]}
    (await gateway.post(PARTNERS, made | {"has_key": True}, admin=True)).problem(422)
    changed = await gateway.change(f"{PARTNERS}/museum", name="Museum", origins=[SITE])
    assert changed == made | {"name": "Museum", "origins": [SITE]}
    assert (await gateway.get(f"{PARTNERS}/museum", admin=True)).ok() == changed
    (await gateway.send("DELETE", f"{PARTNERS}/museum", admin=True)).ok(204)
    (await gateway.get(f"{PARTNERS}/museum", admin=True)).problem(404)
    for method, path in (("GET", PARTNERS), ("POST", PARTNERS), ("POST", f"{PARTNERS}/museum/key")):
        (await gateway.send(method, path)).problem(401)


@pytest.mark.parametrize(
    "origin",
    [
        *("museum.example", "https://museum.example/path", "https://", "ftp://museum.example", "*"),
        *("https://a.example; script-src *", "https://*.example", "https://a.example 'self'"),
        *("https://user@a.example", "https://a.example?x", "https://a.example:port", "null"),
        "https://a.example,https://b.example",
    ],
)
async def test_what_is_no_origin_is_refused(gateway: Gateway, origin: str) -> None:
    body = {"id": "museum", "name": "M", "origins": [origin]}
    assert "origins" in (await gateway.post(PARTNERS, body, admin=True)).problem(422)["detail"]


# --- embedding -----------------------------------------------------------------------------------


def ancestors(policy: str) -> str:
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    return rules["frame-ancestors"]


async def test_a_partner_may_frame_the_player(gateway: Gateway) -> None:
    await museum(gateway)
    answer = await gateway.get("/embed/demo?partner=museum&lang=fr&theme=light")

    assert answer.status == 200
    policy = answer.headers["Content-Security-Policy"]
    assert ancestors(policy) == f"'self' {SITE} http://localhost:8000"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Cache-Control"] == "private, no-store"
    cookie = answer.headers["Set-Cookie"]
    assert all(part in cookie for part in ("Secure", "SameSite=None", "Partitioned", "HttpOnly"))
    found = Page(answer.text)
    assert found.one("eva-embed").attributes == {"slug": "demo"}
    assert found.one("html").attributes == {"lang": "fr", "data-theme": "light"}
    # Whoever runs no scripts reads what it is, and where to see it.
    assert found.one("h1").text == "Demo"
    assert not found.all("img")
    data = json.loads(found.one("script", id="eva-data").text)
    assert data["title"] == "Demo"
    assert data["partner"] == "museum"
    assert answer.cookie() == f"eva_viewer={data['viewer']}"
    # Where cookies are blocked, the header does.
    vote = await gateway.vote("demo", 4, headers={"Eva-Viewer": data["viewer"]})
    assert vote.ok()["yours"] == 4
    again = await gateway.get("/embed/demo", cookie=answer.cookie())
    assert "Set-Cookie" not in again.headers


async def test_others_may_unless_only_partners_may(gateway: Gateway) -> None:
    answer = await gateway.get("/embed/demo")
    assert ancestors(answer.headers["Content-Security-Policy"]) == "*"
    await gateway.change(DEMO, partners_only=True)
    answer = await gateway.get("/embed/demo", headers={"Accept": "text/html"})
    assert answer.status == 403
    assert_refusal(answer)
    assert "partners" in Page(answer.text).one("main").text
    for path in ("/embed/demo?partner=none", "/embed/none", "/embed/demo?partner=%22x"):
        assert (await gateway.get(path)).status == 404


def assert_refusal(answer: Answer) -> None:
    """A page that whoever may not show the player can show, and that can do one thing only."""
    assert answer.status == 403
    policy = answer.headers["Content-Security-Policy"]
    assert ancestors(policy) == "*"
    script = Page(answer.text).one("script")
    assert "not-allowed" in script.text
    digest = b64encode(sha256(script.text.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy
    assert "Set-Cookie" not in answer.headers
    assert "eva-data" not in answer.text


async def test_a_strangers_frame_is_told_so_and_a_partners_is_not(gateway: Gateway) -> None:
    await museum(gateway)

    async def framed(referer: str, dest: str = "iframe") -> Answer:
        headers = {"Referer": referer, "Sec-Fetch-Dest": dest, "Accept": "text/html"}
        return await gateway.get("/embed/demo?partner=museum", headers=headers)

    for stranger in ("https://club.example/", "http://localhost:8001/", "https://museum.evil/x"):
        assert_refusal(await framed(stranger))
    for known in (f"{SITE}/", "http://localhost:8000/page", f"{gateway.url}/docs/embed"):
        assert (await framed(known)).status == 200
    # Where nothing tells whose page it is, the browser keeps strangers out by itself.
    for unknown in ("", "about:srcdoc", "http://[", "null"):
        answer = await framed(unknown)
        assert answer.status == 200
        assert ancestors(answer.headers["Content-Security-Policy"]).startswith("'self' ")
    assert (await framed("https://club.example/", "document")).status == 200


async def test_a_frame_of_a_broadcast_that_is_not_there_says_so(gateway: Gateway) -> None:
    answer = await gateway.get("/embed/nowhere", headers={"Accept": "text/html"})
    assert answer.status == 404
    assert ancestors(answer.headers["Content-Security-Policy"]) == "*"
    (link,) = [each for each in Page(answer.text).all("a") if each.attributes["href"] == "/"]
    assert link.attributes["target"] == "_blank"
    own = await gateway.get("/b/nowhere", headers={"Accept": "text/html"})
    assert ancestors(own.headers["Content-Security-Policy"]) == "'self'"


async def test_our_own_pages_cannot_be_framed_by_others(gateway: Gateway) -> None:
    for path in ("/", "/b/demo", "/docs/embed"):
        policy = (await gateway.get(path)).headers["Content-Security-Policy"]
        assert ancestors(policy) == "'self'"


async def test_the_loader_may_be_used_anywhere(gateway: Gateway) -> None:
    answer = await gateway.get("/embed.js")
    assert answer.status == 200
    assert answer.type == "text/javascript"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Cache-Control"].startswith("public, max-age=600")
    assert "Etag" in answer.headers


async def test_partners_pages_may_read_and_do_nothing_else(gateway: Gateway) -> None:
    await museum(gateway)
    live = gateway.app[LIVE]
    await eventually(lambda: SITE in live.partner_origins, "the partner to be known")
    allow, path = "Access-Control-Allow-Origin", f"{DEMO}/rating"
    theirs = {"Origin": SITE}
    asked = theirs | {"Access-Control-Request-Method": "GET"}
    preflight = await gateway.send("OPTIONS", path, headers=asked)
    assert preflight.status == 204
    assert preflight.headers[allow] == SITE
    assert preflight.headers["Access-Control-Allow-Methods"] == "GET"
    assert {"Eva-Access", "Eva-Viewer"} <= set(
        preflight.headers["Access-Control-Allow-Headers"].split(", ")
    )
    for readable in (DEMO, path):
        assert (await gateway.get(readable, headers=theirs)).headers[allow] == SITE
    problem = await gateway.get("/api/v1/broadcasts/none", headers=theirs)
    assert problem.headers[allow] == SITE  # they may read what went wrong as well

    for headers, method, target in (
        (theirs, "POST", path),  # the cookie would be lost: each vote were another viewer's
        (theirs, "POST", f"{DEMO}/comments"),
        (theirs, "DELETE", DEMO),
        ({"Origin": "https://evil.example"}, "GET", path),
        ({"Origin": "null"}, "GET", DEMO),
    ):
        wanted = headers | {"Access-Control-Request-Method": method}
        assert allow not in (await gateway.send("OPTIONS", target, headers=wanted)).headers
        assert allow not in (await gateway.send(method, target, headers=headers)).headers


# --- closed broadcasts ---------------------------------------------------------------------------


async def close(gateway: Gateway) -> str:
    """Close the broadcast; returns a token, made with a partner's key."""
    await museum(gateway)
    await gateway.change(DEMO, access="closed", partners=["museum"])
    key = (await gateway.post(f"{PARTNERS}/museum/key", admin=True)).ok(201)["key"]
    assert key.startswith("evp_")
    headers = {"Authorization": f"Bearer {key}"}
    answer = await gateway.post(f"{DEMO}/tokens", {"valid_s": 60}, headers=headers)
    return str(answer.ok(201)["token"])


CLOSED = [
    *("", "/rating", "/rating/series", "/comments", "/markers", "/similar"),
]


async def test_a_closed_broadcast_takes_a_token(gateway: Gateway) -> None:
    token = await close(gateway)
    for path in CLOSED:
        problem = (await gateway.get(f"{DEMO}{path}")).problem(401)
        assert problem["type"] == "urn:eva-relay:problem:closed"
    for path, body in (
        ("/rating", {"stars": 5}),
        ("/comments", {"text": "A", "name": "A"}),
        ("/feedback", {"text": "A"}),
    ):
        (await gateway.post(f"{DEMO}{path}", body)).problem(401)
    (await gateway.get(f"{DEMO}/events", headers=UPGRADE)).problem(401)
    sdp = {"Content-Type": "application/sdp"}
    (await gateway.send("POST", "/whep/demo", raw=b"v=0", headers=sdp)).problem(401)
    (await gateway.get(f"/oembed?url={gateway.url}/b/demo")).problem(401)
    assert (await gateway.get("/api/v1/broadcasts")).ok() == {"broadcasts": []}
    for path in ("/", "/b/demo", "/embed/demo"):
        answer = await gateway.get(path)
        assert answer.status == 200
        assert "secret" not in answer.text
        assert ">Demo<" not in answer.text

    entered = await gateway.post(f"{DEMO}/access", {"token": token})
    assert entered.ok()["grant"].startswith("evg_")
    assert "Partitioned" in entered.headers["Set-Cookie"]
    cookie = entered.cookie()
    assert cookie.startswith("eva_access=")
    for path in CLOSED:
        (await gateway.get(f"{DEMO}{path}", cookie=cookie)).ok()
    (await gateway.vote("demo", 5, cookie=cookie)).ok()
    async with open_page(gateway, "demo", cookie=cookie) as page:
        assert page.state["access"] == "closed"
    assert "secret" in (await gateway.get("/b/demo", cookie=cookie)).text
    assert len((await gateway.get("/api/v1/broadcasts", cookie=cookie)).ok()["broadcasts"]) == 1
    (await gateway.get(DEMO, admin=True)).ok()


async def test_cameras_of_closed_broadcasts_are_closed_too(gateway: Gateway) -> None:
    await gateway.camera("helmet")
    await gateway.broadcast("closed", cameras=["helmet"], access="closed")
    sdp = {"Content-Type": "application/sdp"}
    (await gateway.send("POST", "/whep/helmet", raw=b"v=0", headers=sdp)).problem(401)
    await gateway.broadcast("open", cameras=["helmet"])
    answer = await gateway.send("POST", "/whep/helmet", raw=b"v=0", headers=sdp)
    assert answer.status != 401


async def test_wrong_tokens_let_nobody_in(gateway: Gateway) -> None:
    token = await close(gateway)
    await gateway.broadcast("other", access="closed")
    keeper = gateway.app[ACCESS]
    wrong = [
        *("", "x", token[4:], token[:-1], token + "A", token.replace("demo", "other")),
        keeper.token(Pass("demo", 0), time.time() - 1),
        keeper.token(Pass("other", 0), time.time() + 60),
        Doorkeeper(b"another key").token(Pass("demo", 0), time.time() + 60),
    ]
    for each in wrong:
        (await gateway.post(f"{DEMO}/access", {"token": each})).problem(401)
    cookie = (await gateway.post(f"{DEMO}/access", {"token": token})).cookie()
    (await gateway.get("/api/v1/broadcasts/other", cookie=cookie)).problem(401)
    # A token is no cookie.
    (await gateway.get(DEMO, cookie=f"eva_access={token[4:]}")).problem(401)


async def test_one_cookie_opens_several_and_each_for_a_while(gateway: Gateway):
    keeper, now = Doorkeeper(b"k"), 1_000_000.0
    cookie = ""
    for slug in ("a", "b", "a", *(f"c{n}" for n in range(6))):
        cookie = keeper.cookie(cookie, Pass(slug, 0), now)

    def opened(now: float) -> set[str]:
        return {each.slug for each in keeper.of_cookie(cookie, now)}

    assert opened(now) == {"a", "b", *(f"c{n}" for n in range(6))}
    assert opened(now + 43_201) == set()
    cookie = keeper.cookie(cookie, Pass("d", 0), now)
    assert opened(now) == {"a", "d", *(f"c{n}" for n in range(6))}  # the oldest has gone
    assert len(cookie) < 1000


async def test_a_partner_opens_its_own_broadcasts_only(gateway: Gateway) -> None:
    await close(gateway)
    (await gateway.post(PARTNERS, {"id": "foreign", "name": "F"}, admin=True)).ok(201)
    key = (await gateway.post(f"{PARTNERS}/foreign/key", admin=True)).ok(201)["key"]
    headers = {"Authorization": f"Bearer {key}"}
    (await gateway.post(f"{DEMO}/tokens", {}, headers=headers)).problem(403)
    await gateway.change(DEMO, partners=["museum", "foreign"])
    (await gateway.post(f"{DEMO}/tokens", {}, headers=headers)).ok(201)
    await gateway.change(DEMO, partners=None)
    (await gateway.post(f"{DEMO}/tokens", {}, headers=headers)).problem(403)


async def test_a_partner_that_is_taken_in_again_brings_none_of_its_passes_back(
    gateway: Gateway,
) -> None:
    (await gateway.post(PARTNERS, {"id": "foreign", "name": "F"}, admin=True)).ok(201)
    token = await close(gateway)
    await gateway.change(DEMO, partners=["museum", "foreign"])
    await gateway.broadcast("other", access="closed", partners=["museum"])
    keys = [
        (await gateway.post(f"{PARTNERS}/{name}/key", admin=True)).ok(201)["key"]
        for name in ("museum", "foreign")
    ]

    async def grant_of(key: str, slug: str = "demo") -> dict[str, str]:
        path = f"/api/v1/broadcasts/{slug}"
        bearer = {"Authorization": f"Bearer {key}"}
        made = (await gateway.post(f"{path}/tokens", {}, headers=bearer)).ok(201)["token"]
        found = (await gateway.post(f"{path}/access", {"token": made})).ok()["grant"]
        return {"Eva-Access": str(found)}

    theirs, others = await grant_of(keys[0]), await grant_of(keys[1])
    elsewhere = await grant_of(keys[0], "other")
    for partners in (["foreign"], ["museum", "foreign"], [], ["foreign", "museum"]):
        await gateway.change(DEMO, partners=partners)
        (await gateway.get(DEMO, headers=theirs)).problem(401)
        (await gateway.post(f"{DEMO}/access", {"token": token})).problem(401)
        kept = 401 if partners in ([], ["foreign", "museum"]) else 200  # as of the other's own
        assert (await gateway.get(DEMO, headers=others)).status == kept
    (await gateway.get("/api/v1/broadcasts/other", headers=elsewhere)).ok()
    (await gateway.get(DEMO, headers=await grant_of(keys[0]))).ok()


async def test_operators_see_a_broadcasts_partners(gateway: Gateway) -> None:
    await museum(gateway)
    assert (await gateway.change(DEMO, partners=["museum"]))["partners"] == ["museum"]
    assert (await gateway.get(DEMO, admin=True)).ok()["partners"] == ["museum"]
    assert (await gateway.get(DEMO)).ok()["partners"] is None
    body = {"partners": ["none"]}
    refused = await gateway.send("PATCH", DEMO, body=body, admin=True)
    assert "none" in refused.problem(422)["detail"]


async def test_keys_of_partners(gateway: Gateway, store: Redis) -> None:
    await close(gateway)
    for header in ("Bearer evp_wrong", "Bearer", "Basic x", ""):
        answer = await gateway.post(f"{DEMO}/tokens", {}, headers={"Authorization": header})
        answer.problem(401)
    (await gateway.post(f"{DEMO}/tokens", {}, admin=True)).ok(201)
    for valid in (0, 3601, 1.5, "60"):
        (await gateway.post(f"{DEMO}/tokens", {"valid_s": valid}, admin=True)).problem(422)
    (await gateway.post("/api/v1/broadcasts/none/tokens", {}, admin=True)).problem(404)
    first, second = [
        (await gateway.post(f"{PARTNERS}/museum/key", admin=True)).ok(201)["key"] for _ in range(2)
    ]
    statuses = [
        (
            await gateway.post(f"{DEMO}/tokens", {}, headers={"Authorization": f"Bearer {key}"})
        ).status
        for key in (first, second)
    ]
    assert statuses == [401, 201]
    kept = b"".join([value async for _, value in store.hscan_iter("{registry}:partners")])
    assert second.encode() not in kept


async def test_every_frame_that_is_shown_may_do_the_same_and_has_a_title(gateway: Gateway) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    docs = Page((await gateway.get("/docs/embed")).text).one("pre").text
    for text in (readme, docs):
        (frame,) = [each for each in Page(text).elements if each.tag == "iframe"]
        assert frame.attributes["allow"] == ALLOW
        assert frame.attributes["title"]
