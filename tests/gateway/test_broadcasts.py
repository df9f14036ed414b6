"""Broadcasts: created, read, changed and deleted by the API."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from relay.bus import sessions
from tests.support.gateway import RUNGS, Gateway, go_live, look
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from redis.asyncio import Redis

BASE = "/api/v1/broadcasts"
WHOLE: dict[str, Any] = {
    "slug": "eva-101",
    "title": "Replacing a pump",
    "description": "Six and a half hours outside.\n\nWith *two* astronauts.",
    "cameras": ["helmet", "drone"],
    "crew": [{"name": "Ada", "role": "EV1"}, {"name": "Grace", "role": "EV2"}],
    "credits": [{"name": "Mission control", "role": "Commentary"}],
    "tags": ["cooling", "Harmony"],
    "starts_at": "2026-11-22T14:00:00Z",
    "ended_at": None,
}


@pytest.fixture(autouse=True)
async def cameras(gateway: Gateway) -> None:
    for name in ("helmet", "drone"):
        await gateway.camera(name, name=f"The {name}")


async def test_what_is_created_can_be_read(gateway: Gateway) -> None:
    answer = await gateway.post(BASE, WHOLE, admin=True)

    created = answer.ok(201)
    assert answer.headers["Location"] == f"{BASE}/eva-101"
    assert {name: created[name] for name in WHOLE if name != "cameras"} == {
        name: value for name, value in WHOLE.items() if name != "cameras"
    }
    assert created["cameras"] == [
        {
            "id": name,
            "name": f"The {name}",
            "live": False,
            "clock": "arrival",
            "projection": "flat",
            "renditions": [],
            "no_picture": False,
            "seen_at": None,
        }
        for name in ("helmet", "drone")
    ]
    assert (created["state"], created["programme"], created["viewers"]) == ("before", None, 0)
    assert created["rating"] == {"average": None, "count": 0, "yours": None}
    assert (await gateway.get(answer.headers["Location"], admin=True)).ok() == created
    seen = created | {"partners": None, "cameras_released": None}
    assert (await gateway.get(BASE)).ok() == {"broadcasts": [seen]}


async def test_the_least_that_a_broadcast_needs(gateway: Gateway) -> None:
    created = (await gateway.post(BASE, {"slug": "a", "title": "A"}, admin=True)).ok(201)

    assert (created["description"], created["cameras"], created["starts_at"]) == ("", [], None)


async def test_answers_are_not_kept_by_caches(gateway: Gateway) -> None:
    await gateway.broadcast("demo")
    for path in (BASE, f"{BASE}/demo", f"{BASE}/demo/rating"):
        assert (await gateway.get(path)).headers["Cache-Control"] == "no-store"


async def test_a_name_is_given_once(gateway: Gateway) -> None:
    await gateway.broadcast("demo")

    answers = await asyncio.gather(
        *(gateway.post(BASE, {"slug": "new", "title": str(n)}, admin=True) for n in range(10))
    )

    assert sorted(answer.status for answer in answers) == [201] + [409] * 9
    (await gateway.post(BASE, {"slug": "demo", "title": "Again"}, admin=True)).problem(409)
    assert (await gateway.get(f"{BASE}/demo")).ok()["title"] == "Demo"


async def test_the_list_is_in_order_of_names(gateway: Gateway) -> None:
    assert (await gateway.get(BASE)).ok() == {"broadcasts": []}
    for slug in ("b", "c", "a", "b-2"):
        await gateway.broadcast(slug)

    found = (await gateway.get(BASE)).ok()["broadcasts"]

    assert [broadcast["slug"] for broadcast in found] == ["a", "b", "b-2", "c"]


WRONG: list[tuple[str, Any]] = [
    *(("slug", slug) for slug in ("", "A", "a b", "a/b", "..", "a\n", "\na", "ä", "x" * 65, "a_")),
    *(("slug", slug) for slug in (None, 5, ["a"], "a\0", "%2e", "{slug}", "*")),
    *(("title", title) for title in ("", "  ", "\t\n", "x" * 201, None, 5, ["a"])),
    *(("title", title) for title in ("two\nlines", "nul\0", "bell\x07", "esc\x1b[2J", "a\x85b")),
    *(("description", text) for text in ("x" * 20_001, 5, "nul\0", "esc\x1b[2J")),
    *(("cameras", ids) for ids in ("helmet", ["none"], ["Helmet"], ["helmet"] * 2, [None], {})),
    ("cameras", ["helmet"] * 33),
    *(("crew", crew) for crew in ([{}], [{"name": "A"}], ["A"], [{"name": "A", "role": ""}])),
    ("crew", [{"name": "A", "role": "B", "x": 1}]),
    ("crew", [{"name": "A", "role": "B"}] * 65),
    *(("tags", tags) for tags in ([""], ["x"] * 33, "x", [1])),
    *(("starts_at", at) for at in ("", "soon", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00")),
    *(("starts_at", at) for at in ("2026-01-01", [], True, "25:00", 5, 1e12, "1700000000")),
    ("ended_at", "2026-01-01T00:00:00"),
    *(("rating", 5), ("state", "live"), ("viewers", 5), ("", 1), ("__class__", 1)),
]


@pytest.mark.parametrize("store_url", ["valkey"], indirect=True)
async def test_a_wrong_field_is_named_and_nothing_done(gateway: Gateway) -> None:
    await gateway.broadcast("demo")
    before = (await gateway.get(BASE)).ok()
    for field, value in WRONG:
        body = {field: value}
        for answer in (
            await gateway.post(BASE, {"slug": "new", "title": "New"} | body, admin=True),
            await gateway.send("PATCH", f"{BASE}/demo", body=body, admin=True),
        ):
            assert field in answer.problem(422)["detail"], (field, value)
    assert (await gateway.get(BASE)).ok() == before


@pytest.mark.parametrize("slug", ["none", "Demo", "%00", "..%2fdemo", "demo%20", "*", "demo%0a"])
async def test_there_is_nothing_by_an_unknown_name(gateway: Gateway, slug: str) -> None:
    await gateway.broadcast("demo")
    for method, path, body in (
        ("GET", f"{BASE}/{slug}", None),
        ("PATCH", f"{BASE}/{slug}", {"title": "T"}),
        ("DELETE", f"{BASE}/{slug}", None),
        ("GET", f"{BASE}/{slug}/rating", None),
        ("POST", f"{BASE}/{slug}/rating", {"stars": 5}),
    ):
        (await gateway.send(method, path, body=body, admin=True)).problem(404)


# --- what is live --------------------------------------------------------------------------------


async def test_a_broadcast_is_live_while_a_camera_is(gateway: Gateway, store: Redis) -> None:
    await gateway.broadcast("demo", cameras=["helmet", "drone"])
    await go_live(store, "drone")
    await sessions.tell(store, "demo", {"e.1": 0.0, "e.2": 0.0})
    await look(store)

    async def live() -> Any:
        found = (await gateway.get(f"{BASE}/demo")).ok()
        return found if found["viewers"] == 2 else None

    found = await eventually(live, "two viewers")
    assert (found["state"], found["programme"]) == ("live", "drone")
    assert [camera["live"] for camera in found["cameras"]] == [False, True]
    assert found["cameras"][1]["renditions"] == RUNGS
    await gateway.change(f"{BASE}/demo", ended_at="2026-11-22T20:30:00Z")
    assert (await gateway.get(f"{BASE}/demo")).ok()["state"] == "ended"


# --- changes -------------------------------------------------------------------------------------


async def test_a_change_leaves_the_rest_as_it_is(gateway: Gateway) -> None:
    before = (await gateway.post(BASE, WHOLE, admin=True)).ok(201)

    after = await gateway.change(f"{BASE}/eva-101", title=" Another pump ", cameras=["drone"])

    assert after == before | {"title": "Another pump", "cameras": before["cameras"][1:]}
    assert (await gateway.get(f"{BASE}/eva-101", admin=True)).ok() == after


async def test_null_empties_a_field(gateway: Gateway) -> None:
    """RFC 7396 section 2."""
    before = (await gateway.post(BASE, WHOLE, admin=True)).ok(201)
    empty = {"description": "", "crew": [], "credits": [], "tags": [], "cameras": []}

    after = await gateway.change(f"{BASE}/eva-101", starts_at=None, **dict.fromkeys(empty))

    assert after == before | empty | {"starts_at": None}
    answer = await gateway.send("PATCH", f"{BASE}/eva-101", body={"title": None}, admin=True)
    assert "title: " in answer.problem(422)["detail"]


async def test_a_change_may_come_as_a_merge_patch(gateway: Gateway) -> None:
    await gateway.broadcast("demo")
    headers = {"Content-Type": "application/merge-patch+json"}

    answer = await gateway.send(
        "PATCH", f"{BASE}/demo", raw=b'{"title": "T"}', headers=headers, admin=True
    )

    assert answer.ok()["title"] == "T"


async def test_a_change_of_nothing_changes_nothing(gateway: Gateway) -> None:
    before = (await gateway.post(BASE, WHOLE, admin=True)).ok(201)

    assert await gateway.change(f"{BASE}/eva-101") == before


async def test_changes_at_once_all_count(gateway: Gateway) -> None:
    """Each of another field, so that one that overwrites the whole would undo others."""
    await gateway.broadcast("demo")
    fields: dict[str, Any] = {
        "title": "T",
        "description": "D",
        "tags": ["t"],
        "crew": [{"name": "A", "role": "EV1"}],
        "credits": [{"name": "B", "role": "Sound"}],
        "cameras": ["drone"],
        "starts_at": "2026-01-01T00:00:00Z",
        "ended_at": "2026-01-01T06:30:00Z",
    }

    await asyncio.gather(
        *(gateway.change(f"{BASE}/demo", **{name: value}) for name, value in fields.items())
    )

    after = (await gateway.get(f"{BASE}/demo")).ok()
    assert [camera["id"] for camera in after.pop("cameras")] == fields.pop("cameras")
    assert after | fields == after


@pytest.mark.parametrize("store_url", ["valkey"], indirect=True)
async def test_fifty_broadcasts_take_as_many_round_trips_as_one(
    gateway: Gateway, store: Redis
) -> None:
    async def round_trips(path: str) -> int:
        before = (await store.info("stats"))["total_reads_processed"]
        assert (await gateway.get(path)).status == 200
        return int((await store.info("stats"))["total_reads_processed"] - before)

    for number in range(50):
        await gateway.broadcast(f"broadcast-{number}", cameras=["helmet", "drone"])

    for path in (BASE, "/"):
        # The gateway looks at the stores by itself once a second; that may come in between.
        assert min([await round_trips(path) for _ in range(3)]) <= 5


async def test_a_broadcast_is_started_ended_and_reopened(gateway: Gateway, store: Redis) -> None:
    await gateway.broadcast("eva", cameras=["helmet"], starts_at="2099-01-01T00:00:00Z")

    async def told(act: str, body: Any = None) -> Any:
        return (await gateway.post(f"{BASE}/eva/{act}", body, admin=True)).ok()

    (await gateway.post(f"{BASE}/eva/start")).problem(401)
    started = await told("start")
    assert started["state"] == "live"
    assert started["starts_at"] < "2099"
    again = (await gateway.post(f"{BASE}/eva/start", admin=True)).problem(409)
    assert "has begun already" in again["detail"]
    assert "has not ended" in (await gateway.post(f"{BASE}/eva/reopen", admin=True)).text

    over = await told("end", {})
    assert (over["state"], over["cameras_released"]) == ("ended", False)
    assert over["ended_at"] is not None
    (await gateway.post(f"{BASE}/eva/end", {"release": True}, admin=True)).problem(422)
    released = await told("end", {"release_cameras": True})
    assert (released["ended_at"], released["cameras_released"]) == (over["ended_at"], True)
    # Viewers are told of the end, and nothing of the cameras.
    seen = (await gateway.get(f"{BASE}/eva")).ok()
    assert (seen["state"], seen["cameras_released"]) == ("ended", None)
    assert (await gateway.get("/api/v1/cameras/helmet", admin=True)).ok()["released_by"] == "eva"

    reopened = await told("reopen")
    assert (reopened["state"], reopened["ended_at"]) == ("live", None)
    assert reopened["cameras_released"] is False
    assert (await gateway.get("/api/v1/cameras/helmet", admin=True)).ok()["released_by"] is None
    for act in ("start", "end", "reopen"):
        (await gateway.post(f"{BASE}/none/{act}", {}, admin=True)).problem(404)
