"""Telling the open pages of a broadcast what has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from relay.bus import keys
from relay.bus.client import store_errors
from relay.bus.events import publish
from relay.errors import StoreError
from relay.gateway.keys import BUS
from relay.log import logger

if TYPE_CHECKING:
    from aiohttp import web

    from relay.bus.events import Event

_TELL_S: Final = 0.5


async def tell(app: web.Application, slug: str, *events: Event) -> None:
    """Tell all pages of a broadcast, on whatever gateway; what is told is stored already, so a bus
    that is away delays it, and fails nothing.
    """
    try:
        async with store_errors("telling pages", timeout_s=_TELL_S):
            await publish(app[BUS], keys.broadcast_events(slug), *events)
    except StoreError as error:  # pages begin anew once the bus is back
        logger().warning("pages could not be told", error=str(error))
