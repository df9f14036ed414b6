"""The live still of a broadcast."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from relay.bus import keys
from tests.gateway.test_pages import live
from tests.support.gateway import go_live
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from tests.support.gateway import Gateway

pytestmark = pytest.mark.parametrize("store_url", ["valkey"], indirect=True)


async def test_the_camera_on_air_or_the_one_that_is_named(gateway: Gateway, store: Redis) -> None:
    for name in ("helmet", "drone", "other"):
        await gateway.camera(name)
        await store.set(keys.still(name), b"\xff\xd8" + name.encode())
        await store.set(keys.thumbnail(name), b"\xff\xd8small " + name.encode())
    await gateway.broadcast("demo", cameras=["helmet", "drone"])
    (await gateway.get("/b/demo/still.jpg")).problem(404)
    await go_live(store, "drone")
    await eventually(lambda: live(gateway), "the camera")

    answer = await gateway.get("/b/demo/still.jpg")
    assert (answer.status, answer.type, answer.body) == (200, "image/jpeg", b"\xff\xd8drone")
    assert answer.headers["Cache-Control"] == "public, max-age=5"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert (await gateway.get("/b/demo/still.jpg?camera=helmet")).body == b"\xff\xd8helmet"
    for query, shown in (("camera=helmet&", b"helmet"), ("", b"drone")):
        answer = await gateway.get(f"/b/demo/still.jpg?{query}small=1")
        assert answer.body == b"\xff\xd8small " + shown
    for path in ("/b/demo/still.jpg?camera=other", "/b/none/still.jpg"):
        (await gateway.get(path)).problem(404)
    await store.delete(keys.still("drone"))
    (await gateway.get("/b/demo/still.jpg")).problem(404)

    await gateway.change("/api/v1/broadcasts/demo", access="closed")
    (await gateway.get("/b/demo/still.jpg?camera=helmet")).problem(401)
    answer = await gateway.get("/b/demo/still.jpg?camera=helmet", admin=True)
    assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("moment", ["before", "live", "ended"])
async def test_what_cameras_show_before_and_after_is_told_to_nobody(
    gateway: Gateway, store: Redis, moment: str
) -> None:
    now = datetime.now(UTC)
    times = {
        "before": {"starts_at": now + timedelta(days=1)},
        "live": {"starts_at": now - timedelta(hours=1)},
        "ended": {"starts_at": now - timedelta(hours=2), "ended_at": now - timedelta(hours=1)},
    }[moment]
    given = {name: at.isoformat() for name, at in times.items()}
    await gateway.camera("helmet")
    await gateway.broadcast("demo", cameras=["helmet"], **given)
    await store.set(keys.still("helmet"), b"\xff\xd8helmet")
    await go_live(store, "helmet")
    await eventually(lambda: live(gateway), "the camera")
    assert (await gateway.get("/api/v1/broadcasts/demo")).ok()["state"] == moment

    answers = [
        *[await gateway.get(page) for page in ("/b/demo", "/embed/demo")],
        await gateway.get(f"/oembed?url={gateway.url}/b/demo"),
    ]
    shown = moment == "live"
    assert ["/b/demo/still.jpg" in answer.text for answer in answers] == [shown] * 3
    for query in ("", "?camera=helmet"):
        answer = await gateway.get(f"/b/demo/still.jpg{query}")
        assert answer.status == (200 if shown else 404)
