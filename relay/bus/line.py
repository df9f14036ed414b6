"""A connection for streams, in as few steps as there can be: every picture goes and comes by one.

The library makes the connection (address, TLS, login, database), and this takes it over. Replies
go to whoever waits for them as soon as they have come; the library's own client does much else for
each command, which costs readers and writers more than all the rest.

One caller at a time; others wait for their turn. Whoever is cancelled, or fails, takes the
connection along, so that no reply is taken for another's; the next one connects anew.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import hiredis
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import InvalidResponse, ResponseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from redis.asyncio.connection import AbstractConnection


class Line:
    """See the module."""

    def __init__(self, make: Callable[[], AbstractConnection]) -> None:
        """`make` makes connections that are not connected yet."""
        self._make = make
        self._turn = asyncio.Lock()
        self._writer: asyncio.StreamWriter | None = None
        """The library's, for what it holds."""
        self._replies = _Replies()

    async def call(self, *words: bytes) -> Any:
        """Send a command, and wait for its reply.

        Raises:
            RedisError, OSError: the server refuses it, or cannot be reached.
        """
        return (await self.calls([words]))[0]

    async def calls(self, commands: Sequence[Sequence[bytes]]) -> list[Any]:
        """Send commands at once, and wait for their replies.

        Raises:
            RedisError, OSError: the server refuses one of them, or cannot be reached.
        """
        async with self._turn:
            try:
                if self._writer is None or self._replies.lost:
                    self._writer = await self._connect()
                waiting = self._replies.expect(len(commands))
                self._writer.transport.write(b"".join(_packed(commands)))
                replies = await waiting
            except BaseException:
                self.close()
                raise
        for reply in replies:
            if isinstance(reply, ResponseError):
                raise reply
        return replies

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._writer is not None:
            self._writer.transport.abort()
            self._writer = None

    async def _connect(self) -> asyncio.StreamWriter:
        self.close()
        connection = self._make()
        try:
            await connection.connect()  # type: ignore[no-untyped-call]
        except BaseException:
            await connection.disconnect(nowait=True)
            raise
        writer = connection._writer  # noqa: SLF001 - it offers no other way
        assert writer is not None
        # It is not the connection's any more, which would close it at its end.
        connection._writer = connection._reader = None  # noqa: SLF001
        self._replies = _Replies()
        writer.transport.set_protocol(self._replies)
        return writer


def _packed(commands: Sequence[Sequence[bytes]]) -> Iterator[bytes]:
    for words in commands:
        yield b"*%d\r\n" % len(words)
        for word in words:
            yield b"$%d\r\n" % len(word)
            yield word
            yield b"\r\n"


class _Replies(asyncio.Protocol):
    """What comes by one connection: as many replies as are expected."""

    def __init__(self) -> None:
        self.lost = False
        """Whether the connection has ended."""
        self._reader = hiredis.Reader(protocolError=InvalidResponse, replyError=ResponseError)
        self._count = 0
        self._came: list[Any] = []
        self._waiting: asyncio.Future[list[Any]] | None = None

    def expect(self, count: int) -> asyncio.Future[list[Any]]:
        """The next `count` replies; errors are among them."""
        self._count, self._came = count, []
        self._waiting = asyncio.get_running_loop().create_future()
        return self._waiting

    def data_received(self, data: bytes) -> None:
        """Take some more of the replies."""
        waiting = self._waiting
        if waiting is None or waiting.done():
            return
        try:
            self._reader.feed(data)
            while len(self._came) < self._count and (reply := self._reader.gets()) is not False:
                self._came.append(reply)
        except InvalidResponse as error:
            waiting.set_exception(error)
        else:
            if len(self._came) == self._count:
                waiting.set_result(self._came)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits."""
        self.lost = True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionLost(f"the connection has ended: {exc}"))
