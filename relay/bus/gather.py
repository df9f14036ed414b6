"""Readings that are asked for at about the same time go to the server together.

While some are on their way, others wait for the next round trip, and the same reading is sent once
however many ask for it: a crowd costs hardly more than one. Nobody gets what was read before it
asked. Back-pressure: each caller waits for its answer; when a round trip fails, those that wait for
the next one fail as well, so that nobody waits longer than a command may take.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from relay.bus.client import store_error, store_errors
from relay.errors import StoreError

if TYPE_CHECKING:
    from redis.asyncio import Redis

    Waiting = dict[tuple[str, ...], list[asyncio.Future[object]]]


class Readings:
    """See the module."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._next: Waiting = {}
        self._task: asyncio.Task[None] | None = None

    async def ask(self, what: str, *command: str) -> Any:
        """The answer to a command, which changes nothing; `what` is being done with it.

        Raises:
            StoreError: the server is out of reach, or refuses the command.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[object] = loop.create_future()
        self._next.setdefault(command, []).append(future)
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._read())
        answer = await future
        if isinstance(answer, BaseException):
            raise store_error(what, answer) from answer
        return answer

    async def _read(self) -> None:
        now: Waiting = {}
        try:
            while self._next:
                now, self._next = self._next, {}
                async with store_errors("reading"):
                    pipe = self._client.pipeline(transaction=False)
                    for command in now:
                        pipe.execute_command(*command)
                    answers = await pipe.execute(raise_on_error=False)
                for waiting, answer in zip(now.values(), answers, strict=True):
                    _settle(waiting, answer)
        except StoreError as error:
            self._fail(now, error.__cause__ or error)
        except BaseException:
            self._fail(now, ConnectionError("it was broken off"))
            raise

    def _fail(self, now: Waiting, error: BaseException) -> None:
        later, self._next = self._next, {}
        for waiting in (*now.values(), *later.values()):
            _settle(waiting, error)


def _settle(waiting: list[asyncio.Future[object]], answer: object) -> None:
    for future in waiting:
        if not future.done():  # its caller may have been cancelled
            future.set_result(answer)
