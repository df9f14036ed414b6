"""Strangers of many networks who try all that costs or holds something, in a process of its own.

Each means has so many tries a second, of all networks together and of each in its turn, so that the
attack takes a bounded part of the CPUs that it shares with the relay. What a try opens is held
until the relay ends it or `hold` newer ones are there. Prints as JSON what came of them.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import secrets
import socket
import struct
import subprocess
import sys
import time
from collections import Counter, deque
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import uvloop

from relay.bench.fanout import allow_descriptors
from relay.bench.peer import Identity, Peer
from tests.support.stack import REPOSITORY
from tests.support.strangers import client_hello, datagrams

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

WAIT_S: Final = 10.0
FLOOD: Final = 100
"""Messages that one try of a flood sends at once."""


@dataclass(frozen=True)
class Target:
    """What is attacked."""

    http: int
    rtmp: int
    udp: int
    slug: str
    file: str
    """Path of a large static file."""
    networks: int
    seconds: float


def source(network: int, number: int) -> str:
    """An address of loopback, of this network (a /24)."""
    return f"127.{1 + network // 250}.{network % 250}.{1 + number % 250}"


def frame(text: str) -> bytes:
    """A text message of a WebSocket's client (RFC 6455), masked with zeros."""
    data = text.encode()
    size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack("!H", len(data))
    return b"\x81" + size + bytes(4) + data


