"""Stars: one vote per viewer and broadcast, changeable; average and count.

One script takes the idempotency key, the vote and the totals together, so that a vote that is sent
again after a lost answer counts once, and totals always match the votes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from relay.bus import keys
from relay.bus.client import store_errors
from relay.bus.events import publish
from relay.errors import StoreError
from relay.log import logger

if TYPE_CHECKING:
    from redis.asyncio import Redis

# KEYS: totals, votes, receipt. ARGV: viewer, stars, seconds that a receipt is kept.
_VOTE: Final = """
if redis.call('SET', KEYS[3], '1', 'NX', 'EX', ARGV[3]) then
  local old = redis.call('HGET', KEYS[2], ARGV[1])
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
  if old then
    redis.call('HINCRBY', KEYS[1], 'sum', ARGV[2] - old)
  else
    redis.call('HINCRBY', KEYS[1], 'sum', ARGV[2])
    redis.call('HINCRBY', KEYS[1], 'count', 1)
  end
end
local totals = redis.call('HMGET', KEYS[1], 'sum', 'count')
return {totals[1], totals[2], redis.call('HGET', KEYS[2], ARGV[1])}
"""
_RECEIPT_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class Rating:
    """What viewers think of a broadcast."""

    total: int
    """Sum of all stars."""
    count: int
    """Number of votes."""
    yours: int | None = None
    """The asking viewer's own stars."""

    @property
    def average(self) -> float | None:
        """Mean stars, 1 to 5, to two decimals; None before the first vote."""
        return round(self.total / self.count, 2) if self.count else None


async def vote(
    state: Redis, bus: Redis, broadcast: str, *, viewer: str, stars: int, idempotency_key: str
) -> Rating:
    """Count a vote, store it durably, then tell every open page.

    Raises:
        StoreError: it is not known whether the vote was stored; sending it again with the same
            idempotency key is safe.
    """
    async with store_errors("storing a vote"):
        answer = cast(
            "list[bytes]",
            await state.eval(
                _VOTE,
                3,
                keys.rating(broadcast),
                keys.votes(broadcast),
                keys.vote_receipt(broadcast, idempotency_key),
                viewer,
                str(stars),
                str(_RECEIPT_S),
            ),
        )
    rating = Rating(total=int(answer[0]), count=int(answer[1]), yours=int(answer[2]))
    event = {"type": "rating", "average": rating.average, "count": rating.count}
    try:
        await publish(bus, keys.broadcast_events(broadcast), event)
    except StoreError as error:  # the vote is safe; pages learn of it with their next state
        logger().warning("a vote could not be told", error=str(error))
    return rating


async def read(state: Redis, broadcast: str, viewer: str | None = None) -> Rating:
    """The present rating, with the stars of `viewer` if one is named.

    Raises:
        StoreError: the state is out of reach.
    """
    async with store_errors("reading a rating"):
        pipe = state.pipeline(transaction=False)
        pipe.hmget(keys.rating(broadcast), "sum", "count")
        pipe.hget(keys.votes(broadcast), viewer or "")
        (total, count), yours = await pipe.execute()
    return Rating(int(total or 0), int(count or 0), int(yours) if yours else None)


async def forget(state: Redis, broadcast: str) -> None:
    """Delete all votes of a broadcast that is deleted.

    Raises:
        StoreError: the state is out of reach.
    """
    async with store_errors("deleting a rating"):
        await state.delete(keys.rating(broadcast), keys.votes(broadcast))
