"""Connections to bus and state."""

from __future__ import annotations

import asyncio
import re
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, cast

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, OutOfMemoryError, RedisError

from relay.bus.line import Line
from relay.errors import OperatorError, StoreError, StoreFull, StoreRefused
from relay.log import logger

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio.connection import AbstractConnection


_TIMEOUT_S: Final = 5.0
_CONNECTIONS: Final = 256
"""What a client opens at the most; further commands wait for one of them."""

_KEEPALIVE: Final = {
    getattr(socket, name): value
    for name, value in (("TCP_KEEPIDLE", 5), ("TCP_KEEPINTVL", 2), ("TCP_KEEPCNT", 3))
    if hasattr(socket, name)
}
"""Gone after 11 s of silence."""

_IS_FULL: Final = re.compile(r"\b(?:NOREPLICAS|MISCONF|OOM) ")
_LACKS_RIGHT: Final = re.compile("^NOPERM|ACL failure in script|can't access at least one of the")

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
    """A client for blocking reads, which wait as long as they say: of streams, or of events."""
    return _client(url, single=True)


def _client(url: str, *, single: bool) -> Redis:
    options: dict[str, Any] = {}
    if not url.startswith("unix:"):
        # A peer whose host is gone sends nothing: blocking reads notice it only by this.
        options = {"socket_keepalive": True, "socket_keepalive_options": _KEEPALIVE}
    pool = _Pool.from_url(
        url,
        max_connections=_CONNECTIONS,
        socket_timeout=None,
        socket_connect_timeout=_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        decode_responses=False,
        protocol=2,
        driver_info=None,  # nobody reads it there, and it takes a right
        **options,
    )
    client = Redis(connection_pool=pool, single_connection_client=single)
    client.auto_close_connection_pool = True
    return client


class _Pool(ConnectionPool):
    """Lets commands wait while all connections are taken.

    The library's own pool refuses them, and both of its pools may lose a connection for ever when
    the task that gives it back is cancelled: here that does not wait for anything.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._free = asyncio.Semaphore(self.max_connections)
        self.line = self.make_line()
        """For reading streams, beside the connections that commands share."""

    async def get_connection(self, *_: Any, **__: Any) -> AbstractConnection:
        await self._free.acquire()
        available: Any = self.get_available_connection()  # type: ignore[no-untyped-call]
        connection = cast("AbstractConnection", available)
        try:
            await self.ensure_connection(connection)
        except BaseException:
            self._give_back(connection)
            raise
        return connection

    async def release(self, connection: AbstractConnection) -> None:
        self._give_back(connection)

    def make_line(self) -> Line:
        return Line(self.make_connection)

    async def disconnect(self, inuse_connections: bool = True) -> None:
        self.line.close()
        await super().disconnect(inuse_connections)

    def _give_back(self, connection: AbstractConnection) -> None:
        self._in_use_connections.discard(connection)
        self._available_connections.append(connection)
        self._free.release()


@asynccontextmanager
async def store_errors(what: str, *, timeout_s: float = _TIMEOUT_S) -> AsyncIterator[None]:
    """Limit the time, and turn the library's errors into `StoreError`, naming what was tried."""
    try:
        async with asyncio.timeout(timeout_s):
            yield
    except (RedisError, OSError) as error:
        raise store_error(what, error) from error


def store_error(what: str, error: BaseException) -> StoreError:
    """The library's error as ours, in words that say what there is to do."""
    refusal = _refusal(error)
    if refusal is not None:
        return StoreRefused(f"{what}: {refusal}")
    if isinstance(error, OutOfMemoryError) or _IS_FULL.search(str(error)):
        full = "the server takes no writes: its disk or its memory is full, or replicas are away"
        return StoreFull(f"{what}: {full} ({error})")
    return StoreError(f"{what}: {type(error).__name__}: {error}")


def _refusal(error: BaseException) -> str | None:
    """What has to be changed where trying again changes nothing; None for all other errors."""
    # Errors by a line, and those in scripts, come as no class of their own.
    text = str(error)
    if isinstance(error, AuthenticationError) or text.startswith(("NOAUTH", "WRONGPASS")):
        return "the server refuses the user or the password of its URL, or wants one"
    if isinstance(error, NoPermissionError) or _LACKS_RIGHT.search(text):
        return (
            f"the user of its URL lacks a right on the server: {text.removeprefix('NOPERM ')}; "
            "`relay acl` prints the users that it needs"
        )
    if "Invalid Database" in text or "DB index" in text:
        return "the server has no database of the number in its URL"
    return None


async def check_rights(url: str, setting: str) -> None:
    """See that the server of a URL lets us in, and lets us write; that it is away is no fault here.

    Raises:
        OperatorError: it does not, and will not.
    """
    client, key = connect(url), "relay:rights"
    try:
        async with store_errors(setting):
            await client.xadd(key, {"at": "start"}, maxlen=1)
            await client.publish(key, "start")
            await client.delete(key)
    except StoreRefused as error:
        raise OperatorError(str(error)) from None
    except StoreError as error:
        logger().warning("a store is out of reach", setting=setting, error=str(error))
    finally:
        await client.aclose()


async def stream_end(client: Redis, key: str) -> bytes:
    """The id of a stream's last entry: what a reader of only newer ones begins after."""
    last = await _line(client).call(b"XREVRANGE", key.encode(), b"+", b"-", b"COUNT", b"1")
    return cast("bytes", last[0][0]) if last else b"0"


async def stream_all(client: Redis, key: str) -> list[Entry]:
    """All entries of a stream."""
    return _entries(await _line(client).call(b"XRANGE", key.encode(), b"-", b"+"))


async def server_ms(client: Redis) -> int:
    """The server's own clock, ms since the epoch: what ids of stream entries are made of."""
    seconds, microseconds = await _line(client).call(b"TIME")
    return int(seconds) * 1000 + int(microseconds) // 1000


async def stream_entries(
    client: Redis, key: str, after: bytes, *, count: int, block_ms: int
) -> list[Entry]:
    """Up to `count` entries of a stream after the id `after`; waits `block_ms` for the first."""
    options = (b"COUNT", b"%d" % count, b"BLOCK", b"%d" % block_ms)
    answer = await _line(client).call(b"XREAD", *options, b"STREAMS", key.encode(), after)
    return _entries(answer[0][1]) if answer else []


def make_line(client: Redis) -> Line:
    """A line of the caller's own to where `client` goes; it closes it."""
    return cast("_Pool", client.connection_pool).make_line()


def _line(client: Redis) -> Line:
    return cast("_Pool", client.connection_pool).line


def _entries(found: list[Any]) -> list[Entry]:
    return [(place, dict(zip(flat[::2], flat[1::2], strict=True))) for place, flat in found]
