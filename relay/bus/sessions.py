"""Who watches: viewers in the bus, each with the time at which it stops counting.

A viewer is one however many sessions it has, as far as it is known; else each session is one.
Edges tell of them once a second. The clock is Redis's own, so that hosts whose clocks
differ agree. A viewer that was not heard of for `GONE_AFTER_S` no longer counts, whatever becomes
of the session or of its edge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from relay.bus import keys
from relay.bus.client import store_errors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from redis.asyncio import Redis

GONE_AFTER_S: Final = 3.5

# KEYS: sessions. ARGV: µs that remain, session, µs that remain, session …
_TELL: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
for i = 1, #ARGV, 2 do
  redis.call('ZADD', KEYS[1], now + ARGV[i], ARGV[i + 1])
end
redis.call('EXPIRE', KEYS[1], 60)
return redis.call('ZCARD', KEYS[1])
"""
_COUNT: Final = """
local time = redis.call('TIME')
return redis.call('ZCOUNT', KEYS[1], time[1] * 1000000 + time[2], '+inf')
"""
_CHUNK: Final = 2_000


async def tell(bus: Redis, broadcast: str, silent_s: Mapping[str, float]) -> None:
    """Tell of viewers of a broadcast: for each name, how long ago it was last heard.

    Raises:
        StoreError: the bus is out of reach.
    """
    present = {name: silent for name, silent in silent_s.items() if silent < GONE_AFTER_S}
    flat = [
        text
        for name, silent in present.items()
        for text in (str(int((GONE_AFTER_S - silent) * 1e6)), name)
    ]
    async with store_errors("telling of sessions"):
        for start in range(0, len(flat), 2 * _CHUNK):
            part = flat[start : start + 2 * _CHUNK]
            await bus.eval(_TELL, 1, keys.sessions(broadcast), *part)


async def withdraw(bus: Redis, broadcast: str, *viewers: str) -> None:
    """Stop counting viewers that have said goodbye.

    Raises:
        StoreError: the bus is out of reach.
    """
    async with store_errors("withdrawing sessions"):
        await bus.zrem(keys.sessions(broadcast), *viewers)


async def count(bus: Redis, broadcast: str) -> int:
    """Number of viewers of a broadcast at this moment.

    Raises:
        StoreError: the bus is out of reach.
    """
    return (await counts(bus, [broadcast]))[broadcast]


async def counts(bus: Redis, broadcasts: Sequence[str]) -> dict[str, int]:
    """Number of viewers of each of several broadcasts, in one round trip.

    Raises:
        StoreError: the bus is out of reach.
    """
    if not broadcasts:
        return {}
    async with store_errors("counting viewers"):
        pipe = bus.pipeline(transaction=False)
        for broadcast in broadcasts:
            pipe.eval(_COUNT, 1, keys.sessions(broadcast))
        return dict(zip(broadcasts, await pipe.execute(), strict=True))
