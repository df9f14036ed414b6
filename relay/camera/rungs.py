"""A worker's encoders: those that somebody wants run, each with a queue and a writer of its own.

Back-pressure: pictures wait in a queue of `QUEUE` per rung. When one is full the picture is dropped
for all of them, so that keyframes stay aligned, and counted.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from relay.camera.ladder import Picture, Rung, RungKeyframes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import ThreadPoolExecutor

    from relay.bus.writer import StreamWriter
    from relay.media.ladder import Rendition

QUEUE: Final = 12
"""Pictures: what comes at once after a link has stalled for 0.4 s, at 30 a second."""


class _Running:
    """A rung that is encoded."""

    def __init__(
        self,
        rung: Rung,
        writer: StreamWriter,
        pool: ThreadPoolExecutor,
        tasks: asyncio.TaskGroup,
    ) -> None:
        self.queue: asyncio.Queue[Picture] = asyncio.Queue(QUEUE)
        self.writer = writer
        self.keyframes = RungKeyframes()
        """Those that its viewers ask for."""
        self._rung = rung
        self._pool = pool
        self.task = tasks.create_task(self._run())

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            picture = self.keyframes.applied(await self.queue.get())
            for unit in await loop.run_in_executor(self._pool, self._rung.encode, picture):
                self.writer.put(unit)


class Rungs:
    """See the module."""

    def __init__(self, tasks: asyncio.TaskGroup, pool: ThreadPoolExecutor, preset: str) -> None:
        """`tasks` is where encoders run, and where a fault of one of them goes."""
        self._tasks = tasks
        self._pool = pool
        self._preset = preset
        self._running: dict[str, _Running] = {}

    @property
    def names(self) -> set[str]:
        """The rungs that are encoded."""
        return set(self._running)

    def settle(
        self, wanted: Iterable[Rendition], writer: Callable[[str], StreamWriter]
    ) -> tuple[set[str], set[str]]:
        """Encode just these; returns the names of those that began and of those that ended.

        A rung begins with a keyframe. The stream of one that ends is deleted: what it holds would
        be shown to those who come when it begins again.
        """
        renditions = {rendition.name: rendition for rendition in wanted}
        ended = self.names - renditions.keys()
        begun = renditions.keys() - self.names
        for name in ended:
            running = self._running.pop(name)
            running.task.cancel()
            running.writer.clear()
        for name in begun:
            rung = Rung(renditions[name], self._preset)
            self._running[name] = _Running(rung, writer(name), self._pool, self._tasks)
        return set(begun), ended

    def stop(self) -> None:
        """End them all; their streams stay, for the worker that comes next."""
        for running in self._running.values():
            running.task.cancel()
        self._running.clear()

    def wish(self, name: str) -> None:
        """Ask for a keyframe of one rung soon; harmless if it is not made."""
        if name in self._running:
            self._running[name].keyframes.wish()

    @property
    def full(self) -> bool:
        """Whether one of them is behind."""
        return any(running.queue.full() for running in self._running.values())

    def put(self, picture: Picture) -> None:
        """Have a picture encoded; none of them may be `full`."""
        for running in self._running.values():
            running.queue.put_nowait(picture)
