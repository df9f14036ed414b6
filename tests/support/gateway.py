"""A gateway for tests: the real application on a real socket, and a client that checks answers.

Every JSON answer is held against the schema that the OpenAPI document declares for it, so that each
test is also a test of the document.
"""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web
from yarl import URL

from relay.bus import keys, presence
from relay.bus.events import publish
from relay.config import Settings
from relay.gateway.app import ROUTES, make_app
from relay.gateway.openapi import document
from relay.gateway.server import make_runner
from tests.support import schema
from tests.support.server import of_role
from tests.support.stack import ADMIN_TOKEN
from tests.support.stalls import HANG_S

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from multidict import CIMultiDictProxy
    from redis.asyncio import Redis

DOCUMENT = document(ROUTES)
PROBLEM = "application/problem+json"
ADMIN = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
LONG_MS = 600_000
"""Life of the facts that tests tell: longer than any test."""


@dataclass(frozen=True)
class Answer:
    """A response, read whole."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def type(self) -> str:
        """The media type, without parameters."""
        return self.headers.get("Content-Type", "").partition(";")[0]

    def json(self) -> Any:
        """The body as strict JSON."""
        return json.loads(self.body, parse_constant=_no_constant)

    def ok(self, status: int = 200) -> Any:
        """Check the status; returns the JSON, None where there is no body."""
        assert self.status == status, (self.status, self.text)
        return self.json() if self.body else None

    def problem(self, status: int) -> dict[str, Any]:
        """Check that this is a problem document (RFC 9457) of this status, and return it."""
        assert self.status == status, (self.status, self.text)
        assert self.type == PROBLEM, (self.type, self.text)
        found = self.json()
        assert not schema.errors(found, {"$ref": "#/components/schemas/Problem"}, DOCUMENT)
        assert found["status"] == status
        assert found["title"]
        assert found["detail"]
        return dict(found)

    def cookie(self) -> str:
        """The viewer's cookie that came along, as it is sent back."""
        return self.headers["Set-Cookie"].partition(";")[0]


def _no_constant(name: str) -> Any:
    raise AssertionError(f"{name} is no JSON")


