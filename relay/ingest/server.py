"""The RTMP server: many publishers on one port, a thin asyncio shell around the sans-IO session.

Connections that have not begun to publish are few, and not for long; see `pool` and `connection`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from relay.bus import keys
from relay.bus.events import subscribe
from relay.errors import cannot_listen
from relay.ingest.connection import Connection, Intake
from relay.ingest.desk import STANDBY_S, Desk
from relay.listening import Listener
from relay.log import pool_is_full
from relay.media.ladder import SOURCE
from relay.network import prefix
from relay.pool import Pool, Size

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from relay.state.registry import Registry

CONNECTIONS: Final = Size(unproven=1024, proven=1024, grace_s=2.0)
"""Connections that do not publish yet, and those that do: within half a second as a rule."""


class RtmpServer:
    """Accepts publishers; see the module."""

    def __init__(
        self, *, registry: Registry, bus: Redis, name: str, standby_s: float = STANDBY_S
    ) -> None:
        """`name` is this process's, for leases; `standby_s` as in `Desk`."""
        self._desk = Desk(bus, name, standby_s)
        self._listener: Listener | None = None
        self.pool: Pool[Connection] = Pool("rtmp", CONNECTIONS, pool_is_full)
        self.counters = {"connections": 0, "turned_away": 0, "refused": 0, "faults": 0}
        """Connections; those that had to go, or were not taken, because too many waited; publishers
        refused; messages that could not be used.
        """
        self._intake = Intake(registry, bus, self._desk, self.counters, self._prove)
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int) -> None:
        """Listen.

        Raises:
            OperatorError: the address or port cannot be had.
        """
        self._listener = Listener(self._protocol)
        try:
            self._listener.open(host, port)
        except OSError as error:
            raise cannot_listen("RTMP", host, port, error) from None

    def _protocol(self) -> asyncio.StreamReaderProtocol:
        return asyncio.StreamReaderProtocol(asyncio.StreamReader(), self._accept)

    async def hear_wishes(self, blocking: Redis) -> None:
        """Pass on, until cancelled, what is asked of cameras; `blocking` is for this alone."""
        async for message in subscribe(blocking, keys.ALL_KEYFRAME_WISHES):
            if message is not None and message[1].get("rendition") == SOURCE:
                camera = keys.camera_of_wishes(message[0])
                self._desk.wish_keyframe(camera, asyncio.get_running_loop().time())

    async def stop(self) -> None:
        """Stop listening and end all connections."""
        if self._listener is not None:
            self._listener.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        self.counters["connections"] += 1
        peer = writer.get_extra_info("peername")
        connection = Connection(self._intake, reader, writer, peer[0] if peer else "")
        now = asyncio.get_running_loop().time()
        entered, victim = self.pool.enter(connection, prefix(peer[0] if peer else ""), now)
        self.counters["turned_away"] += not entered or victim is not None
        if victim is not None:
            victim.dismiss("others of other networks wait to publish")
        try:
            if entered:
                await connection.run()
        except asyncio.CancelledError:
            # The server stops. asyncio's own callback would report this as an error.
            pass
        finally:
            self._connections.discard(task)
            self.pool.leave(connection)
            writer.close()

    def _prove(self, connection: Connection) -> bool:
        return self.pool.prove(connection)

    @property
    def desk(self) -> Desk:
        """Who is on air."""
        return self._desk

    def told(self) -> dict[str, int]:
        """For metrics."""
        turned_away = self._listener.turned_away if self._listener else 0
        return {
            **self.counters,
            **self.pool.counters(),
            "connections_turned_away": turned_away,
        }
