"""The order of broadcasts on the front page, as those without JavaScript read it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.gateway.test_pages import live, page
from tests.support.gateway import go_dark, go_live
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from tests.support.gateway import Gateway

pytestmark = pytest.mark.parametrize("store_url", ["valkey"], indirect=True)


async def state(gateway: Gateway, phase: str, programme: str | None) -> bool:
    found = (await gateway.get("/api/v1/broadcasts/silent")).ok()
    return (found["state"], found["programme"]) == (phase, programme)


async def test_what_sends_comes_first(gateway: Gateway, store: Redis) -> None:
    now = datetime.now(UTC)

    def at(hours: float) -> str:
        return (now + timedelta(hours=hours)).isoformat()

    for name in ("helmet", "drone"):
        await gateway.camera(name)
    await gateway.broadcast("over", starts_at=at(-30), ended_at=at(-29), cameras=["helmet"])
    await gateway.broadcast("tomorrow", starts_at=at(24), cameras=["helmet"])
    await gateway.broadcast("soon", starts_at=at(2), cameras=["helmet"])
    await gateway.broadcast("silent", starts_at=at(-1), cameras=["drone"])
    await gateway.broadcast("early", starts_at=at(0.1), cameras=["helmet"])
    await gateway.broadcast("older", starts_at=at(-8), cameras=["helmet"])
    await gateway.broadcast("demo", starts_at=at(-3), cameras=["helmet"])
    await go_live(store, "helmet")
    await eventually(lambda: live(gateway), "the camera")
    await go_live(store, "drone")
    await eventually(lambda: state(gateway, "live", "drone"), "the second camera")
    await go_dark(store, "drone")
    await eventually(lambda: state(gateway, "live", None), "its end")

    for language, silent in (("en", "no signal"), ("de", "kein Signal")):
        found = await page(gateway, "/", **{"Accept-Language": language})
        links = [each.attributes["href"] for each in found.all("a") if "li" in each.inside]
        order = ["demo", "older", "early", "silent", "soon", "tomorrow", "over"]
        assert links == [f"/b/{slug}" for slug in order]
        items = [each.text for each in found.all("li")]
        assert [silent in text for text in items] == [slug == "silent" for slug in order]
