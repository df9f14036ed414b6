"""Lines to a real store: replies go to whoever waits for them, whatever happens to others."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import RedisError, ResponseError

from relay.bus.client import connect, make_line, stream_all, stream_end
from tests.support.proxy import Proxy
from tests.support.stalls import HANG_S

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from redis.asyncio import Redis

    from relay.bus.line import Line
    from tests.support.server import Server


@asynccontextmanager
async def line(store: Redis) -> AsyncIterator[Line]:
    made = make_line(store)
    try:
        yield made
    finally:
        made.close()


async def test_what_the_store_refuses_costs_no_other_its_reply(store: Redis) -> None:
    async with line(store) as it:
        await it.call(b"SET", b"text", b"no stream")
        with pytest.raises(ResponseError, match="WRONGTYPE"):
            await it.calls(
                [
                    (b"INCR", b"first"),
                    (b"XADD", b"text", b"*", b"u", b"x"),
                    (b"INCR", b"last"),
                ]
            )
        connections = len(await store.client_list())
        assert await it.calls([(b"GET", b"first"), (b"GET", b"last")]) == [b"1", b"1"]
        assert len(await store.client_list()) == connections


async def test_callers_take_turns(store: Redis) -> None:
    # Longer than what comes at once, so that replies come in pieces.
    texts = [b"%d" % number * 200_000 for number in range(9)]
    async with line(store) as it:
        assert await asyncio.gather(*(it.call(b"ECHO", text) for text in texts)) == texts


async def test_a_call_that_is_cancelled_leaves_no_reply_to_the_next(store: Redis) -> None:
    async with line(store) as it:
        for number in range(30):
            text = b"%d" % number
            given_up = asyncio.create_task(it.call(b"ECHO", b"of another"))
            await asyncio.sleep(0 if number % 2 else 0.0005)
            given_up.cancel()
            assert await it.call(b"ECHO", text) == text
            await asyncio.gather(given_up, return_exceptions=True)


async def test_a_store_that_ends_is_told_at_once_and_found_again(own_server: Server) -> None:
    store = connect(own_server.url)
    async with line(store) as it:
        waiting = asyncio.create_task(it.call(b"XREAD", b"BLOCK", b"0", b"STREAMS", b"s", b"$"))
        await asyncio.sleep(0.05)
        own_server.kill()
        async with asyncio.timeout(HANG_S):
            with pytest.raises(ConnectionLost):
                await waiting
            with pytest.raises((RedisError, OSError)):
                await it.call(b"PING")
        await asyncio.to_thread(own_server.start)
        assert await it.call(b"PING") == b"PONG"
        # It ends while nobody waits.
        await asyncio.to_thread(own_server.restart)
        assert await it.call(b"PING") == b"PONG"
    await store.aclose()


async def test_a_line_logs_in_and_takes_its_database(own_server: Server) -> None:
    admin = connect(own_server.url)
    await admin.config_set("requirepass", "secret")
    plain = own_server.url.removesuffix("/0")
    store = connect(f"{plain.replace('://', '://:secret@')}?db=3")
    async with line(store) as it:
        await it.call(b"XADD", b"s", b"7-1", b"u", b"x")
    assert await stream_end(store, "s") == b"7-1"
    assert await stream_all(store, "s") == [(b"7-1", {b"u": b"x"})]
    assert "db3" in await store.info("keyspace")
    await store.aclose()
    await admin.aclose()


async def test_a_line_through_tls(store: Redis, store_url: str, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(tmp_path / "own.pem"))
    async with Proxy(store_url).running(context) as proxy:
        client = connect(proxy.url + "?ssl_cert_reqs=none")
        text = b"x" * 300_000
        async with line(client) as it:
            assert await it.call(b"ECHO", text) == text
        await client.aclose()


def _certificate(path: Path) -> Path:
    """A certificate that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "store")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(secret + signed.public_bytes(Encoding.PEM))
    return path
