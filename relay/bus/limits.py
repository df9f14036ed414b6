"""How often something may be done: a leaky bucket on the bus, shared by all gateways.

The generic cell rate algorithm (ITU-T I.371): of each key only the moment is kept at which its
bucket will be empty. The clock is Redis's own. While the bus is away each gateway keeps buckets of
its own: then a limit is one for each of them.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from relay.budget import Budget
from relay.bus import keys
from relay.bus.client import store_errors
from relay.errors import StoreError
from relay.log import logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis.asyncio import Redis

# KEYS: bucket. ARGV: µs that one drop takes, µs that the bucket holds. Returns µs to wait.
_TAKE: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local empty = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local wait = empty - now - (ARGV[2] - ARGV[1])
if wait > 0 then
  return wait
end
empty = empty + ARGV[1]
redis.call('SET', KEYS[1], string.format('%.0f', empty), 'PX', math.ceil((empty - now) / 1000))
return 0
"""
_LIMIT_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Limit:
    """How often something may be done."""

    name: str
    """What it is, for its keys."""
    every_s: float
    """In the long run, one in so many seconds."""
    burst: int
    """At once at the most."""


async def take(bus: Redis, limit: Limit, who: str) -> float:
    """Count one; returns 0, or the seconds to wait when it is one too many, which is not counted.

    Raises:
        StoreError: the bus is out of reach.
    """
    drop = int(limit.every_s * 1e6)
    async with store_errors("counting", timeout_s=_LIMIT_S):
        wait = await bus.eval(
            _TAKE, 1, keys.limit(limit.name, who), str(drop), str(drop * limit.burst)
        )
    return int(wait) / 1e6


class Limits:
    """Counts on the bus, or here while that is away: of the `MAX_LOCAL` who came last."""

    MAX_LOCAL: Final = 10_000

    def __init__(self, bus: Redis, now: Callable[[], float]) -> None:
        """`now` is any monotonic clock."""
        self._bus, self._now = bus, now
        self._local: OrderedDict[tuple[str, str], Budget] = OrderedDict()
        self._is_away = False

    async def take(self, limit: Limit, who: str) -> float:
        """As `take`, and never an error."""
        try:
            wait = await take(self._bus, limit, who)
        except StoreError as error:
            if not self._is_away:
                logger().warning("limits are counted by this process alone", error=str(error))
            self._is_away = True
            return self._take_here(limit, who)
        self._is_away = False
        return wait

    def _take_here(self, limit: Limit, who: str) -> float:
        now, key = self._now(), (limit.name, who)
        bucket = self._local.get(key) or Budget(1 / limit.every_s, limit.burst, now)
        self._local[key] = bucket
        self._local.move_to_end(key)
        if len(self._local) > self.MAX_LOCAL:
            self._local.popitem(last=False)
        return 0.0 if bucket.spend(now) else limit.every_s