class Gateway:
    """A running gateway. Use `running`."""

    def __init__(self, runner: web.AppRunner, http: aiohttp.ClientSession) -> None:
        host, port = runner.addresses[0][:2]
        self.runner = runner
        self.app = runner.app
        self.url = f"http://{host}:{port}"
        self.http = http

    async def stop(self) -> None:
        """Stop it now."""
        await self.runner.cleanup()

    @property
    def port(self) -> int:
        """TCP port."""
        port = URL(self.url).port
        assert port is not None
        return port

    async def send(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        admin: bool = False,
        cookie: str | None = None,
    ) -> Answer:
        """A request; `body` goes as JSON, `raw` as it is, and `path` is not touched."""
        given: dict[str, str] = {} if raw is None else {"Content-Type": "application/json"}
        if body is not None:
            raw = json.dumps(body).encode()
            given["Content-Type"] = "application/json"
        if admin:
            given |= ADMIN
        if cookie is not None:
            given["Cookie"] = cookie
        given |= headers or {}
        url = URL(self.url + path, encoded=True)
        async with self.http.request(
            method, url, data=raw, headers=given, allow_redirects=False
        ) as response:
            answer = Answer(response.status, response.headers, await response.read())
        if method != "HEAD":
            _hold_against_document(method, path, answer)
        return answer

    async def get(self, path: str, **options: Any) -> Answer:
        """GET."""
        return await self.send("GET", path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        """POST."""
        return await self.send("POST", path, body=body, **options)

    async def camera(self, camera_id: str, **fields: Any) -> Any:
        """Create a camera."""
        body = {"id": camera_id, **fields}
        return (await self.post("/api/v1/cameras", body, admin=True)).ok(201)

    async def broadcast(self, slug: str, **fields: Any) -> Any:
        """Create a broadcast."""
        body = {"slug": slug, "title": slug.title(), **fields}
        return (await self.post("/api/v1/broadcasts", body, admin=True)).ok(201)

    async def begun(self, slug: str, **fields: Any) -> Any:
        """Create a broadcast that has begun, so that it can be rated."""
        began = datetime.now(UTC) - timedelta(hours=3)
        return await self.broadcast(slug, starts_at=began.isoformat(), **fields)

    async def change(self, path: str, **fields: Any) -> Any:
        """PATCH a camera or a broadcast."""
        return (await self.send("PATCH", path, body=fields, admin=True)).ok()

    async def vote(self, slug: str, stars: Any, **options: Any) -> Answer:
        """Vote."""
        return await self.post(f"/api/v1/broadcasts/{slug}/rating", {"stars": stars}, **options)

    async def rating(self, slug: str, cookie: str | None = None) -> Any:
        """The rating."""
        return (await self.get(f"/api/v1/broadcasts/{slug}/rating", cookie=cookie)).ok()

    async def raw(self, request: bytes) -> bytes:
        """The whole response to these very bytes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request)
        try:
            async with asyncio.timeout(HANG_S):
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
                return head + await reader.readexactly(int(length[1]) if length else 0)
        finally:
            writer.close()


@asynccontextmanager
async def running(
    state_url: str, frontend: Path, *, bus_url: str | None = None, **settings: Any
) -> AsyncIterator[Gateway]:
    """A gateway on a free port of loopback, with the front-end built in `frontend`."""
    given = Settings(**{"admin_token": ADMIN_TOKEN} | settings)
    app = await make_app(
        given,
        state_url=of_role(state_url, "gateway"),
        bus_url=of_role(bus_url or state_url, "gateway"),
        frontend=frontend,
    )
    runner = make_runner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(HANG_S),
        ) as http:
            yield Gateway(runner, http)
    finally:
        await runner.cleanup()


def _hold_against_document(method: str, path: str, answer: Answer) -> None:
    """Check a JSON answer against what the OpenAPI document says of it."""
    operation = _operation(method, path.partition("?")[0])
    if operation is None or not answer.type.endswith("json"):
        return
    responses = operation["responses"]
    declared = responses.get(str(answer.status), responses["default"])
    assert answer.type in declared.get("content", {}), (method, path, answer.type)
    found = schema.errors(answer.json(), declared["content"][answer.type]["schema"], DOCUMENT)
    assert not found, (method, path, found)


def _operation(method: str, path: str) -> Any:
    for template, operations in DOCUMENT["paths"].items():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path):
            return operations.get(method.lower())
    return None


RUNGS = [
    {
        "name": f"{height}p",
        "width": height * 16 // 9,
        "height": height,
        "fps": 30.0,
        "bitrate_bps": height * 2_000,
        "codec": "avc1.42e01f",
    }
    for height in (720, 480, 240)
]
LADDER = {"video": RUNGS, "sound": True}


EDGE = {
    "viewers": 2,
    "sessions": 3,
    "load": 0.2,
    "full": False,
    "counters": {"packets": 10, "octets": 12_000},
    "strays": {"rtp": 1},
    "refused": 0,
}


async def look(bus: Redis) -> None:
    """Let gateways look at the bus at once, not within the second."""
    await publish(bus, keys.CAMERA_EVENTS, {"camera": "any", "live": True})


async def edge_up(bus: Redis, name: str, **fact: Any) -> None:
    """Tell of an edge, as it would itself."""
    await presence.tell(bus, presence.EDGE, name, EDGE | fact, ttl_ms=LONG_MS)
    await look(bus)


async def go_live(bus: Redis, camera: str, *, ladder: dict[str, Any] | None = None) -> None:
    """Tell that a camera is sent, as its ingest and its worker would."""
    fact = {"protocol": "rtmp", "units": 3, "dropped": 0}
    await presence.tell(bus, presence.CAMERA, camera, fact, ttl_ms=LONG_MS)
    await presence.tell(bus, presence.LADDER, camera, ladder or LADDER, ttl_ms=LONG_MS)
    await look(bus)


async def go_dark(bus: Redis, camera: str) -> None:
    """Tell that a camera is not sent any more."""
    await presence.withdraw(bus, presence.CAMERA, camera)
    await presence.withdraw(bus, presence.LADDER, camera)
    await look(bus)
