"""Connections and events sockets of strangers give way to those of others."""

from __future__ import annotations

import asyncio
import gc
import socket
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from relay import log
from relay.gateway import doors, events
from relay.gateway.keys import AUTH, DOORS, HEARTBEATS
from relay.pool import Pool, Size
from tests.support.gateway import Gateway, running
from tests.support.listening import open_page
from tests.support.stalls import HANG_S
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from relay.gateway.doors import Doors

pytestmark = pytest.mark.parametrize("store_url", ["valkey"], indirect=True)

UPGRADE = (
    b"GET /api/v1/broadcasts/demo/events HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


async def connect(gateway: Gateway, host: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection from an address of loopback."""
    return await asyncio.open_connection("127.0.0.1", gateway.port, local_addr=(host, 0))


@pytest.fixture
def small(gateway: Gateway) -> Doors:
    """Doors that are full with a few."""
    found = gateway.app[DOORS]
    found.pool = Pool("connections", Size(unproven=8, proven=64), log.pool_is_full)
    found.sockets = Pool("sockets", Size(unproven=4, proven=64), log.pool_is_full)
    return found


async def test_idle_connections_of_one_network_shut_nobody_out(
    gateway: Gateway, small: Doors, logged: Callable[[], str]
) -> None:
    idle = [await connect(gateway, f"127.0.0.{number}") for number in range(1, 31)]
    await eventually(lambda: small.pool.displaced >= 22, "the oldest to go")
    for number in range(20):
        reader, writer = await connect(gateway, f"127.0.{number + 1}.1")
        for _ in range(3):
            writer.write(HEALTH)
            assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200")
            await reader.readuntil(b'"ok"}')
        writer.close()
    assert await idle[0][0].read() == b"", "it was closed"
    assert len(small.pool) <= 9
    assert logged().count("a pool is full") == 1
    assert "127.0.0.0/24" in logged()
    for _, writer in idle:
        writer.close()
    await eventually(lambda: len(small.pool) == 0, "all to be gone")
    metrics = (await gateway.get("/metrics", admin=True)).body.decode()
    assert 'what="pool_connections_displaced"' in metrics


async def test_who_finds_no_room_is_no_fault_of_ours(
    gateway: Gateway, small: Doors, logged: Callable[[], str]
) -> None:
    held = [await connect(gateway, f"127.0.{number}.1") for number in range(1, 9)]
    await eventually(lambda: small.pool.unproven == 8, "all to be there")
    reader, refused = await connect(gateway, "127.0.9.1")
    assert await reader.read() == b""
    assert small.pool.refused == 1
    refused.close()
    for _, writer in held:
        writer.close()
    await eventually(lambda: len(small.pool) == 0, "all to be gone")
    gc.collect()  # asyncio tells then of tasks that have failed
    assert "exception" not in logged()


async def test_who_does_not_wait_for_the_answer_is_no_fault_of_ours(
    gateway: Gateway, small: Doors, logged: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, gone = asyncio.Event(), asyncio.Event()

    async def late(_: object) -> list[str]:
        asked.set()
        await gone.wait()
        return []

    monkeypatch.setattr(events, "_state", late)
    _, writer = await connect(gateway, "127.0.1.1")
    writer.write(UPGRADE)
    await asked.wait()
    writer.transport.abort()
    await eventually(lambda: len(small.pool) == 0, "it to be gone")
    gone.set()
    await eventually(lambda: small.gone_early == 1, "it to be counted")
    assert "request failed" not in logged()


async def test_whatever_is_refused_is_counted(gateway: Gateway) -> None:
    found = gateway.app[DOORS]
    await gateway.begun("demo")
    for path, status in (("/whep/demo", 415), ("/whep/nothing", 415), ("/nothing", 404)):
        assert (await gateway.send("POST", path)).status == status
    async with open_page(gateway, "demo") as page:
        report = {"type": "watching", "playing": True, "session": "edge-0.made-up"}
        await page.socket.send_json(report)
        for _ in range(2 * int(events.MESSAGES[1])):
            await page.socket.send_json({"type": "clock", "t0": 1})
        await eventually(lambda: found.said_too_much == 1, "it to be closed")
    told = found.counters()
    assert (told["unissued_sessions"], told["refused_415"], told["refused_404"]) == (1, 2, 1)


async def test_a_request_that_is_handled_is_not_displaced(gateway: Gateway, small: Doors) -> None:
    await gateway.begun("demo")
    async with open_page(gateway, "demo") as page:
        idle = [await connect(gateway, f"127.0.0.{number}") for number in range(1, 31)]
        await page.socket.send_json({"type": "clock", "t0": 1})
        await page.hear_type("clock", t0=1)
        for _, writer in idle:
            writer.close()


async def test_events_sockets_of_one_network_shut_nobody_out(
    gateway: Gateway, small: Doors
) -> None:
    await gateway.begun("demo")
    url = f"{gateway.url}/api/v1/broadcasts/demo/events"
    async with AsyncExitStack() as stack:

        async def another(host: str) -> aiohttp.ClientWebSocketResponse:
            connector = aiohttp.TCPConnector(local_addr=(host, 0))
            session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
            return await stack.enter_async_context(session.ws_connect(url))

        honest = await another("127.0.9.1")
        many = [await another("127.0.0.1") for _ in range(12)]
        assert (await honest.receive_json(timeout=HANG_S))["type"] == "state"
        await honest.send_json({"type": "clock", "t0": 1})
        assert (await honest.receive_json(timeout=HANG_S))["t0"] == 1
        assert (await many[0].receive(timeout=HANG_S)).type is aiohttp.WSMsgType.TEXT
        assert (await many[0].receive(timeout=HANG_S)).data == aiohttp.WSCloseCode.TRY_AGAIN_LATER
        assert small.sockets.displaced == 9
        # All of a school come in, one after the other, once each has shown that it watches.
        for number in range(12):
            page = await another("127.0.8.1")
            session = gateway.app[AUTH].issue(f"edge-0.{number}")
            report: dict[str, Any] = {"type": "watching", "playing": True, "session": session}
            await page.send_json(report)
            await eventually(
                lambda n=number: len(small.sockets) - small.sockets.unproven == n + 1,
                "it to be proven",
            )
        await gateway.app[HEARTBEATS].flush()


async def test_a_file_that_is_not_read_is_let_go(
    store_url: str, frontend: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds two descriptors."""
    monkeypatch.setattr(doors, "WRITE_S", 0.3)
    (frontend / "large.js").write_bytes(bytes(32 << 20))
    async with running(store_url, frontend) as gateway:
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.connect(("127.0.0.1", gateway.port))
            sock.sendall(b"GET /static/large.js HTTP/1.1\r\nHost: x\r\n\r\n")
            server = gateway.runner.server
            assert server is not None
            await eventually(lambda: server.requests_count == 1, "the request to be there")
            await eventually(lambda: not server.connections, "it to be cut off", 5)
        assert gateway.app[DOORS].cut_off == 1
    (frontend / "large.js").unlink()


class Unread:
    """A connection with bytes that wait for their reader."""

    def __init__(self) -> None:
        self.size, self.aborted = 0, False
        self.transport = self

    def get_write_buffer_size(self) -> int:
        return self.size

    def abort(self) -> None:
        self.aborted = True


def test_who_takes_nothing_is_cut_off_and_who_takes_little_is_not(gateway: Gateway) -> None:
    found = gateway.app[DOORS]
    stuck, slow, quick = Unread(), Unread(), Unread()
    for second in range(60):
        stuck.size, slow.size, quick.size = 1000, 100_000 - second, 500 * (second % 2)
        found.look([stuck, slow, quick], float(second))  # type: ignore[list-item]
        assert stuck.aborted == (second >= doors.WRITE_S)
    assert not slow.aborted
    assert not quick.aborted
    assert found.cut_off > 0
