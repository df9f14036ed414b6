"""What operators are told of a worker that cannot keep up, and what others have of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from relay.bus import faults, presence
from relay.camera.ladder import plan
from relay.camera.strain import Strain
from relay.camera.trouble import Troubles
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from relay.bus.faults import Fault


def test_operators_are_told_what_is_too_much_and_what_is_left() -> None:
    fault = Strain().told((3840, 2160), 59.94, plan(3840, 2160, 59.94, less=2))
    assert str(fault) == (
        "this machine is too slow for its 3840×2160 at 60 a second: its rungs are 480p, 240p at "
        "30 a second at the most; have it send smaller or fewer pictures, or give the relay more "
        "cores"
    )


def test_what_befell_a_camera_is_told_in_words() -> None:
    counts = {"late": 1234, "unusable_video": 5, "something_new": 2, "clock_changed": 0}
    assert faults.befell(counts) == (
        "1,234 pictures left out as this machine was too slow, something new: 2, "
        "5 messages with pictures lost"
    )
    assert faults.befell({}) == ""


@pytest.mark.parametrize("store_kind", ["valkey"], indirect=True)
async def test_a_fault_is_told_while_it_lasts_and_numbers_are_kept(
    store: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "INTERVAL_S", 0.01)
    present: list[Fault] = [Strain().told(None, None, [])]
    counters = {"damaged": 1, "late": 2, "late_sound": 0, "pictures": 9}
    troubles = Troubles(
        store, "helmet", lambda: present[0] if present else None, lambda: dict(counters)
    )
    task = asyncio.create_task(troubles.run())

    async def told() -> list[str]:
        return [fault.kind for fault in (await faults.by_camera(store)).get("helmet", [])]

    async def is_told() -> bool:
        return await told() == ["overload"]

    async def is_withdrawn() -> bool:
        return await told() == []

    await eventually(is_told, "the fault")
    counters["late"] += 5
    present.clear()
    await eventually(is_withdrawn, "the fault to be taken back")

    async def is_noted() -> bool:
        history = (await faults.histories(store, ["helmet"]))["helmet"]
        return history.counts == {"damaged": 1, "late": 7}

    await eventually(is_noted, "all numbers")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
