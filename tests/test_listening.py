"""Connections begin by turns of their networks."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, ClassVar

import uvloop

from relay.listening import Listener
from tests.support.waiting import eventually

if TYPE_CHECKING:
    import pytest

MANY = 300


class Guest(asyncio.Protocol):
    """A connection that echoes."""

    made: ClassVar[list[str]] = []
    """Where each came from."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        Guest.made.append(transport.get_extra_info("peername")[0])
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        assert isinstance(self.transport, asyncio.Transport)
        self.transport.write(data)


def test_a_crowd_keeps_a_newcomer_of_another_network_waiting_for_a_turn() -> None:
    """uvloop's own servers take one in each turn, the oldest first."""

    async def turns() -> int:
        listener = Listener(Guest)
        listener.open("127.0.0.1", 0)
        address = listener.sockets[0].getsockname()
        with ExitStack() as stack:
            for number in range(MANY):
                source = (f"127.1.{number % 4}.1", 0)
                stack.enter_context(socket.create_connection(address, source_address=source))
            last = stack.enter_context(
                socket.create_connection(address, source_address=("127.2.0.1", 0))
            )
            taken = 0
            while last.getsockname()[0] not in Guest.made:
                await asyncio.sleep(0)
                taken += 1
            listener.close()
            return taken

    Guest.made = []
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(turns()) < 20
        assert len(Guest.made) < MANY, "it overtook some"


async def test_of_too_many_the_newest_of_the_largest_network_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("relay.listening.MOST", 4)
    listener = Listener(Guest)
    listener.open("127.0.0.1", 0)
    address = listener.sockets[0].getsockname()
    Guest.made = []
    hosts = ["127.1.0.1"] * 7 + ["127.2.0.1"]
    with ExitStack() as stack:
        for host in hosts:
            stack.enter_context(socket.create_connection(address, source_address=(host, 0)))
        await eventually(lambda: len(Guest.made) == 4, "four of them")
    assert (listener.turned_away, Guest.made.count("127.2.0.1")) == (4, 1)
    listener.close()


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
    poor: Any = Poor()
    listener.sockets[0] = poor
    monkeypatch.setattr("relay.listening._PAUSE_S", 0.01)
    listener._accept(poor)
    with socket.create_connection(real.getsockname()):
        await eventually(lambda: len(calls) > 1, "another try")
    listener.sockets[0] = real
    listener.close()
