"""Published events: JSON on channels, heard by whoever listens at the moment.

Redis drops a subscriber that does not read (its output buffer is bounded); a subscriber is told
whenever it may have missed something, and then reads the state anew.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final

from redis.exceptions import RedisError

from relay.bus.client import store_error, store_errors
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


async def subscribe(blocking: Redis, *channels: str) -> AsyncIterator[tuple[str, Event] | None]:
    """Events on these channels, or on all that match where one is a pattern (it has a `*`), as
    (channel, event), through outages.

    Yields None once at the beginning and after each outage: what was published before is missed.
    Needs a blocking client.
    """
    patterns = [name for name in channels if "*" in name]
    named = [name for name in channels if "*" not in name]
    while True:
        pubsub = blocking.pubsub()
        try:
            # A pattern that is a mere name is one more right, which nobody needs.
            for names, begin in ((named, pubsub.subscribe), (patterns, pubsub.psubscribe)):
                if names:
                    await begin(*names)
            confirmed = 0
            async for message in pubsub.listen():
                if message["type"] in ("subscribe", "psubscribe"):
                    confirmed += 1
                    if confirmed == len(channels):
                        yield None
                elif message["type"] in ("message", "pmessage"):
                    channel = message["channel"].decode("utf-8", "replace")
                    try:
                        event = json.loads(message["data"])
                    except (ValueError, RecursionError):
                        logger().warning("an event is no JSON", channel=channel)
                        continue
                    yield channel, event
        except (RedisError, OSError) as error:
            told = str(store_error("hearing events", error))
            logger().warning("events are interrupted", error=told)
        finally:
            await pubsub.aclose()  # type: ignore[no-untyped-call]
        await asyncio.sleep(_RETRY_S)
