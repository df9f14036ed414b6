"""The admin token: told once, and not lost with a start that fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relay.ids import hash_key
from relay.state.secret import admin_token_hash, admin_token_told, make_admin_token

if TYPE_CHECKING:
    from redis.asyncio import Redis


async def test_a_token_that_was_told_stays(store: Redis) -> None:
    token = await make_admin_token(store)
    assert token is not None
    assert await admin_token_told(store, token)
    assert await make_admin_token(store) is None
    assert await admin_token_hash(store) == hash_key(token)


async def test_a_token_that_nobody_has_read_is_replaced(store: Redis) -> None:
    lost = await make_admin_token(store)
    token = await make_admin_token(store)
    assert lost is not None
    assert token is not None
    assert await admin_token_hash(store) == hash_key(token)
    # Whose start was overtaken does not tell a token that opens nothing.
    assert not await admin_token_told(store, lost)
    assert await admin_token_told(store, token)
    assert await make_admin_token(store) is None


async def test_a_token_of_an_older_relay_stays(store: Redis) -> None:
    await store.hset("secrets", "admin-token", hash_key("evt_old"))
    assert await make_admin_token(store) is None
    assert await admin_token_hash(store) == hash_key("evt_old")
