"""Many connections are accepted in a turn of the loop."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack

import pytest
import uvloop

from relay.listening import Listener
from tests.support.waiting import eventually

MANY = 300


class Guest(asyncio.Protocol):
    """A connection that echoes."""

    made = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        Guest.made += 1
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        assert isinstance(self.transport, asyncio.Transport)
        self.transport.write(data)


def test_a_crowd_is_accepted_in_a_few_turns() -> None:
    """uvloop's own servers take one in each turn, which may be a busy one."""

    async def turns() -> int:
        listener = Listener(Guest)
        listener.open("127.0.0.1", 0)
        address = listener.sockets[0].getsockname()
        with ExitStack() as stack:
            for _ in range(MANY):
                stack.enter_context(socket.create_connection(address))
            taken = 0
            while Guest.made < MANY:
                await asyncio.sleep(0)
                taken += 1
            listener.close()
            return taken

    Guest.made = 0
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(turns()) < 30


async def test_connections_outlive_their_listener_and_nobody_else_comes() -> None:
    listener = Listener(Guest)
    listener.open("127.0.0.1", 0)
    host, port = listener.sockets[0].getsockname()
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"before")
    assert await reader.readexactly(6) == b"before"
    listener.close()
    writer.write(b"after")
    assert await reader.readexactly(5) == b"after"
    with socket.socket() as late:
        assert late.connect_ex((host, port)) != 0
    writer.close()


async def test_it_goes_on_after_it_had_no_descriptor(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    listener = Listener(Guest)
    listener.open("127.0.0.1", 0)
    real = listener.sockets[0]

    class Poor:
        def accept(self) -> None:
            calls.append(self)
            raise OSError(24, "Too many open files")

        def fileno(self) -> int:
            return real.fileno()

    listener._loop.remove_reader(real)
    listener.sockets[0] = poor = Poor()  # type: ignore[assignment]
    monkeypatch.setattr("relay.listening._PAUSE_S", 0.01)
    listener._accept(poor)  # type: ignore[arg-type]
    with socket.create_connection(real.getsockname()):
        await eventually(lambda: len(calls) > 1, "another try")
    listener.sockets[0] = real
    listener.close()
