"""Published events: JSON on channels, heard by whoever listens at the moment.

Redis drops a subscriber that does not read (its output buffer is bounded); a subscriber is told
whenever it may have missed something, and then reads the state anew.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final

from redis.exceptions import RedisError

from relay.bus.client import store_errors
from relay.log import logger

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import Redis

Event = dict[str, Any]
_RETRY_S: Final = 0.2


async def publish(bus: Redis, channel: str, *events: Event) -> None:
    """Tell all who listen on `channel`; several events in this order, in one round trip.

    Raises:
        StoreError: the bus is out of reach.
    """
    async with store_errors(f"publishing on {channel}"):
        pipe = bus.pipeline(transaction=False)
        for event in events:
            pipe.publish(channel, json.dumps(event))
        await pipe.execute()


async def subscribe(blocking: Redis, *patterns: str) -> AsyncIterator[tuple[str, Event] | None]:
    """Events on the channels that match `patterns`, as (channel, event), through outages.

    Yields None once at the beginning and after each outage: what was published before is missed.
    Needs a blocking client.
    """
    while True:
        pubsub = blocking.pubsub()
        try:
            await pubsub.psubscribe(*patterns)
            confirmed = 0
            async for message in pubsub.listen():
                if message["type"] == "psubscribe":
                    confirmed += 1
                    if confirmed == len(patterns):
                        yield None
                elif message["type"] == "pmessage":
                    channel = message["channel"].decode("utf-8", "replace")
                    try:
                        event = json.loads(message["data"])
                    except (ValueError, RecursionError):
                        logger().warning("an event is no JSON", channel=channel)
                        continue
                    yield channel, event
        except (RedisError, OSError) as error:
            logger().warning("events are interrupted", error=str(error))
        finally:
            await pubsub.aclose()  # type: ignore[no-untyped-call]
        await asyncio.sleep(_RETRY_S)
