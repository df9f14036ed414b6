"""Tells operators, once a second, what a camera's worker cannot do.

What the bus does not hear of because it is away is told with the next second; numbers are kept.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from relay.bus import faults, presence
from relay.errors import StoreError
from relay.log import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from redis.asyncio import Redis

    from relay.bus.faults import Fault

COUNTED: Final = ("damaged", "late", "late_sound")
"""Counters that are kept for a day, by the names under which a camera's history has them."""


class Troubles:
    """See the module."""

    def __init__(
        self,
        bus: Redis,
        camera: str,
        fault: Callable[[], Fault | None],
        counters: Callable[[], Mapping[str, int]],
    ) -> None:
        """`fault` is what is wrong at present; `counters` count up from 0."""
        self._bus = bus
        self._camera = camera
        self._fault = fault
        self._counters = counters
        self._told: Fault | None = None
        self._noted = dict.fromkeys(COUNTED, 0)

    async def run(self) -> None:
        """Tell until cancelled; a fault that is told no more ends by itself."""
        while True:
            await asyncio.sleep(presence.INTERVAL_S)
            try:
                await self._tell(self._fault())
                await self._note()
            except StoreError as error:
                logger().debug("the bus does not hear of faults", error=str(error))

    async def _tell(self, fault: Fault | None) -> None:
        if fault is None:
            if self._told is not None:
                await faults.withdraw(self._bus, self._camera, [self._told.kind])
            self._told = None
            return
        if self._told != fault:
            self._told = replace(fault, at=time.time())
        await faults.tell(self._bus, self._camera, self._told)

    async def _note(self) -> None:
        now = self._counters()
        new = {what: now[what] - self._noted[what] for what in COUNTED}
        if any(new.values()):
            counts = {what: count for what, count in new.items() if count}
            await faults.note(self._bus, self._camera, counts)
            self._noted = {what: now[what] for what in COUNTED}
