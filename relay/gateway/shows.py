"""Broadcasts as the rule of who may watch sees them, and as edges are told of them."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from relay.bus import rights
from relay.director.phase import phase
from relay.state.rights import Phase, Show, partner_generation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from redis.asyncio import Redis

    from relay.gateway.live import Live
    from relay.state.models import Broadcast


class Shows:
    """See the module."""

    def __init__(self) -> None:
        self.generations: dict[str, int] = {}
        """As they were read last."""
        self._live: dict[str, Show] = {}
        """What was live at the last look, as edges were told."""

    def show(self, broadcast: Broadcast, stands: Phase) -> Show:
        """A broadcast that stands so."""
        found = self.generations
        return Show(
            slug=broadcast.slug,
            phase=stands,
            access=broadcast.access,
            partners_only=broadcast.partners_only,
            cameras=broadcast.cameras,
            generation=found.get(f"broadcast:{broadcast.slug}", 0),
            partners={
                name: partner_generation(found, name, broadcast.slug) for name in broadcast.partners
            },
        )

    async def tell(self, bus: Redis, broadcasts: Iterable[Broadcast], live: Live) -> None:
        """Tell edges what is live, and whom it is for.

        Raises:
            StoreError: the bus is out of reach.
        """
        now_us = time.time_ns() // 1000
        shows = {}
        for broadcast in broadcasts:
            show = live.show(broadcast)
            if show.phase is Phase.BEFORE and show.slug in self._live:
                # Early, it is live for as long as its cameras are: those who watch are not sent
                # away each time that one drops out.
                stands = phase(broadcast, "kept", live.began(show.slug), now_us)
                show = replace(show, phase=stands)
            if show.phase is Phase.LIVE:
                shows[show.slug] = show
        self._live = shows
        await rights.tell(bus, [show.to_json() for show in shows.values()])
