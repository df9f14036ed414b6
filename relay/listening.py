"""A TCP port whose connections are accepted as they come, many in one turn of the loop.

uvloop accepts one connection in each of its turns. A turn takes milliseconds on a busy machine, so
that strangers who connect a few hundred times a second would keep all others waiting for seconds.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Final

from relay.log import logger

if TYPE_CHECKING:
    from collections.abc import Callable

BACKLOG: Final = 1024
"""Connections that wait to be accepted. The system drops what is more, and whoever was dropped
tries again only after one, three and seven seconds.
"""
AT_ONCE: Final = 128
"""Connections that are accepted in a turn of the loop, at the most."""
_PAUSE_S: Final = 0.5
"""Until another try, where the process has no descriptor left."""


class Listener:
    """See the module."""

    def __init__(self, factory: Callable[[], asyncio.Protocol]) -> None:
        """`factory` makes what each connection is handed to."""
        self._factory = factory
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self.sockets: list[socket.socket] = []
        """What is listened on: one for each address that the host has."""

    def open(self, host: str, port: int) -> None:
        """Listen.

        Raises:
            OSError: the port cannot be had.
        """
        try:
            for family, _, _, _, address in socket.getaddrinfo(
                host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            ):
                sock = socket.socket(family, socket.SOCK_STREAM)
                self.sockets.append(sock)
                sock.setblocking(False)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                sock.bind(address)
                sock.listen(BACKLOG)
        except OSError:
            self.close()
            raise
        for sock in self.sockets:
            self._loop.add_reader(sock, self._accept, sock)

    def close(self) -> None:
        """Accept nobody any more; connections go on."""
        for sock in self.sockets:
            self._loop.remove_reader(sock)
            sock.close()
        self.sockets.clear()

    def _accept(self, sock: socket.socket) -> None:
        for _ in range(AT_ONCE):
            try:
                connection, _ = sock.accept()
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionError:  # it has gone already
                continue
            except OSError as error:
                logger().error("a connection cannot be accepted", error=str(error))
                self._loop.remove_reader(sock)
                self._loop.call_later(_PAUSE_S, self._resume, sock)
                return
            connection.setblocking(False)
            task = self._loop.create_task(self._hand_over(connection))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _resume(self, sock: socket.socket) -> None:
        if sock in self.sockets:
            self._loop.add_reader(sock, self._accept, sock)

    async def _hand_over(self, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._factory, connection)
        except OSError:  # it has gone already
            connection.close()
