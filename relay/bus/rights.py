"""Who may watch what, as gateways tell edges: one document, and a word when it has changed.

It has no time to live: while no gateway runs, what was told last goes on being true.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from relay.bus import keys
from relay.bus.client import store_errors
from relay.bus.events import publish

if TYPE_CHECKING:
    from redis.asyncio import Redis

Document = list[dict[str, Any]]


async def tell(bus: Redis, shows: Document) -> None:
    """Tell what is live, and whom it is for.

    Raises:
        StoreError: the bus is out of reach.
    """
    text = json.dumps(shows).encode()
    async with store_errors("telling of rights"):
        before = await bus.set(keys.RIGHTS, text, get=True)
    if before != text:
        await publish(bus, keys.RIGHTS_EVENTS, {})


async def read(bus: Redis) -> bytes | None:
    """What was told last; None: nothing yet.

    Raises:
        StoreError: the bus is out of reach.
    """
    async with store_errors("reading rights"):
        return cast("bytes | None", await bus.get(keys.RIGHTS))
