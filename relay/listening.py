"""A TCP port whose connections are accepted as they come, and begin by turns of their networks.

uvloop accepts one connection in each of its turns, in the order in which they came. A turn takes
milliseconds on a busy machine, so that strangers who connect a few hundred times a second would
keep all others waiting for seconds.

Back-pressure: `MOST` connections wait here, and the newest of the network with the most is hung up
on when there are more.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from typing import TYPE_CHECKING, Final

from relay.log import logger
from relay.network import prefix

if TYPE_CHECKING:
    from collections.abc import Callable

BACKLOG: Final = 1024
"""Connections that wait to be accepted. The system drops what is more, and whoever was dropped
tries again only after one, three and seven seconds.
"""
MOST: Final = 1024
"""Connections that are accepted and have not begun."""
AT_ONCE: Final = 128
"""Connections that are accepted in a turn of the loop, at the most."""
BEGIN: Final = 8
"""Connections that begin in a turn: whoever is there already shares it with them."""
_PAUSE_S: Final = 0.5
"""Until another try, where the process has no descriptor left."""


class Listener:
    """See the module."""

    def __init__(self, factory: Callable[[], asyncio.Protocol]) -> None:
        """`factory` makes what each connection is handed to."""
        self._factory = factory
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: dict[str, deque[socket.socket]] = {}
        """By network; the one whose turn is next comes first."""
        self._count = 0
        self.turned_away = 0
        """Connections that were hung up on because too many waited."""
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
        for queue in self._waiting.values():
            for connection in queue:
                connection.close()
        self._waiting.clear()
        self._count = 0

    def _accept(self, sock: socket.socket) -> None:
        for _ in range(AT_ONCE):
            try:
                connection, address = sock.accept()
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
            if not self._count:
                self._loop.call_soon(self._begin)
            self._waiting.setdefault(prefix(address[0]), deque()).append(connection)
            self._count += 1
            if self._count > MOST:
                self.turned_away += 1
                self._take(
                    max(self._waiting, key=lambda name: len(self._waiting[name])), -1
                ).close()

    def _take(self, network: str, place: int) -> socket.socket:
        """Take one of a network out; the others of it wait for their next turn."""
        queue = self._waiting.pop(network)
        connection = queue[place]
        del queue[place]
        self._count -= 1
        if queue:
            self._waiting[network] = queue
        return connection

    def _begin(self) -> None:
        for _ in range(min(BEGIN, self._count)):
            connection = self._take(next(iter(self._waiting)), 0)
            task = self._loop.create_task(self._hand_over(connection))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if self._count:
            self._loop.call_soon(self._begin)

    def _resume(self, sock: socket.socket) -> None:
        if sock in self.sockets:
            self._loop.add_reader(sock, self._accept, sock)

    async def _hand_over(self, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._factory, connection)
        except OSError:  # it has gone already
            connection.close()
