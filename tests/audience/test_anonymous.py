"""Addresses as hashes of the day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relay.audience.anonymous import Anonymous
from relay.bus import keys

if TYPE_CHECKING:
    from redis.asyncio import Redis

DAY_S = 86_400
NOON_S = 20_000 * DAY_S + DAY_S / 2
ADDRESS = "203.0.113.7"


async def test_an_address_has_one_name_a_day_on_all_gateways(store: Redis):
    one, other = Anonymous(store), Anonymous(store)
    name = await one.hash(ADDRESS, NOON_S)
    assert len(name) == 16
    assert await other.hash(ADDRESS, NOON_S + DAY_S / 2 - 1) == name
    assert await one.hash("203.0.113.8", NOON_S) != name
    tomorrow = await one.hash(ADDRESS, NOON_S + DAY_S / 2)
    assert tomorrow != name
    assert await other.hash(ADDRESS, NOON_S + DAY_S) == tomorrow


async def test_the_salt_is_forgotten_after_two_days_and_the_address_never_kept(store: Redis):
    await Anonymous(store).hash(ADDRESS, NOON_S)
    key = keys.salt(20_000)
    assert 0 < await store.ttl(key) <= 2 * DAY_S
    assert await store.keys("*") == [key.encode()]
    assert ADDRESS.encode() not in await store.get(key)
    salt = await store.get(key)
    await Anonymous(store).hash(ADDRESS, NOON_S)
    assert await store.get(key) == salt


async def test_hashes_of_another_salt_are_others(store: Redis):
    name = await Anonymous(store).hash(ADDRESS, NOON_S)
    await store.flushall()
    assert await Anonymous(store).hash(ADDRESS, NOON_S) != name
