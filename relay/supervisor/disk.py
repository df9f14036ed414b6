"""Keeps a full disk from ending the embedded state: before it is full, nothing more is written.

A server that cannot write what it is about to acknowledge ends itself, and would again at the next
vote. So it takes writes only while `FULL_BELOW` is left on its disk, and refuses them with an error
of its own; it starts refusing, until it is known that there is room. What it reads it goes on
telling. Nothing that it has acknowledged is touched.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from relay.bus import presence
from relay.bus.client import store_errors
from relay.errors import StoreError
from relay.log import logger

if TYPE_CHECKING:
    from pathlib import Path

    from redis.asyncio import Redis

FULL_BELOW: Final = 16 << 20
"""Bytes. More than votes write between two looks, and enough for the server's own files."""
ROOM_FROM: Final = 24 << 20
_LOOK_S: Final = 0.2
_TELL_S: Final = 1.0
_TAKES_WRITES: Final = "min-replicas-to-write"
"""What a server without replicas refuses all writes by, from 1 on."""
CLOSED: Final = {_TAKES_WRITES: "1"}
"""An option for its start."""


class Room:
    """Whether there is room on a disk. Pure."""

    def __init__(self) -> None:
        self.is_full = False
        self.free = 0
        """Bytes that were free at the last look."""

    def see(self, free: int) -> bool:
        """Take note of the bytes that are free; whether that changes anything."""
        before, self.free = self.is_full, free
        self.is_full = free < (ROOM_FROM if before else FULL_BELOW)
        return self.is_full != before


class DiskKeeper:
    """Looks after the disk of the state's folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._room = Room()

    async def apply(self, state: Redis) -> None:
        """Let the server take writes, or not, as there is room.

        Raises:
            StoreError: it does not answer.
        """
        self._look()
        async with store_errors("telling the state whether there is room"):
            await state.config_set(_TAKES_WRITES, "1" if self._room.is_full else "0")

    async def run(self, state: Redis, bus: Redis, name: str) -> None:
        """Look until cancelled, and tell the bus under `name`."""
        clock = asyncio.get_running_loop().time
        told_at = float("-inf")
        while True:
            is_due = clock() - told_at >= _TELL_S
            with suppress(StoreError):  # it is away: it is told at its next start
                if self._look() or is_due:
                    await self.apply(state)
            if is_due:
                told_at = clock()
                counters = {"disk_full": int(self._room.is_full), "disk_free": self._room.free}
                with suppress(StoreError):
                    await presence.tell(bus, presence.PROCESS, name, {"counters": counters})
            await asyncio.sleep(_LOOK_S)

    def _look(self) -> bool:
        found = os.statvfs(self._folder)
        changed = self._room.see(found.f_bavail * found.f_frsize)
        if changed and self._room.is_full:
            logger().error(
                "the disk is full: votes, comments and changes are refused until there is room",
                folder=str(self._folder),
                free_mb=self._room.free >> 20,
                wanted_mb=ROOM_FROM >> 20,
            )
        elif changed:
            logger().warning("there is room on the disk again", folder=str(self._folder))
        return changed

    async def after_exit(self) -> None:
        """The server has ended: make room of what it was writing anew, which is worth nothing."""
        for path in self._folder.rglob("temp-*.aof"):
            with suppress(OSError):
                path.unlink()

    def why(self) -> str:
        """What is known of its end."""
        self._look()
        if self._room.is_full:
            return "its disk is full; what it has acknowledged is safe"
        return f"see {self._folder / 'valkey.log'}"
