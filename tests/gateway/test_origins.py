"""Who may listen to events: our own pages, and programs; not the pages of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.gateway import Gateway, running
from tests.support.listening import open_page

if TYPE_CHECKING:
    from pathlib import Path

    from redis.asyncio import Redis

pytestmark = pytest.mark.parametrize("store_url", ["valkey"], indirect=True)

DEMO = "/api/v1/broadcasts/demo"
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


@pytest.mark.parametrize(
    "origin",
    [
        *(
            "http://evil.example",
            "https://127.0.0.1.evil.example",
            "null",
            "file://",
            "",
            "http://",
        ),
        *("http://[", "//127.0.0.1", "data:", "chrome-extension://abc", "http://127.0.0.1:1"),
        *("http://evil.example/127.0.0.1", "ü", "ws://127.0.0.1"),
    ],
)
@pytest.mark.parametrize("public_url", ["", "https://eva.example"])
async def test_pages_of_another_origin_may_not_listen(
    store: Redis, store_url: str, frontend: Path, origin: str, public_url: str
) -> None:
    async with running(store_url, frontend, public_url=public_url) as gateway:
        await gateway.broadcast("demo")
        answer = await gateway.get(f"{DEMO}/events", headers={"Origin": origin} | UPGRADE)

        answer.problem(403)


async def test_our_own_pages_may_listen(store: Redis, store_url: str, frontend: Path) -> None:
    async with running(store_url, frontend, public_url="https://eva.example") as gateway:
        await gateway.broadcast("demo")
        for origin in (gateway.url, "https://eva.example", None):
            async with open_page(gateway, "demo", origin=origin) as page:
                assert page.state["slug"] == "demo"


async def test_there_is_nothing_to_hear_of_an_unknown_broadcast(gateway: Gateway) -> None:
    await gateway.broadcast("demo")
    for slug in ("none", "%00", "*", "demo%2f", "x" * 1000):
        answer = await gateway.get(f"/api/v1/broadcasts/{slug}/events", headers=UPGRADE)
        answer.problem(404)


async def test_a_request_that_is_no_websocket_is_told_so(gateway: Gateway) -> None:
    await gateway.broadcast("demo")
    answer = await gateway.get(f"{DEMO}/events")

    assert "WebSocket" in answer.problem(426)["detail"]
    assert answer.headers["Upgrade"] == "websocket"
