"""Keeps one worker for each live camera, and one puller for each camera that is pulled.

Several hosts may do this on one bus: a lease per camera decides whose it is.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from relay.bus import keys, lease, presence
from relay.bus.events import subscribe
from relay.errors import StoreError
from relay.log import logger
from relay.state.course import released_by
from relay.supervisor.child import Child, Program

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis.asyncio import Redis

    from relay.state.models import Pull
    from relay.state.registry import Registry

LINGER_S: Final = 5.0
"""A worker outlives its camera for this long: one that comes back finds it warm."""
_POLL_S: Final = 1.0
_STOP_S: Final = 2.0
_RELEASE_S: Final = 0.5

_Key = tuple[str, str]
"""A process's kind, "camera" or "pull", and its camera's id."""


@dataclass
class _Kept:
    """A process that is kept running."""

    child: Child
    source: Pull | None
    """What it pulls, if it does."""
    wanted: float
    """When it was last seen to be wanted, by the monotonic clock."""


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
        self._kept: dict[_Key, _Kept] = {}
        self._ending: dict[_Key, asyncio.Task[None]] = {}
        self._changed = asyncio.Event()
        self._is_blind = False

    async def run(self) -> None:
        """Keep them until cancelled."""
        listening = asyncio.create_task(self._listen())
        try:
            while True:
                self._changed.clear()
                await self._look()
                with suppress(TimeoutError):
                    async with asyncio.timeout(_POLL_S):
                        await self._changed.wait()
        finally:
            listening.cancel()
            for key in list(self._kept):
                self._end(key)
            await asyncio.gather(*self._ending.values())

    async def _listen(self) -> None:
        async for _ in subscribe(self._blocking, keys.CAMERA_EVENTS):
            self._changed.set()

    async def _look(self) -> None:
        try:
            await self._settle()
        except StoreError as error:
            # What runs keeps running: its next start would fail as well.
            self._is_blind = True
            logger().warning("cameras are not looked after", error=str(error))
        except Exception:  # noqa: BLE001 - the next look has to come, whatever this one met
            self._is_blind = True
            logger().exception("cameras are not looked after")

    async def _settle(self) -> None:
        wanted: dict[_Key, Pull | None] = {
            ("camera", name): None for name in await presence.members(self._bus, presence.CAMERA)
        }
        broadcasts = await self._registry.broadcasts.all()
        for camera in await self._registry.cameras.all():
            if camera.pull is not None and released_by(camera.id, broadcasts) is None:
                wanted["pull", camera.id] = camera.pull
        # Two hosts must not keep one: what another has taken ends at once.
        held = {key for key in wanted if await self._hold(key)}
        now = time.monotonic()
        for key, kept in list(self._kept.items()):
            linger = LINGER_S if key[0] == "camera" else 0.0
            # Whoever tells of a camera may have to find the bus again, as this keeper had to.
            if self._is_blind or (key in held and kept.source == wanted[key]):
                kept.wanted = now
            elif key in wanted or now - kept.wanted > linger:
                self._end(key)
        self._is_blind = False
        for key in held - self._ending.keys():
            self._begin(key, wanted[key], now)

    async def _hold(self, key: _Key) -> bool:
        return await lease.hold(self._bus, ":".join(key), self._name)

    def _begin(self, key: _Key, source: Pull | None, now: float) -> None:
        kept = self._kept.get(key)
        # A puller that has finished has played its file to the end.
        if kept is None or (kept.child.finished and source is None):
            child = Child(self._program(*key))
            self._kept[key] = _Kept(child, source, now)
            child.begin()

    def _end(self, key: _Key) -> None:
        child = self._kept.pop(key).child
        child.terminate()
        self._ending[key] = asyncio.create_task(self._see_off(key, child))

    async def _see_off(self, key: _Key, child: Child) -> None:
        await child.stop(_STOP_S)
        try:
            async with asyncio.timeout(_RELEASE_S):
                await lease.release(self._bus, ":".join(key), self._name)
        except (StoreError, TimeoutError) as error:  # it ends by itself
            logger().warning("a camera's lease is not released", camera=key[1], error=str(error))
        del self._ending[key]
        self._changed.set()
