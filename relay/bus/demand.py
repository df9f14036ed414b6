"""Which renditions somebody wants: viewers, by their edge, or a recorder.

Whoever reads a rendition says so once a second, from before its first read until after its last;
what nobody has wanted for `TTL_S` may stop being made. The clock is Redis's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from relay.bus import keys
from relay.bus.client import store_errors
from relay.bus.events import publish

if TYPE_CHECKING:
    from collections.abc import Collection

    from redis.asyncio import Redis

TTL_S: Final = 2.5

# KEYS: demand. ARGV: µs that a wish lives, renditions. Returns how many are wanted anew.
_WANT: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local new = 0
for i = 2, #ARGV do
  new = new + redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[i])
end
redis.call('EXPIRE', KEYS[1], 60)
return new
"""
_WANTED: Final = """
local time = redis.call('TIME')
return redis.call('ZRANGEBYSCORE', KEYS[1], time[1] * 1000000 + time[2], '+inf')
"""


async def want(bus: Redis, camera: str, renditions: Collection[str]) -> None:
    """Want these renditions of a camera for the next `TTL_S`; its worker hears of new ones at once.

    Raises:
        StoreError: the bus is out of reach.
    """
    if not renditions:
        return
    async with store_errors(f"wanting renditions of {camera}"):
        new = await bus.eval(_WANT, 1, keys.demand(camera), str(int(TTL_S * 1e6)), *renditions)
    if new:
        await publish(bus, keys.demand_events(camera), {"renditions": list(renditions)})


async def wanted(bus: Redis, camera: str) -> set[str]:
    """The renditions of a camera that somebody wants.

    Raises:
        StoreError: the bus is out of reach.
    """
    async with store_errors(f"asking what is wanted of {camera}"):
        found = cast("list[bytes]", await bus.eval_ro(_WANTED, 1, keys.demand(camera)))
    return {name.decode() for name in found}
