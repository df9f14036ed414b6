"""`relay demo` goes on past the end of its spacewalk: page and pictures begin anew together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from relay.commands.demo import keep_up, show_broadcast
from relay.demo import show
from relay.demo.camera import EVA_S
from relay.state.registry import Registry

if TYPE_CHECKING:
    from redis.asyncio import Redis

pytestmark = pytest.mark.parametrize("store_url", ["valkey"], indirect=True)

CAMERAS = ["helmet", "drone"]


class Over(Exception):
    """The test has seen enough."""


async def test_the_broadcast_begins_anew_with_its_pictures(store: Redis) -> None:
    registry = Registry(store)
    now = 100 * EVA_S + EVA_S - 100.0
    ends = now + EVA_S + 200
    told: list[tuple[bool, bool]] = []

    async def sleep(seconds: float) -> None:
        nonlocal now
        made = await registry.broadcasts.get(show.SLUG)
        (markers,) = (await registry.markers_of([show.SLUG])).values()
        first = min(marker.at for marker in markers)
        # At most one look goes by before the page agrees with the pictures.
        agrees = made.starts_at == show.starts_at(now)
        told.append((agrees, first == show.starts_at(now) + (first - made.starts_at)))
        assert 0 < seconds <= 30
        now += seconds
        if now > ends:
            raise Over

    await show_broadcast(registry, CAMERAS, now)
    with pytest.raises(Over):
        await keep_up(registry, CAMERAS, lambda: now, sleep)
    assert all(agrees and marked for agrees, marked in told)
    made = await registry.broadcasts.get(show.SLUG)
    assert made.starts_at == show.starts_at(102 * EVA_S)
