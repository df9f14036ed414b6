"""Short-lived facts: who is there, each with a time to live and a JSON value.

Used for live cameras, their ladders, edges and processes. A fact that is not told again in time is
gone; `members` leaves out, and forgets, those of which it finds no fact.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final, cast

from relay.bus import keys
from relay.bus.client import store_errors
from relay.errors import StoreError
from relay.log import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from redis.asyncio import Redis

CAMERA: Final = "camera"
"""Cameras that are being sent: `ingest` tells, once a second."""
LADDER: Final = "ladder"
"""Renditions of a live camera: its worker tells."""
EDGE: Final = "edge"
"""Edges and their load."""
PROCESS: Final = "process"
"""Every process and its counters."""
FAULT: Final = "fault"
"""What is wrong with cameras; see `bus.faults`."""

TTL_MS: Final = 3_000
"""Facts are told once a second and die after three."""
INTERVAL_S: Final = 1.0

Fact = dict[str, Any]


async def tell(bus: Redis, kind: str, member: str, fact: Fact, *, ttl_ms: int = TTL_MS) -> None:
    """Tell a fact, for `ttl_ms` from now.

    Raises:
        StoreError: the bus is out of reach.
    """
    async with store_errors(f"telling {kind} {member}"):
        pipe = bus.pipeline(transaction=False)
        pipe.set(keys.presence(kind, member), json.dumps(fact), px=ttl_ms)
        pipe.sadd(keys.presence_members(kind), member)
        await pipe.execute()


async def keep_telling_process(
    bus: Redis, process: str, counters: Callable[[], Mapping[str, int]]
) -> None:
    """Tell a process's counters until cancelled; a bus that is away hears them later."""
    while True:
        try:
            await tell(bus, PROCESS, process, {"counters": dict(counters())})
        except StoreError as error:
            logger().debug("the bus does not hear of counters", error=str(error))
        await asyncio.sleep(INTERVAL_S)


async def withdraw(bus: Redis, kind: str, member: str) -> None:
    """Take a fact back at once.

    Raises:
        StoreError: the bus is out of reach.
    """
    async with store_errors(f"withdrawing {kind} {member}"):
        pipe = bus.pipeline(transaction=False)
        pipe.delete(keys.presence(kind, member))
        pipe.srem(keys.presence_members(kind), member)
        await pipe.execute()


async def get(bus: Redis, kind: str, member: str) -> Fact | None:
    """The fact about `member`, if there is a fresh one.

    Raises:
        StoreError: the bus is out of reach.
    """
    async with store_errors(f"asking for {kind} {member}"):
        value = await bus.get(keys.presence(kind, member))
    return None if value is None else cast("Fact", json.loads(value))


async def members(bus: Redis, kind: str) -> dict[str, Fact]:
    """All fresh facts of a kind, by member.

    Raises:
        StoreError: the bus is out of reach.
    """
    async with store_errors(f"listing {kind}s"):
        names = sorted(
            name.decode()
            for name in cast("set[bytes]", await bus.smembers(keys.presence_members(kind)))
        )
        if not names:
            return {}
        pipe = bus.pipeline(transaction=False)
        for name in names:
            pipe.get(keys.presence(kind, name))
        values = await pipe.execute()
        gone = [name for name, value in zip(names, values, strict=True) if value is None]
        if gone:
            await bus.srem(keys.presence_members(kind), *gone)
    return {
        name: json.loads(value)
        for name, value in zip(names, values, strict=True)
        if value is not None
    }
