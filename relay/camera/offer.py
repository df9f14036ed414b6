"""Tells the bus what a camera can be had as: its ladder, once a second and when it changes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from relay.bus import presence
from relay.errors import StoreError
from relay.log import logger
from relay.media.ladder import SOURCE

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from relay.camera.source import Source
    from relay.media.ladder import Ladder


class Offer:
    """See the module."""

    def __init__(self, bus: Redis, camera: str) -> None:
        self._bus = bus
        self._camera = camera
        self._refusal: str | None = ""
        self.ladder: Ladder | None = None
        """What is told; None until something is known."""

    async def follow(self, source: Source) -> bool:
        """Tell what the source is by now, if that is something else; whether it is."""
        ladder = source.ladder()
        if ladder is None or ladder == self.ladder:
            return False
        refusal = source.through.refusal
        if refusal != self._refusal:
            self._refusal = refusal
            logger().info("pass-through", camera=self._camera, refused=refusal)
        before, self.ladder = self.ladder, ladder
        if before is None or _rungs(before) != _rungs(ladder):
            logger().info(
                "ladder",
                camera=self._camera,
                source=source.size and "{}x{}".format(*source.size),
                fps=source.fps,
                rungs=", ".join(_rungs(ladder)),
            )
        await self._tell()
        return True

    async def keep_telling(self) -> None:
        """Tell until cancelled."""
        while True:
            await self._tell()
            await asyncio.sleep(presence.INTERVAL_S)

    async def _tell(self) -> None:
        if self.ladder is None:
            return
        try:
            await presence.tell(self._bus, presence.LADDER, self._camera, self.ladder.to_json())
        except StoreError as error:
            logger().warning("the bus does not hear of this ladder", error=str(error))

    async def withdraw(self) -> None:
        """Take it back."""
        try:
            await presence.withdraw(self._bus, presence.LADDER, self._camera)
        except StoreError as error:
            logger().warning("the ladder could not be withdrawn", error=str(error))


def _rungs(ladder: Ladder) -> list[str]:
    return [
        f"{rung.name} {rung.width}x{rung.height}" for rung in ladder.video if rung.name != SOURCE
    ]