class Attack:
    """See the module. Methods are means: one try each, from an address."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._identity = Identity()
        self._random = random.Random(1)
        self._held: dict[str, deque[asyncio.StreamWriter]] = {}
        self._sockets: dict[str, socket.socket] = {}
        self._peers: deque[tuple[Peer, str]] = deque(maxlen=64)
        self._tasks: set[asyncio.Task[None]] = set()
        self._garbage = datagrams(self._random)
        self.outcomes: dict[str, Counter[str]] = {}

    # --- ways ------------------------------------------------------------------------------

    async def _open(
        self, port: int, host: str
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", port, local_addr=(host, 0))

    async def _ask(
        self, host: str, method: str, path: str, body: bytes, kind: str
    ) -> tuple[str, bytes]:
        """A request of its own connection; the status, and all that came."""
        reader, writer = await self._open(self._target.http, host)
        try:
            writer.write(
                f"{method} {path} HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n"
                f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                + body
            )
            answer = await reader.read(-1)
        finally:
            writer.transport.abort()
        return answer[9:12].decode() or "hung up", answer

    def _hold(self, name: str, writer: asyncio.StreamWriter, most: int) -> None:
        held = self._held.setdefault(name, deque())
        held.append(writer)
        if len(held) > most:
            held.popleft().transport.abort()

    def _udp(self, host: str) -> socket.socket:
        if host not in self._sockets:
            if len(self._sockets) >= 2048:
                self._sockets.pop(next(iter(self._sockets))).close()
            self._sockets[host] = sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.bind((host, 0))
            sock.setblocking(False)
        return self._sockets[host]

    def _send(self, host: str, data: bytes) -> None:
        with suppress(OSError):
            self._udp(host).sendto(data, ("127.0.0.1", self._target.udp))

    # --- WebRTC ----------------------------------------------------------------------------

    async def posts(self, host: str) -> str:
        """Sessions that nobody comes for."""
        status, _ = await self._session(host)
        return status

    async def _session(self, host: str) -> tuple[str, Peer | None]:
        peer = Peer(self._identity)
        path = f"/whep/{self._target.slug}"
        status, answer = await self._ask(host, "POST", path, peer.offer.encode(), "application/sdp")
        if status != "201":
            return status, None
        peer.answered(answer.decode())
        return status, peer

    async def half_open(self, host: str) -> str:
        """Sessions that check their path, and go no further."""
        status, peer = await self._session(host)
        if peer is not None:
            self._peers.append((peer, host))
            self._send(host, peer.check())
        return status

    async def half_handshakes(self, host: str) -> str:
        """Those that begin a handshake, too."""
        status, peer = await self._session(host)
        if peer is not None:
            self._send(host, peer.check())
            self._send(host, client_hello(self._random))
        return status

    async def checks(self, host: str) -> str:
        """Many checks of one session."""
        if not self._peers:
            return "none"
        peer, host = self._peers[-1]
        check = peer.check()
        for _ in range(FLOOD):
            self._send(host, check)
        return "sent"

    async def datagrams(self, host: str) -> str:
        """Garbage of all kinds."""
        for _ in range(FLOOD):
            self._send(host, next(self._garbage))
        return "sent"

    async def long_offers(self, host: str) -> str:
        """62 KB of media lines."""
        offer = Peer(self._identity).offer + "".join(f"m=a 0 b {n}\r\n" for n in range(4200))
        body = offer[:62_000].encode()
        path = f"/whep/{self._target.slug}"
        return (await self._ask(host, "POST", path, body, "application/sdp"))[0]

    # --- TCP -------------------------------------------------------------------------------

    async def idle_rtmp(self, host: str) -> str:
        """Connections that say nothing, or no more than a handshake."""
        _, writer = await self._open(self._target.rtmp, host)
        if self._random.random() < 0.5:
            writer.write(b"\x03" + bytes(1536))
        self._hold("rtmp", writer, 600)
        return "held"

    async def idle_http(self, host: str) -> str:
        """Connections without a request, or with half a one."""
        _, writer = await self._open(self._target.http, host)
        if self._random.random() < 0.5:
            writer.write(b"GET /b/")
        self._hold("http", writer, 1500)
        return "held"

    async def slow_readers(self, host: str) -> str:
        """Files that are not read."""
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.setblocking(False)
        sock.bind((host, 0))
        loop = asyncio.get_running_loop()
        await loop.sock_connect(sock, ("127.0.0.1", self._target.http))
        reader = asyncio.StreamReader(limit=1)
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await loop.create_connection(lambda: protocol, sock=sock)
        transport.pause_reading()
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        writer.write(f"GET {self._target.file} HTTP/1.1\r\nHost: relay\r\n\r\n".encode())
        self._hold("files", writer, 300)
        return "held"

    # --- events ----------------------------------------------------------------------------

    async def _page(self, host: str) -> tuple[str, asyncio.StreamWriter]:
        reader, writer = await self._open(self._target.http, host)
        writer.write(
            f"GET /api/v1/broadcasts/{self._target.slug}/events HTTP/1.1\r\nHost: relay\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        status = (await reader.readline())[9:12].decode() or "hung up"
        return status, writer

    async def pages(self, host: str) -> str:
        """Events sockets that report made-up sessions."""
        status, writer = await self._page(host)
        report = {"type": "watching", "playing": True, "session": secrets.token_hex(64)}
        writer.write(frame(json.dumps(report)))
        self._hold("pages", writer, 2500)
        return status

    async def clocks(self, host: str) -> str:
        """Events sockets that ask for the time without a pause."""
        status, writer = await self._page(host)
        for _ in range(20):
            writer.write(frame('{"type":"clock","t0":1}') * FLOOD)
            await asyncio.sleep(0.02)
        self._hold("clocks", writer, 50)
        return status

    # --- API -------------------------------------------------------------------------------

    async def votes(self, host: str) -> str:
        """Stars of somebody new each time."""
        path = f"/api/v1/broadcasts/{self._target.slug}/rating"
        return (await self._ask(host, "POST", path, b'{"stars":1}', "application/json"))[0]

    async def comments(self, host: str) -> str:
        """Comments of somebody new each time."""
        path = f"/api/v1/broadcasts/{self._target.slug}/comments"
        body = json.dumps({"name": "x", "text": secrets.token_hex(40)}).encode()
        return (await self._ask(host, "POST", path, body, "application/json"))[0]

    async def large_bodies(self, host: str) -> str:
        """Nested JSON of a megabyte, where a few bytes are wanted."""
        path = f"/api/v1/broadcasts/{self._target.slug}/comments"
        return (await self._ask(host, "POST", path, b"[" * 1_000_000, "application/json"))[0]

    # --- life ------------------------------------------------------------------------------

    async def run(self, rates: dict[str, float]) -> dict[str, dict[str, int]]:
        """Use all means, each so often a second."""
        until = time.monotonic() + self._target.seconds
        await asyncio.gather(*(self._keep_on(name, rate, until) for name, rate in rates.items()))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        return {name: dict(found) for name, found in self.outcomes.items()}

    async def _keep_on(self, name: str, rate: float, until: float) -> None:
        means: Callable[[str], Awaitable[str]] = getattr(self, name)
        found = self.outcomes.setdefault(name, Counter())
        began, number = time.monotonic(), 0
        while time.monotonic() < until:
            while number < (time.monotonic() - began) * rate and len(self._tasks) < 1000:
                host = source(number % self._target.networks, number // self._target.networks)
                task = asyncio.create_task(self._once(means, host, found))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
                number += 1
            await asyncio.sleep(0.02)

    async def _once(
        self, means: Callable[[str], Awaitable[str]], host: str, found: Counter[str]
    ) -> None:
        try:
            async with asyncio.timeout(WAIT_S):
                found[await means(host)] += 1
        except TimeoutError:
            found["nothing came"] += 1
        except (OSError, EOFError, RuntimeError):  # uvloop raises that of a closed connection
            found["cut off"] += 1


RATES: Final[dict[str, float]] = {
    "posts": 25, "half_open": 20, "half_handshakes": 15, "checks": 5, "datagrams": 10,
    "long_offers": 10, "idle_rtmp": 40, "idle_http": 60, "slow_readers": 8, "pages": 40,
    "clocks": 1, "votes": 20, "comments": 15, "large_bodies": 2,
}  # fmt: skip
"""Tries a second of each means."""


def start(target: Target) -> subprocess.Popen[bytes]:
    """Begin, in a process of its own; its output is what `Attack.run` tells, and its CPU."""
    command = [sys.executable, "-m", "tests.siege.attackers", json.dumps(asdict(target))]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE)


def main() -> None:
    """Attack what the first argument tells."""
    allow_descriptors(16_000)
    target = Target(**json.loads(sys.argv[1]))

    async def work() -> dict[str, Any]:
        return await Attack(target).run(RATES)

    outcomes = uvloop.run(work())
    print(json.dumps({"outcomes": outcomes, "cpu_s": time.process_time()}), flush=True)
    os._exit(0)  # thousands of sockets need no farewell


if __name__ == "__main__":
    main()
