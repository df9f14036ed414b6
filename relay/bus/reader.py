"""Reads one stream of the bus, once per process.

Back-pressure: nothing queues here; Redis holds the stream. A reader that falls behind, or whose
place in the stream was trimmed away, goes on with the next keyframe and counts what it missed.
"""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import TYPE_CHECKING, Final

from redis.exceptions import RedisError

from relay.bus import wire
from relay.bus.client import Entry, server_ms, store_error, stream_all, stream_end, stream_entries
from relay.errors import ProtocolError
from relay.log import logger
from relay.media.access_unit import recovery_pictures
from relay.media.codecs import Kind

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from relay.media.unit import Unit

_BLOCK_MS: Final = 5_000
_COUNT: Final = 64
_RETRY_S: Final = 0.1
STALE_S: Final = 3.0
"""A stream whose last unit came longer ago has stopped; one whose units come seldom has not before
it has missed two of them."""


class Start(Enum):
    """Where a reader begins."""

    KEYFRAME = 1
    """At the stream's last keyframe; where there is none yet, at the next."""
    LIVE_KEYFRAME = 3
    """The same, but with what is written from now on where the stream has stopped (`STALE_S`)."""
    LIVE = 2
    """With what is written from now on."""


class Continuity:
    """Decides which units a decoder may see: none twice, and after a gap none before a keyframe."""

    def __init__(self, *, wants_keyframe: bool) -> None:
        self._last: int | None = None
        self._wants_keyframe = wants_keyframe
        self.missed = 0
        """Units that were lost or passed over."""
        self.passed_over = 0
        """Pictures that have come in vain since a keyframe is waited for."""

    def accept(self, sequence: int, unit: Unit) -> bool:
        """Whether `unit`, which the writer numbered `sequence`, goes on to the consumer."""
        if self._last is not None:
            step = (sequence - self._last) % wire.SEQUENCE_MODULUS
            if step == 0 or step > wire.SEQUENCE_MODULUS - StreamReader.REPEATS:
                return False
            if step != 1:
                self._wants_keyframe = True
                # A large step is another writer, of which nothing was missed.
                self.missed += step - 1 if step < StreamReader.REPEATS else 0
        self._last = sequence
        if unit.kind is Kind.VIDEO and self._wants_keyframe:
            if not unit.keyframe:
                self.missed += 1
                self.passed_over += 1
                return False
            self._wants_keyframe = False
            self.passed_over = 0
        return True

    def skip(self, count: int) -> None:
        """Note that the consumer passes over `count` accepted units, up to a keyframe."""
        self.missed += count


class StreamReader:
    """A blocking reader of one stream; it needs a client of its own (`connect_blocking`)."""

    REPEATS: Final = 4096
    """Steps back of the sequence up to this are repeats; further ones are another writer."""

    def __init__(self, client: Redis, key: str, start: Start) -> None:
        self._client = client
        self._key = key
        self._start = start
        self._position: bytes | None = None
        self._continuity = Continuity(wants_keyframe=start is not Start.LIVE)

    @property
    def missed(self) -> int:
        """Units that were lost or passed over."""
        return self._continuity.missed

    @property
    def passed_over(self) -> int:
        """Pictures that have come in vain since this reader waits for a keyframe."""
        return self._continuity.passed_over

    async def read(self, at_most: int = _COUNT) -> list[Unit]:
        """The next units, at least one; waits for them, through outages of Redis.

        The first call of a reader that starts at the keyframe returns all since that keyframe. A
        reader that takes its time between calls gives the number of units that may have come.
        """
        while True:
            try:
                entries = await self._entries(at_most)
            except (RedisError, OSError) as error:
                told = str(store_error("reading units", error))
                logger().warning("bus read failed", stream=self._key, error=told)
                await self._outage()
                continue
            units = self._accepted(entries)
            if len(entries) == at_most:  # more is waiting: this process has fallen behind
                units = self._caught_up(units)
            if units:
                return units

    async def _entries(self, at_most: int) -> list[Entry]:
        if self._position is None:
            if self._start is Start.LIVE:
                self._position = await stream_end(self._client, self._key)
            else:
                entries = await stream_all(self._client, self._key)
                self._position = entries[-1][0] if entries else b"0"
                if self._start is Start.LIVE_KEYFRAME and await self._has_stopped(entries):
                    return []
                return _since_last_keyframe(entries)
        entries = await stream_entries(
            self._client, self._key, self._position, count=at_most, block_ms=_BLOCK_MS
        )
        if entries:
            self._position = entries[-1][0]
        else:
            await self._check_place()
        return entries

    async def _has_stopped(self, entries: list[Entry]) -> bool:
        """Whether pictures no longer come, by the one clock that is there: the server's."""
        came_ms = [_number(entry_id)[0] for entry_id in _last_pictures(entries, 2)]
        if not came_ms:
            return False
        interval_s = (came_ms[0] - came_ms[-1]) / 1000
        age_s = (await server_ms(self._client) - came_ms[0]) / 1000
        return has_stopped(age_s, interval_s)

    def _accepted(self, entries: list[Entry]) -> list[Unit]:
        units = []
        for _, fields in entries:
            try:
                sequence, unit = wire.decode(fields[wire.FIELD])
            except (ProtocolError, KeyError) as error:
                logger().warning("bus entry ignored", stream=self._key, error=str(error))
                continue
            if self._continuity.accept(sequence, unit):
                units.append(unit)
        return units

    def _caught_up(self, units: list[Unit]) -> list[Unit]:
        """The units since the last keyframe among them; all, if there is none."""
        for index in range(len(units) - 1, 0, -1):
            if units[index].opens_gop:
                self._continuity.skip(index)
                return units[index:]
        return units

    async def _outage(self) -> None:
        while True:
            await asyncio.sleep(_RETRY_S)
            try:
                await self._check_place()
            except (RedisError, OSError):
                continue
            return

    async def _check_place(self) -> None:
        """Begin from the front if the stream ends before this reader's place: it began anew, in a
        Redis that came back empty or after it had expired, under a clock that had been set back.
        """
        end = await stream_end(self._client, self._key)
        if self._position is not None and _number(end) < _number(self._position):
            self._position = b"0"


def has_stopped(age_s: float, interval_s: float) -> bool:
    """Whether a stream has stopped whose last unit came `age_s` ago, `interval_s` after the one
    before.
    """
    return age_s > max(STALE_S, 2 * interval_s)


def _last_pictures(entries: list[Entry], count: int) -> list[bytes]:
    """The ids of the last `count` pictures, the latest first."""
    found: list[bytes] = []
    for entry_id, fields in reversed(entries):
        try:
            _, unit = wire.decode(fields[wire.FIELD])
        except (ProtocolError, KeyError):
            continue
        if unit.kind is Kind.VIDEO:
            found.append(entry_id)
            if len(found) == count:
                break
    return found


def _number(entry_id: bytes) -> tuple[int, int]:
    time, _, count = entry_id.partition(b"-")
    return int(time), int(count or 0)


def _since_last_keyframe(entries: list[Entry]) -> list[Entry]:
    """The entries since the last keyframe from which pictures are right by now, or since the first
    that there is; all of them, without any.
    """
    begin, pictures = 0, 0
    for index in range(len(entries) - 1, -1, -1):
        try:
            _, unit = wire.decode(entries[index][1][wire.FIELD])
        except (ProtocolError, KeyError):
            continue
        if unit.opens_gop:
            begin = index
            if recovery_pictures(unit.payload) <= pictures:
                break
        pictures += unit.kind is Kind.VIDEO
    return entries[begin:]
