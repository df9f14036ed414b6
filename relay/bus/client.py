"""Connections to bus and state."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from relay.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


_TIMEOUT_S: Final = 5.0

_KEEPALIVE: Final = {
    getattr(socket, name): value
    for name, value in (("TCP_KEEPIDLE", 5), ("TCP_KEEPINTVL", 2), ("TCP_KEEPCNT", 3))
    if hasattr(socket, name)
}
"""Gone after 11 s of silence."""

Entry = tuple[bytes, dict[bytes, bytes]]
"""A stream entry: its id and its fields."""


def connect(url: str) -> Redis:
    """A client with a pool, for commands that answer at once; wrap them in `store_errors`.

    Failed commands are not sent again by the library: whether that is safe is the caller's to know.
    Time limits are `store_errors`' as well: the library's own ones go through `asyncio.wait_for`,
    which before Python 3.12 may swallow a cancellation (python/cpython#86296).
    """
    return _client(url, single=False)


def connect_blocking(url: str) -> Redis:
    """A client of one connection for blocking reads, which wait as long as they say."""
    return _client(url, single=True)


def _client(url: str, *, single: bool) -> Redis:
    options: dict[str, Any] = {}
    if not url.startswith("unix:"):
        # A peer whose host is gone sends nothing: blocking reads notice it only by this.
        options = {"socket_keepalive": True, "socket_keepalive_options": _KEEPALIVE}
    return Redis.from_url(
        url,
        single_connection_client=single,
        socket_timeout=None,
        socket_connect_timeout=_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        decode_responses=False,
        protocol=2,
        **options,
    )


@asynccontextmanager
async def store_errors(what: str, *, timeout_s: float = _TIMEOUT_S) -> AsyncIterator[None]:
    """Limit the time, and turn the library's errors into `StoreError`, naming what was tried."""
    try:
        async with asyncio.timeout(timeout_s):
            yield
    except (RedisError, OSError) as error:
        raise StoreError(f"{what}: {type(error).__name__}: {error}") from error


async def stream_end(client: Redis, key: str) -> bytes:
    """The id of a stream's last entry: what a reader of only newer ones begins after."""
    last = cast("list[Entry]", await client.xrevrange(key, count=1))
    return last[0][0] if last else b"0"


async def stream_entries(
    client: Redis, key: str, after: bytes, *, count: int, block_ms: int
) -> list[Entry]:
    """Up to `count` entries of a stream after the id `after`; waits `block_ms` for the first."""
    answer = cast(
        "list[tuple[bytes, list[Entry]]]",
        await client.xread({key: after}, count=count, block=block_ms),
    )
    return answer[0][1] if answer else []
