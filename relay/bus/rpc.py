"""Calls from one process to another over the bus: JSON in, JSON out, with a time limit.

The caller appends to the callee's stream and waits on a list of its own. Back-pressure: the stream
holds `_BACKLOG` calls; older ones are dropped, and their callers time out. A callee that starts
takes only calls that are made from then on. Answers that are ready while others are on their way go
together, the next time; a callee with `_BACKLOG` of calls and answers at hand takes no more.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final, cast

from redis.exceptions import RedisError

from relay.bus import keys
from relay.bus.client import store_error, store_errors, stream_end, stream_entries
from relay.errors import RelayError, RequestError, StoreError
from relay.ids import new_id
from relay.log import logger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping

    from redis.asyncio import Redis

Body = dict[str, Any]

_BACKLOG: Final = 1024
_CALLS_TTL_MS: Final = 60_000
_REPLY_TTL_MS: Final = 10_000
_BLOCK_MS: Final = 5_000
_RETRY_S: Final = 0.1
_GRACE_S: Final = 2.0


class CallTimeout(RelayError):
    """The callee has not answered in time: it is gone, or drowning."""


class Refused(RelayError):
    """The callee answered with an error; `kind` is the error class's name."""

    def __init__(self, kind: str, detail: str, retry_after: float | None) -> None:
        super().__init__(detail)
        self.kind = kind
        self.retry_after = retry_after


async def call(bus: Redis, process: str, method: str, body: Body, *, timeout_s: float) -> Body:
    """Call `method` of `process` and return what it answers.

    Raises:
        CallTimeout: no answer in `timeout_s`.
        Refused: the callee raised a `RequestError`.
        StoreError: the bus is out of reach.
    """
    call_id = new_id()
    request = json.dumps({"id": call_id, "method": method, "body": body})
    async with store_errors(f"calling {process}", timeout_s=timeout_s + _GRACE_S):
        pipe = bus.pipeline(transaction=False)
        pipe.xadd(keys.calls(process), {b"c": request}, maxlen=_BACKLOG, approximate=True)
        pipe.pexpire(keys.calls(process), _CALLS_TTL_MS)
        pipe.blpop([keys.reply(call_id)], timeout=timeout_s)
        _, _, answer = await pipe.execute()
    if answer is None:
        raise CallTimeout(f"{process} has not answered {method} within {timeout_s} s")
    reply = cast("Body", json.loads(answer[1]))
    if "error" in reply:
        error = reply["error"]
        raise Refused(error["kind"], error["detail"], error["retry_after"])
    return cast("Body", reply["body"])


class Callee:
    """Answers the calls to one process; needs a blocking client for reading."""

    def __init__(
        self,
        bus: Redis,
        blocking: Redis,
        process: str,
        methods: Mapping[str, Callable[[Body], Awaitable[Body]]],
    ) -> None:
        self._bus = bus
        self._blocking = blocking
        self._key = keys.calls(process)
        self._methods = methods
        self._tasks: set[asyncio.Task[None]] = set()
        self._answers: list[tuple[str, str]] = []
        """Keys and replies that are ready."""
        self._sending = False

    async def run(self) -> None:
        """Answer until cancelled, through outages of Redis."""
        try:
            await self._listen()
        finally:
            for task in self._tasks:
                task.cancel()

    async def _listen(self) -> None:
        position: bytes | None = None
        while True:
            try:
                if position is None:
                    position = await stream_end(self._blocking, self._key)
                entries = await stream_entries(
                    self._blocking, self._key, position, count=_BACKLOG, block_ms=_BLOCK_MS
                )
            except (RedisError, OSError) as error:
                told = str(store_error("reading calls", error))
                logger().warning("calls cannot be read", error=told)
                await asyncio.sleep(_RETRY_S)
                continue
            for entry_id, fields in entries:
                position = entry_id
                if len(self._tasks) + len(self._answers) >= _BACKLOG:
                    continue  # their callers time out, which sends them elsewhere
                self._begin(self._answer(fields))

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, fields: dict[bytes, bytes]) -> None:
        try:
            request = json.loads(fields[b"c"])
            method, body, key = request["method"], request["body"], keys.reply(request["id"])
        except (ValueError, LookupError, TypeError) as error:
            logger().warning("a call cannot be read", error=repr(error))
            return
        reply = json.dumps(await self._reply(method, body))
        self._answers.append((key, reply))
        if not self._sending:
            self._sending = True
            self._begin(self._send())

    async def _send(self) -> None:
        try:
            while self._answers:
                ready, self._answers = self._answers, []
                await self._send_some(ready)
        finally:
            self._sending = False

    async def _send_some(self, ready: list[tuple[str, str]]) -> None:
        try:
            async with store_errors("replying"):
                pipe = self._bus.pipeline(transaction=False)
                for key, reply in ready:
                    pipe.rpush(key, reply)
                    pipe.pexpire(key, _REPLY_TTL_MS)
                await pipe.execute()
        except StoreError as error:
            logger().warning("replies to calls are lost", replies=len(ready), error=str(error))

    async def _reply(self, method: str, body: Body) -> Body:
        try:
            return {"body": await self._methods[method](body)}
        except RequestError as error:
            kind, detail, retry_after = type(error).__name__, str(error), error.retry_after
        except Exception:  # noqa: BLE001 - a fault of one call must not end the others
            logger().exception("call failed", method=method, stranger="")
            kind, detail, retry_after = "RequestError", "internal error", None
        return {"error": {"kind": kind, "detail": detail, "retry_after": retry_after}}
