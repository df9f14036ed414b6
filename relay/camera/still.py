"""A camera's live still: a small JPEG on the bus every few seconds, for link previews and consoles.

Encoded in the worker's pool, one at a time; a bus that is away costs stills only.
"""

from __future__ import annotations

import asyncio
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import ColorRange, VideoReformatter

from relay.bus import keys
from relay.bus.client import store_errors
from relay.errors import StoreError
from relay.log import logger

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from av.video.frame import VideoFrame
    from redis.asyncio import Redis

WIDTH, HEIGHT = 640, 360
EVERY_S: Final = 5.0
TTL_S: Final = 10
"""A still that is older than this is none."""
_QUALITY: Final = "5"
"""FFmpeg's quantiser for JPEG: 2 is the best, 31 the worst."""


def encode(frame: VideoFrame, shown: tuple[int, int]) -> bytes:
    """A JPEG of a picture, as large as fits into 640×360, and no larger than its size as `shown`.

    Raises:
        av.FFmpegError: it cannot be encoded.
    """
    scale = min(WIDTH / shown[0], HEIGHT / shown[1], 1.0)
    width, height = (max(2, round(side * scale / 2) * 2) for side in shown)
    small = VideoReformatter().reformat(
        frame, width, height, "yuvj420p", dst_color_range=ColorRange.JPEG
    )
    context = VideoCodecContext.create("mjpeg", "w")
    context.width, context.height, context.pix_fmt = width, height, "yuvj420p"
    context.time_base = Fraction(1, 1)
    context.options = {"qmin": _QUALITY, "qmax": _QUALITY}
    small.pts, small.time_base = 0, context.time_base
    packets = [*context.encode(small), *context.encode(None)]
    return b"".join(bytes(packet) for packet in packets)


class Stills:
    """Makes a still of what it is offered, now and then."""

    def __init__(self, camera: str, bus: Redis, pool: Executor) -> None:
        self._camera = camera
        self._bus = bus
        self._pool = pool
        self._due = 0.0
        self._task: asyncio.Task[None] | None = None

    def offer(self, frame: VideoFrame, shown: tuple[int, int]) -> None:
        """Take this picture, and the size of its showing, if a still is due; costs nothing else."""
        now = asyncio.get_running_loop().time()
        if now < self._due or (self._task is not None and not self._task.done()):
            return
        self._due = now + EVERY_S
        self._task = asyncio.create_task(self._make(frame, shown))

    async def _make(self, frame: VideoFrame, shown: tuple[int, int]) -> None:
        try:
            loop = asyncio.get_running_loop()
            jpeg = await loop.run_in_executor(self._pool, encode, frame, shown)
            async with store_errors("storing a still"):
                await self._bus.set(keys.still(self._camera), jpeg, ex=TTL_S)
        except (FFmpegError, StoreError) as error:
            logger().warning("no still", camera=self._camera, error=str(error))
