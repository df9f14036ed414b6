"""Keeps one worker for each live camera, and one puller for each camera that is pulled.

Several hosts may do this on one bus: a lease per camera decides whose it is.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from relay.bus import keys, lease, presence
from relay.bus.events import subscribe
from relay.errors import OperatorError, StoreError
from relay.log import logger
from relay.supervisor.child import Child, Program

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis.asyncio import Redis

    from relay.state.registry import Registry

LINGER_S: Final = 5.0
"""A worker outlives its camera for this long: one that comes back finds it warm."""
_POLL_S: Final = 1.0
_STOP_S: Final = 2.0


class CameraKeeper:
    """See the module."""

    def __init__(
        self,
        *,
        name: str,
        bus: Redis,
        blocking: Redis,
        registry: Registry,
        program: Callable[[str, str], Program],
    ) -> None:
        """`program` makes the program of a `kind` ("camera" or "pull") for a camera's id."""
        self._name = name
        self._bus = bus
        self._blocking = blocking
        self._registry = registry
        self._program = program
        self._children: dict[tuple[str, str], Child] = {}
        self._wanted: dict[tuple[str, str], float] = {}
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Keep them until cancelled."""
        listening = asyncio.create_task(self._listen())
        try:
            while True:
                try:
                    await self._settle()
                except StoreError as error:
                    # What runs keeps running: its next start would fail as well.
                    logger().warning("cameras are not looked after", error=str(error))
                self._changed.clear()
                try:
                    async with asyncio.timeout(_POLL_S):
                        await self._changed.wait()
                except TimeoutError:
                    pass
        finally:
            listening.cancel()
            await asyncio.gather(*(child.stop(_STOP_S) for child in self._children.values()))

    async def _listen(self) -> None:
        async for _ in subscribe(self._blocking, keys.CAMERA_EVENTS):
            self._changed.set()

    async def _settle(self) -> None:
        now = time.monotonic()
        live = await presence.members(self._bus, presence.CAMERA)
        pulled = [camera.id for camera in await self._registry.cameras.all() if camera.pull]
        for key in [*(("pull", name) for name in pulled), *(("camera", name) for name in live)]:
            if await lease.hold(self._bus, ":".join(key), self._name):
                self._wanted[key] = now
                await self._begin(key)
        for key in list(self._children):
            linger = LINGER_S if key[0] == "camera" else 0.0
            if now - self._wanted[key] > linger:
                await self._end(key)

    async def _begin(self, key: tuple[str, str]) -> None:
        child = self._children.get(key)
        if child is not None and not child.finished:
            return
        if child is not None and key[0] == "pull":
            return  # a file that was played to its end
        child = self._children[key] = Child(self._program(*key))
        try:
            await child.start()
        except OperatorError as error:
            logger().error("a camera's process does not start", camera=key[1], error=str(error))
            del self._children[key]

    async def _end(self, key: tuple[str, str]) -> None:
        await self._children.pop(key).stop(_STOP_S)
        await lease.release(self._bus, ":".join(key), self._name)
