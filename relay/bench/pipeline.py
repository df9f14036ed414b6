"""A client of HTTP/1.1 that sends several requests ahead on one connection, as cheap as can be."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from types import TracebackType

_LENGTH: Final = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


class Pipeline:
    """One connection. Back-pressure: the caller sends no more than `depth` ahead of the answers."""

    def __init__(self, host: str, port: int, depth: int) -> None:
        self._address = host, port
        self._depth = depth
        self._ahead = 0

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(*self._address)
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._writer.close()

    def send(self, request: bytes) -> None:
        """Send a request, its answer comes after those of the ones before."""
        assert self._ahead < self._depth
        self._ahead += 1
        self._writer.write(request)

    async def answer(self) -> tuple[int, bytes]:
        """Status and body of the next answer.

        Raises:
            ConnectionError: the connection is cut.
        """
        try:
            head = await self._reader.readuntil(b"\r\n\r\n")
            match = _LENGTH.search(head)
            body = await self._reader.readexactly(int(match[1])) if match else b""
        except asyncio.IncompleteReadError:
            raise ConnectionResetError("the connection was cut") from None
        self._ahead -= 1
        return int(head[9:12]), body
