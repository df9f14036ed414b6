"""Connections to bus and state."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from relay.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


_TIMEOUT_S: Final = 5.0

Entry = tuple[bytes, dict[bytes, bytes]]
"""A stream entry: its id and its fields."""


def connect(url: str) -> Redis:
    """A client with a pool, for commands that answer at once.

    Failed commands are not sent again by the library: whether that is safe is the caller's to know.
    """
    return Redis.from_url(
        url,
        socket_timeout=_TIMEOUT_S,
        socket_connect_timeout=_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        decode_responses=False,
        protocol=2,
    )


def connect_blocking(url: str) -> Redis:
    """A client of one connection for blocking reads, which wait as long as they say."""
    return Redis.from_url(
        url,
        single_connection_client=True,
        socket_timeout=None,
        socket_connect_timeout=_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        decode_responses=False,
        protocol=2,
    )


@asynccontextmanager
async def store_errors(what: str) -> AsyncIterator[None]:
    """Turn the library's errors into `StoreError`, naming what was tried."""
    try:
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
