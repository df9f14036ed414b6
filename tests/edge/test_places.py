"""Through a real edge: sessions that nobody connects to give way to those of other networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from relay.bus.rpc import Refused
from relay.log import pool_is_full
from relay.pool import Pool, Size
from tests.support.house import Camera, House, edge
from tests.support.offers import CHROMIUM_LIKE
from tests.support.stage import open_udp
from tests.support.viewer import WebViewer
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import Redis

pytestmark = pytest.mark.parametrize("store_kind", ["valkey"], indirect=True)


@pytest.fixture
async def house(store: Redis, store_url: str) -> AsyncIterator[House]:
    camera = Camera(store, "cam", rungs={"240p": 400_000})
    await camera.begin()
    async with edge(store, store_url) as made:
        assert made.edge is not None
        made.edge._roster.pool = Pool("sessions", Size(unproven=6, proven=64), pool_is_full)
        yield made
    await camera.end()


async def half_open(house: House, network: str) -> str:
    """A session with one check and no handshake."""
    attacker = WebViewer(CHROMIUM_LIKE)
    opened = await house.open(attacker.offer, network=network)
    attacker.answered(opened["sdp"])
    with open_udp() as sock:
        sock.sendto(attacker.check(), attacker._edge)
    attacker.close()
    return str(opened["session"])


async def exists(house: House, session: str) -> bool:
    try:
        await house.call("hint", session=session)
    except Refused as refusal:
        return refusal.kind != "NotFound"
    return True


async def test_half_open_sessions_of_one_network_shut_nobody_out(house: House) -> None:
    sessions = [await half_open(house, "a") for _ in range(12)]
    assert house.edge is not None
    pool = house.edge._roster.pool
    assert (pool.unproven, pool.displaced) == (6, 6)
    honest = [await house.join(network=f"b{number}") for number in range(3)]

    async def gone() -> bool:
        return not await exists(house, sessions[0])

    await eventually(gone, "the oldest to be gone")
    assert await exists(house, sessions[-1])
    await half_open(house, "a")
    for viewer in honest:
        seen = len(viewer.got.media())
        await eventually(lambda v=viewer, n=seen: len(v.got.media()) > n + 20, "its picture")
    assert (await house.fact())["counters"]["pool_sessions_displaced"] >= 6


async def test_a_crowd_behind_one_address_comes_in(house: House) -> None:
    """More of them than may be unconnected at a time, each as soon as those before have come."""
    for _ in range(8):
        await half_open(house, "a")
    crowd = [await house.join(WebViewer(keep=False), network="school") for _ in range(20)]
    assert house.edge is not None
    assert house.edge._roster.connected == 20
    assert all(viewer.reception is not None for viewer in crowd)


async def test_who_has_all_its_network_may_have_is_told_so_by_the_end(house: House) -> None:
    assert house.edge is not None
    house.edge._roster.pool = Pool("sessions", Size(unproven=6, proven=4), pool_is_full)
    first = [await house.join(network="a") for _ in range(2)]
    turned_away = WebViewer()
    turned_away.answered((await house.open(turned_away.offer, network="a"))["sdp"])
    turned_away.appear()
    await eventually(lambda: house.edge._roster.pool.refused == 1, "it to be refused")  # type: ignore[union-attr]
    assert (await house.join(network="b")).got is not None
    turned_away.close()
    for viewer in first:
        seen = len(viewer.got.media())
        await eventually(lambda v=viewer, n=seen: len(v.got.media()) > n + 20, "its picture")
