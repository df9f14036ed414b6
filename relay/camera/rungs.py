"""A worker's encoders: those that somebody wants run, each with a queue and a writer of its own.

Back-pressure: pictures wait in a queue of `QUEUE` per rung. Whoever has the next one waits until
there is `room` in all of them, so that all have the same pictures and keyframes stay aligned.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, cast

from relay.av.rung import Picture, Rung
from relay.camera.keyframes import RungKeyframes
from relay.camera.ladder import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import ThreadPoolExecutor

    from relay.bus.writer import StreamWriter
    from relay.media.ladder import Rendition
    from relay.media.unit import Unit

QUEUE: Final = 12
"""Pictures: what comes at once after a link has stalled for 0.4 s, at 30 a second."""


class _Running:
    """A rung that is encoded."""

    def __init__(self, writer: StreamWriter) -> None:
        self.queue: asyncio.Queue[tuple[Picture, Rendition]] = asyncio.Queue(QUEUE)
        self.writer = writer
        self.keyframes = RungKeyframes()
        """Those that its viewers ask for."""
        self.task: asyncio.Task[None]
        self._encoder: Rung | None = None

    def encode(self, picture: Picture, rendition: Rendition, preset: str) -> list[Unit]:
        """Encode in a thread. What the source has become since may want another encoder."""
        if self._encoder is None or self._encoder.rendition != rendition:
            self._encoder = Rung(rendition, preset)
        keyframe = self.keyframes.due(cast("int", picture.frame.pts), of_all=picture.keyframe)
        return self._encoder.encode(Picture(picture.frame, picture.captured_us, keyframe))


class Rungs:
    """See the module."""

    def __init__(self, tasks: asyncio.TaskGroup, pool: ThreadPoolExecutor, preset: str) -> None:
        """`tasks` is where encoders run, and where a fault of one of them goes."""
        self._tasks = tasks
        self._pool = pool
        self._preset = preset
        self._running: dict[str, _Running] = {}
        self._moved = asyncio.Event()

    @property
    def names(self) -> set[str]:
        """The rungs that are encoded."""
        return set(self._running)

    def settle(self, writers: Mapping[str, StreamWriter]) -> tuple[set[str], set[str]]:
        """Encode just these rungs, into these streams; returns the names of those that began and of
        those that ended.

        A rung begins with a keyframe. The stream of one that ends is deleted: what it holds would
        be shown to those who come when it begins again.
        """
        ended = self.names - writers.keys()
        begun = writers.keys() - self.names
        for name in ended:
            running = self._running.pop(name)
            running.task.cancel()
            running.writer.clear()
        for name in begun:
            running = self._running[name] = _Running(writers[name])
            running.task = self._tasks.create_task(self._run(running))
        self._moved.set()
        return begun, ended

    async def _run(self, running: _Running) -> None:
        loop = asyncio.get_running_loop()
        while True:
            picture, rendition = await running.queue.get()
            self._moved.set()
            units = await loop.run_in_executor(
                self._pool, running.encode, picture, rendition, self._preset
            )
            for unit in units:
                running.writer.put(unit)

    def wish(self, name: str) -> None:
        """Ask for a keyframe of one rung soon; harmless if it is not made."""
        if name in self._running:
            self._running[name].keyframes.wish()

    @property
    def waiting(self) -> int:
        """Pictures that wait for the rung that has the most of them."""
        return max((running.queue.qsize() for running in self._running.values()), default=0)

    async def room(self) -> None:
        """Wait until all of them can take another picture."""
        while any(running.queue.full() for running in self._running.values()):
            self._moved.clear()
            await self._moved.wait()

    def put(self, picture: Picture, plan: Sequence[Rendition]) -> None:
        """Have a picture encoded, in the sizes that its source has rungs of; there must be `room`.

        A rung that the source no longer has, and that is still watched, gets those of the nearest.
        """
        for name, running in self._running.items():
            running.queue.put_nowait((picture, nearest(name, plan)))
