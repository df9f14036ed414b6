"""Secrets that the relay makes for itself at its first start."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, cast

from relay.bus import keys
from relay.bus.client import store_errors
from relay.ids import hash_key, new_admin_token

if TYPE_CHECKING:
    from redis.asyncio import Redis


async def signing_key(state: Redis, name: str) -> bytes:
    """The 32-byte key called `name`, made when it is asked for the first time.

    Raises:
        StoreError: the state is out of reach.
    """
    async with store_errors(f"reading the {name} key"):
        await state.hsetnx(keys.SECRETS, name, secrets.token_hex(32))
        value = cast("bytes", await state.hget(keys.SECRETS, name))
    return bytes.fromhex(value.decode())


async def make_admin_token(state: Redis) -> str | None:
    """Make the admin token if there is none yet; returns it this once, else None.

    Raises:
        StoreError: the state is out of reach.
    """
    token = new_admin_token()
    async with store_errors("storing the admin token"):
        made = await state.hsetnx(keys.SECRETS, "admin-token", hash_key(token))
    return token if made else None


async def admin_token_hash(state: Redis) -> str | None:
    """SHA-256 of the admin token that was made at the first start, if one was.

    Raises:
        StoreError: the state is out of reach.
    """
    async with store_errors("reading the admin token"):
        value = cast("bytes | None", await state.hget(keys.SECRETS, "admin-token"))
    return None if value is None else value.decode()
