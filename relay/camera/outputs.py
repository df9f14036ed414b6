"""The streams that a worker writes, each opened when it is first needed.

Back-pressure: the writers' own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from relay.bus import keys, wire
from relay.bus.client import store_errors
from relay.bus.writer import StreamWriter
from relay.errors import ProtocolError, StoreError
from relay.log import logger

if TYPE_CHECKING:
    import asyncio

    from redis.asyncio import Redis

    from relay.bus.client import Entry


@dataclass(frozen=True, slots=True)
class Output:
    """A stream that is written."""

    writer: StreamWriter
    """Who writes it."""
    until: int
    """The pts that a worker before this one got to; 0 if there was none."""


class Outputs:
    """See the module."""

    def __init__(self, bus: Redis, camera: str, tasks: asyncio.TaskGroup) -> None:
        """`tasks` is where the writers run."""
        self._bus = bus
        self._camera = camera
        self._tasks = tasks
        self._open: dict[str, Output] = {}

    async def open(self, name: str) -> Output:
        """The stream of a rendition."""
        output = self._open.get(name)
        if output is None:
            key = keys.rendition_units(self._camera, name)
            output = Output(StreamWriter(self._bus, key), await self._written_until(key))
            self._open[name] = output
            self._tasks.create_task(output.writer.run())
        return output

    async def _written_until(self, key: str) -> int:
        try:
            async with store_errors("reading a rendition"):
                last = cast("list[Entry]", await self._bus.xrevrange(key, count=1))
        except StoreError as error:
            logger().warning("it is not known how far a rendition was written", error=str(error))
            return 0
        if not last:
            return 0
        try:
            return wire.decode(last[0][1][wire.FIELD])[1].pts
        except (ProtocolError, KeyError):  # of another version: as good as none
            return 0
