"""Where the operator of a 360° camera looks: told to the pages that show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from relay.gateway.keys import LIVE
from tests.support.gateway import look
from tests.support.listening import open_page
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from tests.support.gateway import Gateway

pytestmark = pytest.mark.parametrize("store_kind", ["valkey"], indirect=True)

ORBIT = "/api/v1/cameras/orbit/view"
VIEW = {"yaw": -30.5, "pitch": 12.0, "fov": 60.0}


@pytest.fixture(autouse=True)
async def walk(gateway: Gateway) -> None:
    await gateway.camera("orbit", projection="equirectangular")
    await gateway.camera("helmet")
    for slug in ("one", "two"):
        await gateway.begun(slug, cameras=["helmet", "orbit"])
    await gateway.begun("other", cameras=["helmet"])


async def test_every_page_with_that_camera_is_told(gateway: Gateway) -> None:
    async with (
        open_page(gateway, "one") as one,
        open_page(gateway, "two") as two,
        open_page(gateway, "other") as other,
    ):
        (await gateway.send("PUT", ORBIT, body=VIEW, admin=True)).ok(204)
        for page in (one, two):
            assert await page.hear_type("view") == {"type": "view", "camera": "orbit", **VIEW}
        (await gateway.vote("other", 4)).ok()
        await other.hear_type("rating")
        assert "view" not in {event["type"] for event in other.heard}


async def test_one_who_comes_later_is_told_the_last(gateway: Gateway, store: Redis) -> None:
    async with open_page(gateway, "one") as page:
        for yaw in (10.0, 20.0):
            (await gateway.send("PUT", ORBIT, body=VIEW | {"yaw": yaw}, admin=True)).ok(204)
            await page.hear_type("view", yaw=yaw)
    async with open_page(gateway, "two") as later:
        assert (await later.hear_type("view"))["yaw"] == 20.0
    for slug in ("one", "two"):
        (await gateway.send("DELETE", f"/api/v1/broadcasts/{slug}", admin=True)).ok(204)
    (await gateway.send("DELETE", "/api/v1/cameras/orbit", admin=True)).ok(204)
    await look(store)
    await eventually(lambda: not gateway.app[LIVE].views(["orbit"]), "the view to be forgotten")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("yaw", value) for value in (181, -181, "left", None, True, [])),
        *(("pitch", value) for value in (91, -91, "up", None)),
        *(("fov", value) for value in (0, -5, 180, "wide", None)),
        ("roll", 3),
    ],
)
async def test_what_is_no_view_is_refused(gateway: Gateway, field: str, value: object) -> None:
    answer = await gateway.send("PUT", ORBIT, body=VIEW | {field: value}, admin=True)
    assert field in answer.problem(422)["detail"]


async def test_infinity_is_no_angle(gateway: Gateway) -> None:
    for text in ("1e999", "NaN", "Infinity"):
        raw = f'{{"yaw": {text}, "pitch": 0, "fov": 60}}'.encode()
        (await gateway.send("PUT", ORBIT, raw=raw, admin=True)).problem(422)


async def test_it_takes_an_operator_and_a_camera_all_around(gateway: Gateway) -> None:
    (await gateway.send("PUT", ORBIT, body=VIEW)).problem(401)
    (await gateway.send("PUT", "/api/v1/cameras/none/view", body=VIEW, admin=True)).problem(404)
    flat = await gateway.send("PUT", "/api/v1/cameras/helmet/view", body=VIEW, admin=True)
    assert "360" in flat.problem(409)["detail"]
