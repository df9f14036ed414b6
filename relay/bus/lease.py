"""Leases: who may do a thing that must be done by one process only, for a while."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from relay.bus import keys
from relay.bus.client import store_errors
from relay.errors import StoreError
from relay.log import logger

if TYPE_CHECKING:
    from redis.asyncio import Redis

TTL_MS: Final = 3_000

_RENEW: Final = """
local holder = redis.call('GET', KEYS[1])
if holder == ARGV[1] then
  return redis.call('PEXPIRE', KEYS[1], ARGV[2])
elseif holder then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
_RELEASE: Final = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
"""


async def hold(bus: Redis, name: str, holder: str, *, ttl_ms: int = TTL_MS) -> bool:
    """Take or renew the lease; whether `holder` has it for the next `ttl_ms`.

    Raises:
        StoreError: the bus is out of reach.
    """
    async with store_errors(f"holding {name}"):
        return bool(await bus.eval(_RENEW, 1, keys.lease(name), holder, str(ttl_ms)))


async def keep(bus: Redis, name: str, holder: str) -> None:
    """Renew a lease that `holder` has, through outages of the bus; returns once another has it."""
    while True:
        await asyncio.sleep(TTL_MS / 3000)
        try:
            if not await hold(bus, name, holder):
                return
        except StoreError as error:
            logger().warning("a lease is not renewed", lease=name, error=str(error))


def publishing(camera: str) -> str:
    """The lease of who writes a camera's source: two at once would tear its timeline apart."""
    return f"publish:{camera}"


async def release(bus: Redis, name: str, holder: str) -> None:
    """Give the lease back, if `holder` has it.

    Raises:
        StoreError: the bus is out of reach.
    """
    async with store_errors(f"releasing {name}"):
        await bus.eval(_RELEASE, 1, keys.lease(name), holder)
