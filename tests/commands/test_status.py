"""`relay status` and the lists, of a relay's facts on a real store; and a broadcast's course."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from relay.bus import faults, presence
from relay.bus.client import connect
from relay.bus.faults import Fault
from tests.commands.test_wrong import Call, call
from tests.support.gateway import EDGE, LONG_MS

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = ["call"]
pytestmark = pytest.mark.parametrize("store_kind", ["valkey"], indirect=True)
HEVC = Fault("refused", "its picture is HEVC, which cannot be shown", "set its encoder to H.264")


def tell(store_url: str) -> None:
    """What a relay would tell: two cameras, one of them refused, and an edge that is full."""
    asyncio.run(_tell(store_url))


async def _tell(store_url: str) -> None:
    bus: Redis = connect(store_url)
    video = {"codec": "avc1.42e01f", "width": 1280, "height": 720}
    fact = {"video": video, "sound": "AAC", "units": 3, "dropped": 0}
    await presence.tell(bus, presence.CAMERA, "drone", fact, ttl_ms=LONG_MS)
    for name in ("ingest-x", "gateway-x"):
        await presence.tell(bus, presence.PROCESS, name, {"counters": {}}, ttl_ms=LONG_MS)
    await presence.tell(bus, presence.EDGE, "edge-0-x", EDGE | {"full": True}, ttl_ms=LONG_MS)
    await faults.tell(bus, "here", HEVC, ttl_ms=LONG_MS)
    await bus.aclose()


def test_what_runs_who_is_live_and_what_is_wrong(call: Call, store_url: str):
    code, out, _ = call("status")
    assert code == 0
    assert "No ingest runs" in out
    assert "No gateway runs" in out
    assert "No edge runs" in out
    assert call("camera", "add", "drone", "--name", "Drone 1")[0] == 0
    assert call("broadcast", "start", "eva")[0] == 0
    tell(store_url)
    code, out, _ = call("status")
    assert code == 0
    for words in (
        "Processes    gateway, ingest",
        "drone   Drone 1  live     1280×720  AAC    sends",
        "here    here     refused                   sends",
        f"here: {HEVC.text}; {HEVC.remedy}.",
        "Edge edge-0-x is full",
        "eva is live and no camera of it sends. If it is over: relay broadcast end eva",
    ):
        assert words in out, out
    told = json.loads(call("status", "--json")[1])
    assert [each["live"] for each in told["cameras"]] == [True, False]
    assert told["broadcasts"][0]["state"] == "live"
    assert len(told["wrong"]) == 3
    assert call("broadcast", "change", "eva", "--camera", "drone")[0] == 0
    assert "live   0        drone" in call("broadcast", "list")[1]
    listed = json.loads(call("camera", "list", "--json")[1])
    assert listed[1]["verdict"] == f"here: {HEVC.text}; {HEVC.remedy}"
    assert "key" not in str(listed)


def test_a_broadcast_ends_with_its_cameras_or_without(call: Call):
    call("broadcast", "change", "eva", "--camera", "here")
    assert "eva is live: http://localhost:8080/b/eva" in call("broadcast", "start", "eva")[1]
    assert "has begun already" in call("broadcast", "start", "eva")[2]
    code, out, _ = call("broadcast", "end", "eva")
    assert code == 0
    assert "Its cameras may go on sending: here" in out
    assert "has ended already" in call("broadcast", "end", "eva", "--keep-cameras")[2]
    assert "Let go: here" in call("broadcast", "end", "eva", "--release-cameras")[1]
    assert "let go by eva" in call("camera", "list")[1]
    assert "eva goes on" in call("broadcast", "reopen", "eva")[1]
    assert "let go" not in call("camera", "list")[1]
    call("broadcast", "add", "next", "--camera", "here")
    assert "here stays: next shows it" in call("broadcast", "end", "eva", "--release-cameras")[1]
    assert "let go" not in call("camera", "list")[1]
