"""Secrets that the relay makes for itself at its first start."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final, cast

from relay.bus import keys
from relay.bus.client import store_errors
from relay.ids import hash_key, new_admin_token

if TYPE_CHECKING:
    from redis.asyncio import Redis


# KEYS: the secrets. ARGV: hash of a new token. One that is stored and was told stays.
_MAKE: Final = """
if redis.call('HEXISTS', KEYS[1], 'admin-token') == 1
    and redis.call('HEXISTS', KEYS[1], 'admin-token-untold') == 0 then
  return 0
end
redis.call('HSET', KEYS[1], 'admin-token', ARGV[1], 'admin-token-untold', '1')
return 1
"""
_TOLD: Final = """
if redis.call('HGET', KEYS[1], 'admin-token') ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[1], 'admin-token-untold')
return 1
"""


async def signing_key(state: Redis, name: str) -> bytes:
    """The 32-byte key called `name`, made when it is asked for the first time.

    Raises:
        StoreError: the state is out of reach.
    """
    async with store_errors(f"reading the {name} key"):
        value = cast("bytes | None", await state.hget(keys.SECRETS, name))
        if value is None:  # only then: a server whose disk is full still has to be of use
            await state.hsetnx(keys.SECRETS, name, secrets.token_hex(32))
            value = cast("bytes", await state.hget(keys.SECRETS, name))
    return bytes.fromhex(value.decode())


async def make_admin_token(state: Redis) -> str | None:
    """Make the admin token if there is none that was told; returns it, else None.

    Once the operator has been told, say so with `admin_token_told`: a token that a start has made,
    and that nobody has read since that start came to nothing, is replaced by the next one's.

    Raises:
        StoreError: the state is out of reach.
    """
    token = new_admin_token()
    async with store_errors("storing the admin token"):
        made = await state.eval(_MAKE, 1, keys.SECRETS, hash_key(token))
    return token if made else None


async def admin_token_told(state: Redis, token: str) -> bool:
    """Note that the operator has read this token; whether it is still the one that counts.

    Raises:
        StoreError: the state is out of reach.
    """
    async with store_errors("noting that the admin token was told"):
        return bool(await state.eval(_TOLD, 1, keys.SECRETS, hash_key(token)))


async def admin_token_hash(state: Redis) -> str | None:
    """SHA-256 of the admin token that was made at the first start, if one was.

    Raises:
        StoreError: the state is out of reach.
    """
    async with store_errors("reading the admin token"):
        value = cast("bytes | None", await state.hget(keys.SECRETS, "admin-token"))
    return None if value is None else value.decode()
