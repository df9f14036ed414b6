"""Writes units to one stream of the bus.

Back-pressure: `put` never waits. Units queue in this process while Redis is slow or away; when the
queue is full it is emptied and video goes on with the next keyframe, counted in `dropped`.
The stream in Redis keeps the units since the last keyframe but one, bounded in number and bytes, so
that it is the late joiner's start and what a restarted process resumes from.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from relay.bus import wire
from relay.bus.client import make_line, store_errors
from relay.errors import StoreError
from relay.log import logger
from relay.media.codecs import Kind

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from relay.media.unit import Unit

_BATCH: Final = 64
_RETRY_S: Final = 0.1
_EXPIRE_MS: Final = 30_000


class Retention:
    """How many units a stream has to keep: back to the last keyframe but one, within bounds.

    Streams without keyframes (sound alone) keep `FLOOR` units.
    """

    FLOOR: Final = 64
    MAX_UNITS: Final = 4096
    MAX_BYTES: Final = 32 << 20

    def __init__(self) -> None:
        self._sizes: deque[int] = deque()
        self._bytes = 0
        self._has_gops = False
        self._current_gop = 0
        self._previous_gop = 0

    def add(self, unit: Unit) -> int:
        """Count `unit` and return the number of units to keep, this one included."""
        if unit.opens_gop:
            self._has_gops = True
            self._previous_gop, self._current_gop = self._current_gop, 0
        self._current_gop += self._has_gops
        keep = max(self._previous_gop + self._current_gop, self.FLOOR)
        keep = min(keep, self.MAX_UNITS)
        self._sizes.append(len(unit.payload))
        self._bytes += len(unit.payload)
        while len(self._sizes) > keep:
            self._bytes -= self._sizes.popleft()
        while self._bytes > self.MAX_BYTES and len(self._sizes) > 1:
            self._bytes -= self._sizes.popleft()
            keep = len(self._sizes)
        return keep


class StreamWriter:
    """The one writer of one stream."""

    MAX_UNITS: Final = 512
    """Units that wait for Redis at the most: 10 s of sound, or 6 s of sound and picture."""
    MAX_BYTES: Final = 16 << 20
    """Bytes that wait for Redis at the most."""

    def __init__(self, client: Redis, key: str) -> None:
        self._client = client
        self._line = make_line(client)
        self._key = key
        self._queue: deque[tuple[int, bytes]] = deque()
        self._queued_bytes = 0
        self._sequence = secrets.randbits(32)
        self._retention = Retention()
        self._wants_keyframe = False
        self._deletes = False
        self._clearings = 0
        self._filled = asyncio.Event()
        self._sent = asyncio.Event()
        self._sent.set()
        self.dropped = 0
        """Units that were given up because Redis did not take them in time."""

    def put(self, unit: Unit) -> None:
        """Queue `unit`; see the module for what is dropped."""
        self._sequence = (self._sequence + 1) % wire.SEQUENCE_MODULUS
        if len(self._queue) >= self.MAX_UNITS or self._queued_bytes >= self.MAX_BYTES:
            self.dropped += len(self._queue)
            self._queue.clear()
            self._queued_bytes = 0
            self._wants_keyframe = True
        if unit.kind is Kind.VIDEO:
            if self._wants_keyframe and not unit.keyframe:
                self.dropped += 1
                return
            self._wants_keyframe = False
        data = wire.encode(unit, self._sequence)
        self._queue.append((self._retention.add(unit), data))
        self._queued_bytes += len(data)
        self._sent.clear()
        self._filled.set()

    def clear(self) -> None:
        """Drop what is queued and delete the stream, for a pause: video goes on with a keyframe."""
        self._queue.clear()
        self._queued_bytes = 0
        self._retention = Retention()
        self._wants_keyframe = True
        self._deletes = True
        self._clearings += 1
        self._filled.set()

    async def run(self) -> None:
        """Send what is queued until cancelled, through outages of Redis."""
        try:
            await self._run()
        finally:
            self._line.close()

    async def _run(self) -> None:
        while True:
            await self._filled.wait()
            self._filled.clear()
            while self._queue or self._deletes:
                if self._deletes:
                    await self._delete()
                    continue
                clearings = self._clearings
                batch = [self._queue.popleft() for _ in range(min(len(self._queue), _BATCH))]
                self._queued_bytes -= sum(len(data) for _, data in batch)
                try:
                    await self._send(batch)
                except StoreError as error:
                    if clearings != self._clearings:
                        continue
                    # Part of the batch may have arrived; readers skip what they have seen.
                    self._queue.extendleft(reversed(batch))
                    self._queued_bytes += sum(len(data) for _, data in batch)
                    logger().warning("bus write failed", stream=self._key, error=str(error))
                    await self._outage()
            self._sent.set()

    async def flush(self, within_s: float) -> None:
        """Wait until what is queued has been sent, while `run` runs; give up after `within_s`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._sent.wait()

    async def _delete(self) -> None:
        try:
            async with store_errors("deleting a stream"):
                await self._client.delete(self._key)
        except StoreError as error:
            logger().warning("bus write failed", stream=self._key, error=str(error))
            await self._outage()
        else:
            self._deletes = False

    async def _send(self, batch: list[tuple[int, bytes]]) -> None:
        async with store_errors("writing units"):
            key = self._key.encode()
            await self._line.calls(
                [
                    *(
                        (b"XADD", key, b"MAXLEN", b"~", b"%d" % keep, b"*", wire.FIELD, data)
                        for keep, data in batch
                    ),
                    (b"PEXPIRE", key, b"%d" % _EXPIRE_MS),
                ]
            )

    async def _outage(self) -> None:
        while True:
            await asyncio.sleep(_RETRY_S)
            try:
                async with store_errors("writing units"):
                    await self._client.ping()
            except StoreError:
                continue
            return
