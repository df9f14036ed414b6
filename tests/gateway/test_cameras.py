"""Cameras: created, read, changed and deleted by the API; their publish keys."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from relay.bus import faults, presence
from relay.bus.faults import Fault
from relay.ids import hash_key
from relay.state.registry import Registry
from tests.support.gateway import LONG_MS, RUNGS, Gateway, go_dark, go_live, look
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis.asyncio import Redis

BASE = "/api/v1/cameras"
PULL = {"url": "rtmp://user:secret@192.0.2.1/live", "loop": False}


async def test_what_is_created_can_be_read(gateway: Gateway) -> None:
    body = {"id": "orbit", "name": "Orbit", "projection": "equirectangular", "pull": PULL}

    answer = await gateway.post(BASE, body, admin=True)

    created = answer.ok(201)
    assert answer.headers["Location"] == f"{BASE}/orbit"
    key = created.pop("publish_key")
    assert key.startswith("evk_")
    assert created == body | {
        "live": False,
        "clock": "arrival",
        "renditions": [],
        "source": None,
        "no_picture": False,
        "seen_at": None,
        "released_by": None,
        "verdict": None,
        "faults": [],
        "counts": {},
    }
    assert (await gateway.get(answer.headers["Location"], admin=True)).ok() == created
    assert (await gateway.get(BASE, admin=True)).ok() == {"cameras": [created]}


async def test_the_least_that_a_camera_needs(gateway: Gateway) -> None:
    created = await gateway.camera("helmet")

    assert (created["name"], created["projection"], created["pull"]) == ("helmet", "flat", None)


async def test_a_name_is_given_once_and_its_key_stays(gateway: Gateway, store: Redis) -> None:
    answers = await asyncio.gather(
        *(gateway.post(BASE, {"id": "helmet"}, admin=True) for _ in range(10))
    )

    assert sorted(answer.status for answer in answers) == [201] + [409] * 9
    key = next(answer.json()["publish_key"] for answer in answers if answer.status == 201)
    camera = await Registry(store).camera_of_key(key)
    assert camera is not None
    assert camera.id == "helmet"
    assert await store.hlen("{registry}:publish-keys") == 1


@pytest.mark.parametrize("store_url", ["valkey"], indirect=True)
async def test_a_wrong_field_is_named_and_nothing_done(gateway: Gateway) -> None:
    await gateway.camera("helmet")
    before = (await gateway.get(BASE, admin=True)).ok()
    wrong: list[tuple[str, Any]] = [
        *(("id", each) for each in ("", "A", "a/b", "..", "x" * 65, None, 5, "a\0", "a\n")),
        *(("name", each) for each in ("", " ", "x" * 201, 5, ["a"], "esc\x1b[2J", "two\nlines")),
        *(("projection", each) for each in ("", "FLAT", "cube", 5)),
        *(("pull", each) for each in ("rtmp://x", {}, {"url": ""}, {"url": "x" * 2001}, [])),
        *(("pull", each) for each in ({"url": "x", "more": 1}, {"url": 5}, {"url": "x\0"})),
        *(("key_hash", each) for each in ("", hash_key("x"), None)),
        *(("publish_key", "evk_x"), ("live", True), ("source", None), ("renditions", [])),
    ]
    for field, value in wrong:
        body = {field: value}
        for answer in (
            await gateway.post(BASE, {"id": "new"} | body, admin=True),
            await gateway.send("PATCH", f"{BASE}/helmet", body=body, admin=True),
        ):
            assert field in answer.problem(422)["detail"], (field, value)
    assert (await gateway.get(BASE, admin=True)).ok() == before


@pytest.mark.parametrize("camera", ["none", "Helmet", "%00", "helmet%20", "*"])
async def test_there_is_nothing_by_an_unknown_name(gateway: Gateway, camera: str) -> None:
    await gateway.camera("helmet")
    for method, path, body in (
        ("GET", f"{BASE}/{camera}", None),
        ("PATCH", f"{BASE}/{camera}", {"name": "N"}),
        ("DELETE", f"{BASE}/{camera}", None),
        ("POST", f"{BASE}/{camera}/key", None),
    ):
        (await gateway.send(method, path, body=body, admin=True)).problem(404)


async def test_changes(gateway: Gateway) -> None:
    created = await gateway.camera("helmet", pull=PULL)
    del created["publish_key"]

    renamed = await gateway.change(f"{BASE}/helmet", name="Helmet of EV1")
    assert renamed == created | {"name": "Helmet of EV1"}

    emptied = await gateway.change(f"{BASE}/helmet", pull=None, projection="equirectangular")
    assert emptied == renamed | {"pull": None, "projection": "equirectangular"}
    assert (await gateway.get(f"{BASE}/helmet", admin=True)).ok() == emptied


async def test_a_live_camera_shows_its_source_and_ladder(gateway: Gateway, store: Redis) -> None:
    await gateway.camera("helmet")
    await go_live(store, "helmet")

    async def live() -> Any:
        found = (await gateway.get(f"{BASE}/helmet", admin=True)).ok()
        return found if found["live"] else None

    found = await eventually(live, "the camera to be live")
    assert found["renditions"] == RUNGS
    assert found["source"] == {"protocol": "rtmp", "units": 3, "dropped": 0}
    await go_dark(store, "helmet")

    async def dark() -> bool:
        return not await live()

    await eventually(dark, "the camera to be dark")


HEVC = Fault("refused", "its picture is HEVC, which cannot be shown", "set its encoder to H.264")


async def test_what_is_wrong_with_a_camera_is_told_to_operators(
    gateway: Gateway, store: Redis
) -> None:
    await gateway.camera("helmet", name="Helmet of EV1")
    await gateway.camera("drone")
    await gateway.broadcast("eva", cameras=["helmet", "drone"])
    at = 1_800_000_000.0
    await faults.tell(store, "helmet", replace(HEVC, at=at), ttl_ms=LONG_MS)
    await faults.note(store, "helmet", {"refused": 2}, seen=at)
    await faults.note(store, "helmet", {"refused": 1})
    await look(store)

    async def told() -> Any:
        found = (await gateway.get(f"{BASE}/helmet", admin=True)).ok()
        return found if found["faults"] and found["counts"] else None

    found = await eventually(told, "the fault")
    assert found["verdict"] == f"Helmet of EV1: {HEVC.text}; {HEVC.remedy}"
    (fault,) = found["faults"]
    assert datetime.fromisoformat(fault.pop("at")).timestamp() == at
    assert fault == {"kind": "refused", "text": HEVC.text, "remedy": HEVC.remedy}
    assert found["counts"] == {"refused": 3}
    assert datetime.fromisoformat(found["seen_at"]).timestamp() == at
    # Viewers hear that there is no picture, and nothing of its operators' business.
    helmet, drone = (await gateway.get("/api/v1/broadcasts/eva")).ok()["cameras"]
    assert (helmet["no_picture"], drone["no_picture"]) == (True, False)
    assert "faults" not in helmet
    metrics = (await gateway.get("/metrics", admin=True)).text
    assert 'eva_camera_fault{camera="helmet",kind="refused"} 1.0' in metrics
    assert 'eva_camera_troubles_total{camera="helmet",what="refused"} 3.0' in metrics

    await go_live(store, "helmet")

    async def shown() -> bool:
        helmet = (await gateway.get("/api/v1/broadcasts/eva")).ok()["cameras"][0]
        return bool(helmet["renditions"]) and not helmet["no_picture"] and not helmet["seen_at"]

    await eventually(shown, "its picture")


async def test_a_fault_of_a_newer_relay_hides_no_other(gateway: Gateway, store: Redis) -> None:
    await gateway.camera("helmet")
    await presence.tell(store, presence.FAULT, "helmet:odd", {"colour": "red"}, ttl_ms=LONG_MS)
    await faults.tell(store, "helmet", Fault("frozen", "its picture stands"), ttl_ms=LONG_MS)
    await look(store)

    async def told() -> Any:
        return (await gateway.get(f"{BASE}/helmet", admin=True)).ok()["faults"]

    (fault,) = await eventually(told, "the fault")
    assert (fault["kind"], fault["remedy"]) == ("frozen", "")


# --- keys ----------------------------------------------------------------------------------------


async def test_a_key_is_shown_once_and_stored_hashed(gateway: Gateway, store: Redis) -> None:
    key = (await gateway.camera("helmet"))["publish_key"]

    shown = "".join(
        [(await gateway.get(path, admin=True)).text for path in (BASE, f"{BASE}/helmet")]
    )
    stored = await store.hgetall("{registry}:cameras")
    lookup = await store.hgetall("{registry}:publish-keys")
    assert key not in shown + str(stored) + str(lookup)
    assert hash_key(key) not in shown
    assert lookup == {hash_key(key).encode(): b"helmet"}


async def test_a_new_key_replaces_the_old_one(gateway: Gateway, store: Redis) -> None:
    registry = Registry(store)
    old = (await gateway.camera("helmet"))["publish_key"]

    answer = await gateway.post(f"{BASE}/helmet/key", admin=True)

    new = answer.ok(201)["publish_key"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert await registry.camera_of_key(old) is None
    camera = await registry.camera_of_key(new)
    assert camera is not None
    assert camera.id == "helmet"


async def test_many_new_keys_at_once_leave_one_and_no_litter(
    gateway: Gateway, store: Redis
) -> None:
    await gateway.camera("helmet")

    answers = await asyncio.gather(
        *(gateway.post(f"{BASE}/helmet/key", admin=True) for _ in range(10))
    )

    registry = Registry(store)
    keys = [answer.ok(201)["publish_key"] for answer in answers]
    valid = [key for key in keys if await registry.camera_of_key(key) is not None]
    assert len(valid) == 1
    assert await store.hlen("{registry}:publish-keys") == 1


async def test_a_camera_is_deleted_with_its_key(gateway: Gateway, store: Redis) -> None:
    key = (await gateway.camera("helmet"))["publish_key"]

    (await gateway.send("DELETE", f"{BASE}/helmet", admin=True)).ok(204)

    assert await Registry(store).camera_of_key(key) is None
    assert await store.hlen("{registry}:publish-keys") == 0
    await gateway.camera("helmet")
    assert await Registry(store).camera_of_key(key) is None


async def test_a_camera_that_broadcasts_use_is_kept(gateway: Gateway) -> None:
    await gateway.camera("helmet")
    for slug in ("a", "b"):
        await gateway.broadcast(slug, cameras=["helmet"])

    detail = (await gateway.send("DELETE", f"{BASE}/helmet", admin=True)).problem(409)["detail"]

    assert "a, b" in detail
    for slug in ("a", "b"):
        await gateway.change(f"/api/v1/broadcasts/{slug}", cameras=[])
    (await gateway.send("DELETE", f"{BASE}/helmet", admin=True)).ok(204)


async def test_a_broadcast_whose_camera_is_gone_can_be_read_and_changed(
    gateway: Gateway, store: Redis
) -> None:
    """Both may be changed at the same moment by two operators."""
    await gateway.camera("helmet")
    await gateway.camera("drone")
    await gateway.broadcast("demo", cameras=["helmet"])
    await store.hdel("{registry}:cameras", "helmet")

    changed = await gateway.change("/api/v1/broadcasts/demo", cameras=["helmet", "drone"])

    assert [(camera["id"], camera["name"]) for camera in changed["cameras"]] == [
        ("helmet", "helmet"),
        ("drone", "drone"),
    ]
    assert (await gateway.get("/b/demo")).status == 200


async def test_keys_and_credentials_stay_out_of_the_log(
    gateway: Gateway, logged: Callable[[], str]
) -> None:
    key = (await gateway.camera("helmet", pull=PULL))["publish_key"]
    key2 = (await gateway.post(f"{BASE}/helmet/key", admin=True)).ok(201)["publish_key"]
    (await gateway.post(BASE, {"id": "helmet", "pull": PULL}, admin=True)).problem(409)
    await gateway.send("PATCH", f"{BASE}/helmet", body={"pull": {"uri": key}}, admin=True)

    assert not [secret for secret in (key, key2, "secret") if secret in logged()]


async def test_files_that_nobody_here_named_are_not_pulled(gateway: Gateway) -> None:
    for url in ("/etc/passwd", "../x.mp4", "concat:/etc/passwd", "~/x.mp4"):
        body = {"id": "pad", "pull": {"url": url}}
        told = (await gateway.post("/api/v1/cameras", body, admin=True)).problem(422)["detail"]
        assert "pull.url: " in told
        assert "RELAY_PULL_FOLDERS" in told
    for url in ("file:///etc/passwd", "subfile,,start,0,end,0,,://etc/passwd", "data://x"):
        body = {"id": "pad", "pull": {"url": url}}
        told = (await gateway.post("/api/v1/cameras", body, admin=True)).problem(422)["detail"]
        assert "cannot be pulled; allowed are http://" in told
    await gateway.camera("pad")
    change = {"pull": {"url": "/etc/passwd"}}
    path = "/api/v1/cameras/pad"
    answer = await gateway.send("PATCH", path, body=change, admin=True)
    assert "RELAY_PULL_FOLDERS" in answer.problem(422)["detail"]
    assert (await gateway.get(path, admin=True)).ok()["pull"] is None
