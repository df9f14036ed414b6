"""A network of a fixed delay, for a few viewers: TCP and UDP through it arrive later, and in order.

Nothing is lost. Back-pressure: none; what is on its way waits in memory, some seconds' worth at the
most, as long as both ends live.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import uvloop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from relay.webrtc.ice import Address


@dataclass(frozen=True)
class Path:
    """The ports behind which the delay is."""

    tcp: int
    udp: int


class _Datagrams(asyncio.DatagramProtocol):
    """One side of the way; each that sends from outside gets a socket of its own inside."""

    def __init__(self, to: Address, delay_s: float, back: _Datagrams | None, to_back: Address):
        self._to = to
        self._delay_s = delay_s
        self._back = back
        self._to_back = to_back
        self._inside: dict[Address, asyncio.Future[_Datagrams]] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def send(self, data: bytes, to: Address) -> None:
        """Send from here."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, to)

    def datagram_received(self, data: bytes, address: tuple[Any, ...]) -> None:
        if self._back is not None:  # from inside
            self._loop.call_later(self._delay_s, self._back.send, data, self._to_back)
            return
        source = address[0], address[1]
        inside = self._inside.get(source)
        if inside is None:
            inside = asyncio.ensure_future(self._open(source))
            self._inside[source] = inside
        self._loop.call_later(self._delay_s, self._pass_on, inside, data)

    async def _open(self, source: Address) -> _Datagrams:
        _, inside = await self._loop.create_datagram_endpoint(
            lambda: _Datagrams(self._to, self._delay_s, self, source),
            local_addr=("127.0.0.1", 0),
        )
        return inside

    def _pass_on(self, inside: asyncio.Future[_Datagrams], data: bytes) -> None:
        inside.add_done_callback(lambda done: done.result().send(data, self._to))


async def _carry(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay_s: float
) -> None:
    loop = asyncio.get_running_loop()
    under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def deliver() -> None:
        while True:
            due, data = await under_way.get()
            await asyncio.sleep(max(due - loop.time(), 0.0))
            if not data:
                break
            writer.write(data)
        writer.close()

    task = asyncio.create_task(deliver())
    data = b"-"
    while data:
        try:
            data = await reader.read(65_536)
        except ConnectionError:
            data = b""
        under_way.put_nowait((loop.time() + delay_s, data))
    await task


async def _serve(tcp_port: int, udp_port: int, delay_s: float) -> None:
    """Be the network until standard input ends; its ports are told on standard output."""
    loop = asyncio.get_running_loop()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, here = await asyncio.open_connection("127.0.0.1", tcp_port)
        await asyncio.gather(_carry(reader, here, delay_s), _carry(there, writer, delay_s))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    outside, _ = await loop.create_datagram_endpoint(
        lambda: _Datagrams(("127.0.0.1", udp_port), delay_s, None, ("", 0)),
        local_addr=("127.0.0.1", 0),
    )
    ports = server.sockets[0].getsockname()[1], outside.get_extra_info("sockname")[1]
    print(json.dumps(ports), flush=True)
    await asyncio.to_thread(sys.stdin.read)


@contextmanager
def delayed(tcp_port: int, udp_port: int, delay_s: float) -> Iterator[Path]:
    """Ports of loopback that lead to these, with a delay each way.

    It has a process of its own: in the bench's it would wait for others' work, and delay more.
    """
    arguments = [str(tcp_port), str(udp_port), str(delay_s)]
    with subprocess.Popen(
        [sys.executable, "-m", "relay.bench.delay", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Path(*json.loads(process.stdout.readline()))
        finally:
            process.stdin.close()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
