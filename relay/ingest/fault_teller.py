"""Tells the bus what is wrong with a camera that sends, once a second, while it lasts.

What the bus does not hear of because it is away is told with the next second; numbers are kept.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from relay.bus import faults, presence
from relay.bus.faults import WITHOUT_PICTURE, Fault
from relay.errors import StoreError
from relay.log import logger

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from relay.ingest.inspection import Inspection


class FaultTeller:
    """See the module."""

    def __init__(self, bus: Redis, camera: str) -> None:
        self._bus = bus
        self._camera = camera
        self._inspection: Inspection | None = None
        self._told: dict[str, Fault] = {}
        self._counts: Counter[str] = Counter()
        self._has_cleared = False
        self.seen: float | None = None
        """When the last unit came, seconds since the epoch."""

    def inspect(self, inspection: Inspection) -> None:
        """Go on with another source's inspection."""
        if self._inspection is not None:
            self._counts += self._inspection.take_counts()
        self._inspection = inspection
        self._has_cleared = False

    async def run(self) -> None:
        """Tell until cancelled; then take back what was told."""
        try:
            while True:
                await self._tell()
                await asyncio.sleep(presence.INTERVAL_S)
        finally:
            try:
                await faults.withdraw(self._bus, self._camera, self._told)
                await self._note()
            except StoreError as error:  # they end by themselves
                logger().debug("faults are not taken back", error=str(error))

    async def _tell(self) -> None:
        if self._inspection is None:
            return
        present = {
            fault.kind: fault
            for fault in self._inspection.faults(asyncio.get_running_loop().time())
        }
        try:
            for kind, fault in present.items():
                known = self._told.get(kind)
                if known != fault:
                    known = self._told[kind] = replace(fault, at=time.time())
                    logger().warning("camera fault", camera=self._camera, fault=str(fault))
                await faults.tell(self._bus, self._camera, known)
            await self._take_back(self._told.keys() - present.keys())
            await self._note()
        except StoreError as error:
            logger().debug("the bus does not hear of faults", error=str(error))

    async def _take_back(self, gone: set[str]) -> None:
        """Take back faults that have passed, and what was told before there were pictures."""
        assert self._inspection is not None
        if self._inspection.shows and not self._has_cleared:
            gone = gone | WITHOUT_PICTURE
        if gone:
            await faults.withdraw(self._bus, self._camera, gone)
        self._has_cleared = self._inspection.shows
        for kind in gone & self._told.keys():
            del self._told[kind]
            logger().info("camera fault has passed", camera=self._camera, fault=kind)

    async def _note(self) -> None:
        if self._inspection is not None:
            self._counts += self._inspection.take_counts()
        await faults.note(self._bus, self._camera, self._counts, seen=self.seen)
        self._counts.clear()
