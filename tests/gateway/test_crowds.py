"""Many pages at once, and pages that do not read."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from relay.gateway import events
from relay.gateway.keys import HUB
from tests.gateway.test_origins import UPGRADE
from tests.support.gateway import Gateway, go_live
from tests.support.listening import open_page
from tests.support.stalls import HANG_S, tries
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis.asyncio import Redis

pytestmark = pytest.mark.parametrize("store_url", ["valkey"], indirect=True)

PAGES = 50
MANY = 200


@pytest.fixture(autouse=True)
async def demo(gateway: Gateway) -> None:
    await gateway.camera("helmet")
    await gateway.begun("demo", cameras=["helmet"])


@pytest.mark.alone
async def test_a_vote_is_seen_in_all_pages_within_half_a_second(
    gateway: Gateway, figure: Callable[[str], None]
) -> None:
    """The issue's limit."""
    async with AsyncExitStack() as stack:
        pages = [await stack.enter_async_context(open_page(gateway, "demo")) for _ in range(MANY)]
        for count, attempt in enumerate(tries(0.5), 1):
            with attempt:
                (await gateway.vote("demo", 4)).ok()
                await asyncio.gather(*(page.hear_type("rating", count=count) for page in pages))
            figure(f"s until a vote was heard by {MANY} pages: {attempt}")


async def test_fifty_votes_at_once_end_with_the_same_number_in_every_page(gateway: Gateway) -> None:
    async with AsyncExitStack() as stack:
        pages = [await stack.enter_async_context(open_page(gateway, "demo")) for _ in range(PAGES)]
        votes = await asyncio.gather(*(gateway.vote("demo", 1 + n % 5) for n in range(PAGES)))
        assert all(vote.status == 200 for vote in votes)
        await asyncio.gather(
            *(page.hear_type("rating", count=PAGES, average=3.0) for page in pages)
        )


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_pages_that_come_and_go_leave_nothing_behind(gateway: Gateway, store: Redis) -> None:
    async def come_and_go(number: int) -> None:
        async with open_page(gateway, "demo") as page:
            if number % 3 == 0:  # without a goodbye
                page.socket._response.connection.transport.abort()
            elif number % 3 == 1:
                await page.socket.send_json({"type": "clock", "t0": number})

    async def crowd() -> tuple[int, int]:
        await asyncio.gather(*(come_and_go(number) for number in range(PAGES)))
        await go_live(store, "helmet")
        await eventually(lambda: not gateway.app[HUB].broadcasts, "the listeners to be gone")
        await eventually(
            lambda: not gateway.runner.server.connections, "the connections to be gone"
        )
        return descriptors(), len(asyncio.all_tasks())

    # The connections to the stores that a crowd takes are kept; how many depends on its order.
    crowds = [await crowd() for _ in range(8)]
    assert min(crowds[4:]) <= max(crowds[:4])


async def never_read(gateway: Gateway) -> socket.socket:
    """A page that shakes hands and reads nothing after that."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(sock, ("127.0.0.1", gateway.port))
    head = "".join(f"{name}: {value}\r\n" for name, value in UPGRADE.items())
    request = f"GET /api/v1/broadcasts/demo/events HTTP/1.1\r\nHost: x\r\n{head}\r\n"
    await loop.sock_sendall(sock, request.encode())
    assert (await loop.sock_recv(sock, 12)).startswith(b"HTTP/1.1 101")
    return sock


async def test_a_page_that_reads_nothing_costs_little_and_delays_nobody(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_SEND_S", 1.0)
    hub = gateway.app[HUB]
    stuck = [await never_read(gateway) for _ in range(3)]
    await eventually(lambda: len(hub._listeners.get("demo", ())) == len(stuck), "them to listen")
    async with open_page(gateway, "demo") as page:
        padding = "x" * 100_000  # so that the kernel's buffers, some MB, are full soon
        for number in range(100):
            hub.tell("demo", {"type": "rating", "count": number, "padding": padding})
            await page.hear_type("rating", count=number)
        listeners = hub._listeners["demo"]
        assert sum(len(listener._pending) for listener in listeners) <= len(listeners)
        for connection in gateway.runner.server.connections:
            assert connection.transport.get_write_buffer_size() < 1 << 20

        await eventually(lambda: len(listeners) == 1, "them to be hung up on")
        await eventually(
            lambda: len(gateway.runner.server.connections) == 1, "their connections to be gone"
        )
        hub.tell("demo", {"type": "rating", "count": 100})
        await page.hear_type("rating", count=100)
    for sock in stuck:
        sock.close()


async def test_a_page_whose_machine_fell_asleep_is_hung_up_on(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_PING_S", 0.2)
    asleep = await never_read(gateway)

    await eventually(
        lambda: not gateway.runner.server.connections or not gateway.app[HUB].broadcasts,
        "it to be hung up on",
    )
    asleep.close()


async def test_open_pages_cost_no_compressors(gateway: Gateway) -> None:
    """Every browser offers to compress; a compressor would cost some 300 KB a page."""
    url = f"{gateway.url}/api/v1/broadcasts/demo/events"
    async with gateway.http.ws_connect(url, compress=15) as page:
        assert page.compress == 0
        assert (await page.receive_json(timeout=HANG_S))["type"] == "state"
