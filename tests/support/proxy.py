"""A TCP proxy that loses answers, delays them and cuts connections."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from ssl import SSLContext


class Proxy:
    """Stands between clients and the store at `url`. Use `running`."""

    def __init__(self, url: str) -> None:
        self._target = url
        self._answering = asyncio.Event()
        self._answering.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.delay: Callable[[], float] | None = None
        """Gives the seconds that the next answer is delayed by."""
        self.url = ""

    @asynccontextmanager
    async def running(self, tls: SSLContext | None = None) -> AsyncIterator[Proxy]:
        """Take connections as long as the context is open."""
        server = await asyncio.start_server(self._take, "127.0.0.1", 0, ssl=tls)
        scheme = "redis" if tls is None else "rediss"
        self.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
        try:
            yield self
        finally:
            server.close()
            self.cut()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await asyncio.sleep(0)  # what was aborted is closed now

    def hold_answers(self) -> None:
        """From now on requests get through, and answers do not."""
        self._answering.clear()

    def release_answers(self) -> None:
        """Let the answers through that were held."""
        self._answering.set()

    def cut(self) -> None:
        """Cut all connections; answers that are held are lost."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)  # now: its task may be cancelled before it has begun
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = [writer]
        try:
            upstream, request = await self._connect()
            ends.append(request)
            self._writers.add(request)
            with suppress(OSError):
                await asyncio.gather(self._ask(reader, request), self._answer(upstream, writer))
        finally:
            self._writers.difference_update(ends)
            for each in ends:
                each.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        parts = urlsplit(self._target)
        if parts.scheme == "unix":
            return await asyncio.open_unix_connection(parts.path)
        return await asyncio.open_connection(parts.hostname, parts.port)

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            if self.delay is not None:
                await asyncio.sleep(self.delay())
            await self._answering.wait()
            if writer not in self._writers:
                break  # it was cut while its answer was held
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError
