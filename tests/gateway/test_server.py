"""What strangers on the HTTP port may cost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.support.gateway import Gateway, running
from tests.support.stalls import HANG_S

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.parametrize("store_url", ["valkey"], indirect=True)

HEAD = (
    b"POST /api/v1/broadcasts/demo/rating HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
)


async def test_garbage_on_the_port_harms_nobody_and_fills_no_log(
    gateway: Gateway, logged: Callable[[], str]
) -> None:
    garbage = [
        bytes(range(256)) * 256,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET /b/\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 9000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: a\r\n" * 1000 + b"\r\n",
        HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcdefg\r\n",
    ]

    for request in garbage:
        assert (await gateway.raw(request)).startswith(b"HTTP/1."), request

    (await gateway.get("/healthz")).ok()
    assert logged() == ""


async def test_a_stranger_that_sends_half_a_request_is_sent_away(
    gateway: Gateway,
    store_url: str,
    frontend: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """aiohttp by itself would wait for an hour."""
    monkeypatch.setattr("relay.gateway.server.IDLE_S", 0.1)
    async with running(store_url, frontend) as impatient:
        for half in (b"", b"GET", b"GET / HTTP/1.1\r\nHost: x\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", impatient.port)
            writer.write(half)
            assert await asyncio.wait_for(reader.read(), HANG_S) == b""
            writer.close()
