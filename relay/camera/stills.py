"""A camera's live still: a JPEG on the bus every few seconds, large for the front page and link
previews, and small for thumbnails.

Encoded in the worker's pool, one at a time; a bus that is away costs stills only.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from relay.av import jpeg
from relay.bus import keys
from relay.bus.client import store_errors
from relay.errors import MediaError, StoreError
from relay.log import logger

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from av.video.frame import VideoFrame
    from redis.asyncio import Redis

EVERY_S: Final = 5.0
TTL_S: Final = 10
"""A still that is older than this is none."""


class Stills:
    """Makes a still of what it is offered, now and then."""

    def __init__(self, camera: str, bus: Redis, pool: Executor) -> None:
        self._camera = camera
        self._bus = bus
        self._pool = pool
        self._due = 0.0
        self._task: asyncio.Task[None] | None = None

    @property
    def due(self) -> bool:
        """Whether one has to be made of the next picture."""
        now = asyncio.get_running_loop().time()
        return now >= self._due and (self._task is None or self._task.done())

    def offer(self, frame: VideoFrame, shown: tuple[int, int]) -> None:
        """Take this picture, and the size of its showing, if a still is due; costs nothing else."""
        if self.due:
            self._due = asyncio.get_running_loop().time() + EVERY_S
            self._task = asyncio.create_task(self._make(frame, shown))

    async def _make(self, frame: VideoFrame, shown: tuple[int, int]) -> None:
        try:
            loop = asyncio.get_running_loop()
            for key, box in (
                (keys.still(self._camera), jpeg.LARGE),
                (keys.thumbnail(self._camera), jpeg.SMALL),
            ):
                picture = await loop.run_in_executor(self._pool, jpeg.encode, frame, shown, box)
                async with store_errors("storing a still"):
                    await self._bus.set(key, picture, ex=TTL_S)
        except (MediaError, StoreError) as error:
            logger().warning("no still", camera=self._camera, error=str(error))
