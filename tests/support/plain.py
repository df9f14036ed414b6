"""A camera whose plain picture says when it was taken, at next to no cost: several run on one core.

`python -m tests.support.plain NAME`; the environment holds its address, as a demo camera's does.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from relay.demo import camera, scene
from relay.demo.show import URL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from relay.demo.colour import Planes
    from tests.support.stack import Stack

WIDTH, HEIGHT, FPS = 320, 180, 25


class Plain:
    """Grey, with what every demo camera writes over its picture."""

    def __init__(self, *_: object) -> None:
        pass

    def draw(self, planes: Planes, _seconds: float) -> None:
        for plane in planes:
            plane[:] = 90 if plane.shape[0] == HEIGHT else 128


class Detour:
    """The way to a server's port that takes so much longer, in the direction to the server."""

    def __init__(self, target: int, delay_s: float) -> None:
        self._target, self._delay_s = target, delay_s
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None

    @contextmanager
    def running(self) -> Iterator[int]:
        """Carry in a thread of its own; gives the port."""
        # Playwright runs a loop in the tests' own thread, which can have no second one.
        thread = threading.Thread(target=self._loop.run_forever)
        thread.start()
        serving = asyncio.run_coroutine_threadsafe(self._serve(), self._loop)
        try:
            yield serving.result(10)
        finally:
            self._loop.call_soon_threadsafe(self._end)
            thread.join()
            self._loop.close()

    async def _serve(self) -> int:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    def _end(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.call_soon(self._loop.stop)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, onward = await asyncio.open_connection("127.0.0.1", self._target)
        held: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def back() -> None:
            while data := await answers.read(65_536):
                writer.write(data)

        async def forth() -> None:
            while True:
                due, data = await held.get()
                await asyncio.sleep(due - self._loop.time())
                onward.write(data)

        tasks = [asyncio.ensure_future(each()) for each in (back, forth)]
        try:
            with suppress(OSError):
                while data := await reader.read(65_536):
                    held.put_nowait((self._loop.time() + self._delay_s, data))
        finally:
            for task in tasks:
                task.cancel()
            writer.transport.abort()
            onward.transport.abort()


@contextmanager
def plain_camera(stack: Stack, name: str, delay_s: float = 0.0) -> Iterator[None]:
    """A camera of that name that sends, all of it so much later than it was taken."""
    key = stack.camera(name)
    detour = Detour(stack.rtmp_port, delay_s)
    log = stack.folder / f"{name}.log"
    with detour.running() as port, log.open("ab") as out:
        address = {URL: f"rtmp://127.0.0.1:{port}/live/{key}"}
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.plain", name],
            env=stack.environment | address,
            stdout=out,
            stderr=out,
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(10)


if __name__ == "__main__":
    scene._SCENES["plain"] = Plain
    camera.run("plain", os.environ.pop(URL), (WIDTH, HEIGHT), FPS, marks=True)
