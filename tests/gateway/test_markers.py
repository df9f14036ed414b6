"""Markers: set, moved and removed by operators, and seen live."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.listening import open_page

if TYPE_CHECKING:
    from tests.support.gateway import Gateway

pytestmark = pytest.mark.parametrize("store_url", ["valkey"], indirect=True)

PATH = "/api/v1/broadcasts/demo/markers"


@pytest.fixture(autouse=True)
async def demo(gateway: Gateway) -> None:
    await gateway.camera("helmet")
    await gateway.broadcast("demo", cameras=["helmet"])


async def test_markers_are_seen_live_and_in_order(gateway: Gateway) -> None:
    async with open_page(gateway, "demo") as page:
        assert page.state["markers"] == []
        later = {"title": "Lubricating Dextre", "at": "2026-11-22T15:00:00Z", "camera": "helmet"}
        answer = await gateway.post(PATH, later, admin=True)
        second = answer.ok(201)
        assert second["title"] == "Lubricating Dextre"
        assert answer.headers["Location"] == f"{PATH}/{second['id']}"
        assert (await page.hear_type("marker"))["marker"] == second
        earlier = {"title": "Foot restraint set up", "at": "2026-11-22T16:30:00+02:00"}
        first = (await gateway.post(PATH, earlier, admin=True)).ok(201)
        assert first["camera"] is None

        listed = (await gateway.get(PATH)).ok()["markers"]
        assert listed == [first, second]
        assert (await gateway.get("/api/v1/broadcasts/demo")).ok()["markers"] == listed

        moved = await gateway.change(f"{PATH}/{first['id']}", at="2026-11-22T17:30:00Z")
        await page.hear_type("marker", marker=moved)
        assert (await gateway.get(PATH)).ok()["markers"] == [second, moved]

        (await gateway.send("DELETE", f"{PATH}/{second['id']}", admin=True)).ok(204)
        await page.hear_type("marker_removed", id=second["id"])
        (await gateway.send("DELETE", f"{PATH}/{second['id']}", admin=True)).problem(404)
    async with open_page(gateway, "demo") as page:
        assert page.state["markers"] == [moved]


async def test_a_marker_without_a_moment_is_set_now(gateway: Gateway) -> None:
    made = (await gateway.post(PATH, {"title": "Now"}, admin=True)).ok(201)
    assert made["at"].endswith("Z")


@pytest.mark.parametrize(
    "body",
    [
        *({}, {"title": ""}, {"title": "A", "at": 5}, {"title": "A", "at": "soon"}),
        *({"title": "A", "camera": "none"}, {"title": "A", "id": "mine"}, {"title": "a\nb"}),
    ],
)
async def test_what_is_no_marker_is_refused(gateway: Gateway, body: object) -> None:
    (await gateway.post(PATH, body, admin=True)).problem(422)
    assert (await gateway.get(PATH)).ok() == {"markers": []}


async def test_markers_are_for_operators_and_go_with_their_broadcast(gateway: Gateway) -> None:
    (await gateway.post(PATH, {"title": "A"})).problem(401)
    made = (await gateway.post(PATH, {"title": "A"}, admin=True)).ok(201)
    for field, value in (("id", "x"), ("camera", "none"), ("title", None)):
        body = {field: value}
        (await gateway.send("PATCH", f"{PATH}/{made['id']}", body=body, admin=True)).problem(422)
    (await gateway.send("DELETE", "/api/v1/broadcasts/demo", admin=True)).ok(204)
    (await gateway.get(PATH)).problem(404)
    await gateway.broadcast("demo")
    assert (await gateway.get(PATH)).ok() == {"markers": []}
