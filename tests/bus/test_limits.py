"""Limits on the bus, and without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from relay.bus.client import connect
from relay.bus.limits import Limit, Limits
from tests.support.stores import Store

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = Limit("comment", every_s=8, burst=3)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def bus(tmp_path: Path) -> Store:
    return Store(tmp_path, "bus")


async def test_without_the_bus_each_process_counts_by_itself(bus: Store) -> None:
    clock, client = Clock(), connect(bus.url)
    limits = Limits(client, clock)
    assert [await limits.take(LIMIT, "x") for _ in range(3)] == [0.0] * 3
    assert await limits.take(LIMIT, "x") > 0
    bus.kill()
    assert [await limits.take(LIMIT, "x") for _ in range(3)] == [0.0] * 3
    assert [await limits.take(LIMIT, "x"), await limits.take(LIMIT, "y")] == [8.0, 0.0]
    clock.now += 8
    assert [await limits.take(LIMIT, "x"), await limits.take(LIMIT, "x")] == [0.0, 8.0]
    await client.aclose()


async def test_what_is_counted_without_the_bus_is_bounded(
    bus: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Limits, "MAX_LOCAL", 5)
    bus.kill()
    client = connect(bus.url)
    limits = Limits(client, Clock())
    for number in range(20):
        assert await limits.take(LIMIT, f"{number}") == 0.0
    assert len(limits._local) == 5
    await client.aclose()
