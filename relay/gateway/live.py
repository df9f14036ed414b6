"""What is going on right now, as this gateway knows it: cameras, ladders, edges, viewers.

Read from the bus once a second and whenever a camera comes or goes; every change is told to the
pages that show it. Handlers read from here, so that a page costs no more than a look.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from relay.bus import keys, presence, sessions
from relay.bus.events import subscribe
from relay.director.switch import programme
from relay.errors import StoreError
from relay.log import logger
from relay.media.ladder import Ladder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio import Redis

    from relay.gateway.hub import Hub
    from relay.state.models import Broadcast
    from relay.state.registry import Registry

_POLL_S: Final = 1.0


class Live:
    """See the module."""

    def __init__(self, bus: Redis, blocking: Redis, registry: Registry, hub: Hub) -> None:
        self._bus = bus
        self._blocking = blocking
        self._registry = registry
        self._hub = hub
        self._programmes: dict[str, str | None] = {}
        self._viewers: dict[str, int] = {}
        self._told: dict[tuple[str, str], Any] = {}
        self._changed = asyncio.Event()
        self.cameras: dict[str, presence.Fact] = {}
        """Live cameras and what their ingest tells of them."""
        self.ladders: dict[str, Ladder] = {}
        """Their ladders."""
        self.edges: dict[str, presence.Fact] = {}
        """Living edges and their load."""

    async def run(self) -> None:
        """Keep up to date until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._poll())
            tasks.create_task(self._listen())

    async def refresh(self) -> None:
        """Read everything now.

        Raises:
            StoreError: bus or state is out of reach.
        """
        self.cameras = await presence.members(self._bus, presence.CAMERA)
        ladders = await presence.members(self._bus, presence.LADDER)
        self.ladders = {name: Ladder.from_json(fact) for name, fact in ladders.items()}
        self.edges = await presence.members(self._bus, presence.EDGE)
        listened = set(self._hub.broadcasts)
        self._viewers = {slug: n for slug, n in self._viewers.items() if slug in listened}
        for broadcast in await self._registry.broadcasts.all():
            self.programme(broadcast.slug, broadcast.cameras)
            if broadcast.slug in listened:
                await self.viewers(broadcast.slug)
                self._tell(broadcast)

    def programme(self, slug: str, cameras: Sequence[str]) -> str | None:
        """The camera on air in a broadcast."""
        on_air = programme(cameras, self.cameras, self._programmes.get(slug))
        self._programmes[slug] = on_air
        return on_air

    async def viewers(self, slug: str) -> int:
        """The number of viewers of a broadcast.

        Raises:
            StoreError: the bus is out of reach.
        """
        count = self._viewers[slug] = await sessions.count(self._bus, slug)
        return count

    def camera(self, camera: str) -> dict[str, Any]:
        """A camera's live part, as pages get it."""
        ladder = self.ladders.get(camera)
        return {
            "live": camera in self.cameras,
            "renditions": [] if ladder is None else ladder.to_json()["video"],
        }

    def _tell(self, broadcast: Broadcast) -> None:
        slug = broadcast.slug
        for camera in broadcast.cameras:
            self._tell_change(slug, f"camera:{camera}", {"type": "camera", "id": camera}
                              | self.camera(camera))  # fmt: skip
        on_air = self._programmes.get(slug)
        self._tell_change(slug, "programme", {"type": "programme", "camera": on_air})
        viewers = self._viewers.get(slug, 0)
        self._tell_change(slug, "viewers", {"type": "viewers", "count": viewers})

    def _tell_change(self, slug: str, what: str, message: dict[str, Any]) -> None:
        if self._told.get((slug, what)) != message:
            self._told[slug, what] = message
            self._hub.tell(slug, message)

    async def _poll(self) -> None:
        while True:
            try:
                await self.refresh()
            except StoreError as error:
                logger().warning("the gateway is blind", error=str(error))
            self._changed.clear()
            try:
                async with asyncio.timeout(_POLL_S):
                    await self._changed.wait()
            except TimeoutError:
                pass

    async def _listen(self) -> None:
        channels = (keys.CAMERA_EVENTS, keys.EDGE_EVENTS, keys.ALL_BROADCAST_EVENTS)
        async for heard in subscribe(self._blocking, *channels):
            if heard is None:
                self._changed.set()
                continue
            channel, event = heard
            if channel == keys.CAMERA_EVENTS:
                self._changed.set()
            elif channel == keys.EDGE_EVENTS:
                self.edges.pop(str(event["edge"]), None)
                self._hub.tell_all({"type": "edge_lost", "edge": event["edge"]})
            else:
                self._hub.tell(keys.broadcast_of_channel(channel), event)
