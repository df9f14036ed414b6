"""Players of any origin may open WebRTC sessions: they read every answer, refusals as well. Of what
partners alone may embed, players in partners' sites do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from relay.gateway.keys import LIVE
from tests.support.gateway import edge_up, go_live
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from tests.support.gateway import Answer, Gateway

pytestmark = pytest.mark.parametrize("store_kind", ["valkey"], indirect=True)

THEIRS = {"Origin": "https://player.example"}
SDP = THEIRS | {"Content-Type": "application/sdp"}
FRAGMENT = THEIRS | {"Content-Type": "application/trickle-ice-sdpfrag"}
EXPOSED = {"ETag", "Link", "Location", "Accept-Patch", "Accept-Post", "Retry-After"}


@pytest.fixture(autouse=True)
async def demo(gateway: Gateway) -> None:
    await gateway.camera("helmet")
    await gateway.camera("hidden")
    await gateway.broadcast("demo", cameras=["helmet"])
    (await gateway.post("/api/v1/broadcasts/demo/start", admin=True)).ok()
    await gateway.broadcast("members", cameras=["hidden"], access="closed")


def require_readable(answer: Answer) -> None:
    """Check that a script of any origin may read all of this answer."""
    headers = answer.headers
    assert headers.getall("Access-Control-Allow-Origin") == ["*"]
    assert set(headers["Access-Control-Expose-Headers"].split(", ")) >= EXPOSED
    # With `*` it would be void, and cookies have no business here.
    assert "Access-Control-Allow-Credentials" not in headers


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/whep/nowhere", SDP, 404),
        ("POST", "/whep/demo?camera=none", SDP, 404),
        ("POST", "/whep/demo", SDP, 409),
        ("POST", "/whep/demo", THEIRS | {"Content-Type": "text/plain"}, 415),
        ("POST", "/whep/demo?camera=helmet&height=tall", SDP, 422),
        ("POST", "/whep/members", SDP, 401),
        ("POST", "/whep/hidden", SDP, 401),
        ("PATCH", "/whep/demo/edge-9.x", FRAGMENT, 404),
        ("PATCH", "/whep/demo/edge-9.x", THEIRS | {"Content-Type": "text/plain"}, 415),
        ("PATCH", "/whep/demo/edge-9.x", THEIRS | {"Content-Type": "application/json"}, 422),
        ("PUT", "/whep/demo", SDP, 405),
        ("GET", "/whep/demo/edge-9.x", THEIRS, 405),
        ("GET", "/whep/demo/edge-9.x/more", THEIRS, 404),
    ],
)
async def test_refusals_can_be_read(
    gateway: Gateway, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    raw = None if method == "GET" else b"v=0\r\n"
    answer = await gateway.send(method, path, raw=raw, headers=headers)
    answer.problem(status)
    require_readable(answer)


async def test_a_body_that_is_too_large_can_be_read_of(gateway: Gateway) -> None:
    answer = await gateway.send("POST", "/whep/demo", raw=b"v" * 1_000_000, headers=SDP)
    answer.problem(413)
    require_readable(answer)


async def test_one_who_is_to_come_again_can_read_when(gateway: Gateway, store: Redis) -> None:
    silent = await gateway.send("POST", "/whep/demo", raw=b"v=0\r\n", headers=SDP)
    silent.problem(409)
    await go_live(store, "helmet")
    await edge_up(store, "edge-0", full=True)
    crowded = await gateway.send("POST", "/whep/demo?camera=helmet", raw=b"v=0\r\n", headers=SDP)
    crowded.problem(503)
    for answer in (silent, crowded):
        require_readable(answer)
        assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("path", ["/whep/demo", "/whep/nowhere", "/whep/demo/edge-9.x"])
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
async def test_preflights(gateway: Gateway, path: str, method: str) -> None:
    asked: dict[str, Any] = THEIRS | {
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type,eva-access,if-match",
    }
    answer = await gateway.send("OPTIONS", path, headers=asked)
    assert answer.status == 204
    require_readable(answer)
    assert method in answer.headers["Access-Control-Allow-Methods"].split(", ")
    allowed = {name.strip().lower() for name in answer.headers[ALLOWED].split(",")}
    assert allowed >= {"authorization", "content-type", "eva-access", "if-match"}


ALLOWED = "Access-Control-Allow-Headers"


async def test_what_is_there_and_what_has_ended_can_be_read(gateway: Gateway) -> None:
    there = await gateway.get("/whep/demo", headers=THEIRS)
    assert there.status == 204
    ended = await gateway.send("DELETE", "/whep/demo/edge-9.x", headers=THEIRS)
    assert ended.status == 200
    for answer in (there, ended):
        require_readable(answer)


PARTNER = "https://museum.example"


@pytest.fixture
async def partners_only(gateway: Gateway) -> None:
    """The camera "inner" is of what partners alone may embed, "helmet" of an open broadcast too."""
    await gateway.camera("inner")
    body = {"id": "museum", "name": "The museum", "origins": [PARTNER]}
    (await gateway.post("/api/v1/partners", body, admin=True)).ok(201)
    await gateway.broadcast("inside", cameras=["inner", "helmet"], partners_only=True)
    live = gateway.app[LIVE]
    await eventually(lambda: live.broadcast("inside") is not None, "the broadcast")
    await eventually(lambda: PARTNER in live.partner_origins, "the partner")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *((method, "/whep/inside") for method in ("OPTIONS", "POST", "DELETE")),
        *((method, "/whep/inside/edge-9.x") for method in ("OPTIONS", "POST", "DELETE")),
        # A POST would wait for the camera to come.
        *((method, "/whep/inner") for method in ("OPTIONS", "DELETE")),
    ],
)
@pytest.mark.usefixtures("partners_only")
async def test_what_partners_alone_may_embed_is_for_their_players(
    gateway: Gateway, method: str, path: str
) -> None:
    async def allowed(origin: str) -> str | None:
        headers = SDP | {"Origin": origin, "Access-Control-Request-Method": "POST"}
        raw = b"v=0\r\n" if method == "POST" else None
        answer = await gateway.send(method, path, raw=raw, headers=headers)
        assert "Origin" in answer.headers["Vary"]
        assert ("Location" in answer.headers.get(EXPOSE, "")) == (ALLOW in answer.headers)
        return answer.headers.get(ALLOW)

    assert await allowed(PARTNER) == PARTNER
    assert await allowed(gateway.url) == gateway.url
    for stranger in (THEIRS["Origin"], "null", f"{PARTNER}.evil.example"):
        assert await allowed(stranger) is None


ALLOW = "Access-Control-Allow-Origin"
EXPOSE = "Access-Control-Expose-Headers"


@pytest.mark.usefixtures("partners_only")
async def test_what_anybody_may_embed_too_is_for_all_players(gateway: Gateway) -> None:
    for path in ("/whep/demo", "/whep/helmet", "/whep/members"):
        require_readable(await gateway.send("DELETE", path, headers=SDP))
    await gateway.change("/api/v1/broadcasts/inside", partners_only=False)

    live = gateway.app[LIVE]
    await eventually(
        lambda: (inside := live.broadcast("inside")) is not None and not inside.partners_only,
        "the change",
    )
    require_readable(await gateway.send("DELETE", "/whep/inner", headers=SDP))
