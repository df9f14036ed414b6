"""Votes on their way to the state: those that come together are stored together.

While a batch is on its way the next one gathers, so that a rush of votes costs the state one disk
write a batch. Back-pressure: at most `MAX_WAITING` wait; more are told to come again. Pages are
told of each broadcast's newest rating only, and voters do not wait for that.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from relay.audience import ratings
from relay.bus import keys
from relay.bus.events import publish
from relay.errors import NotFound, Overloaded, RelayError, StoreError
from relay.log import logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis.asyncio import Redis

    from relay.audience.ratings import Ballot, Rating, Refusal
    from relay.state.models import Broadcast
    from relay.state.registry import Registry

    Check = Callable[[Broadcast], None]
    Outcome = tuple[Rating, Refusal]

MAX_WAITING: Final = 10_000
BATCH: Final = 128
_LANES: Final = 2
"""So many batches are under way at once: one is counted while another is written to disk."""
SERIES_S: Final = 5.0
"""Pages are told that the series has changed no more often than this."""


class Ballots:
    """Takes votes for as long as `run` runs."""

    def __init__(self, state: Redis, bus: Redis, registry: Registry, *, pace: int = 0) -> None:
        self._state, self._bus, self._registry = state, bus, registry
        self._pace = pace
        """Votes that a viewer may cast within a minute; 0: any number."""
        self._waiting: list[tuple[Ballot, Check, asyncio.Future[Outcome]]] = []
        self._came = asyncio.Event()
        self._untold: dict[str, Rating] = {}
        self._series: dict[str, float] = {}
        """When pages were told of a series, by the loop's clock."""
        self._changed: set[str] = set()
        self._tell = asyncio.Event()

    async def cast(self, ballot: Ballot, check: Check) -> Outcome:
        """Have a vote counted and stored; `check` raises if this broadcast does not take it.

        Raises:
            NotFound: there is no such broadcast.
            Overloaded: too many votes wait.
            StoreError: it is not known whether it was stored; sending it again is safe.
        """
        if len(self._waiting) >= MAX_WAITING:
            raise Overloaded("too many votes come at once; try again")
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((ballot, check, future))
        self._came.set()
        return await future

    async def run(self) -> None:
        """Count until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(_LANES):
                tasks.create_task(self._count())
            tasks.create_task(self._tell_pages())

    async def _count(self) -> None:
        while True:
            await self._came.wait()
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            if not self._waiting:
                self._came.clear()
            try:
                await self._store(batch)
            except RelayError as error:
                for _, _, future in batch:
                    if not future.done():
                        future.set_exception(error)
            finally:
                for _, _, future in batch:
                    future.cancel()  # nothing where it is done

    async def _store(self, batch: list[tuple[Ballot, Check, asyncio.Future[Outcome]]]) -> None:
        names = list(dict.fromkeys(ballot.broadcast for ballot, _, _ in batch))
        broadcasts = await self._registry.broadcasts.some(names)
        taken = []
        for ballot, check, future in batch:
            try:
                broadcast = broadcasts.get(ballot.broadcast)
                if broadcast is None:
                    raise NotFound(f"there is no broadcast {ballot.broadcast!r}")
                check(broadcast)
            except RelayError as error:
                if not future.done():
                    future.set_exception(error)
            else:
                taken.append((ballot, future))
        if not taken:
            return
        outcomes = await ratings.cast_ballots(
            self._state, [ballot for ballot, _ in taken], pace=self._pace
        )
        for (ballot, future), outcome in zip(taken, outcomes, strict=True):
            if isinstance(outcome, StoreError):
                if not future.done():
                    future.set_exception(outcome)
                continue
            self._untold[ballot.broadcast] = outcome[0]
            if ballot.at_us is not None:
                self._changed.add(ballot.broadcast)
            if not future.done():
                future.set_result(outcome)
        self._tell.set()

    # --- telling pages -----------------------------------------------------------------------

    async def _tell_pages(self) -> None:
        while True:
            await self._tell.wait()
            self._tell.clear()
            untold, self._untold = self._untold, {}
            for broadcast, rating in untold.items():
                await ratings.tell(self._bus, broadcast, rating)
            await self._tell_series()

    async def _tell_series(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for broadcast in sorted(self._changed):
            due = self._series.get(broadcast, now - SERIES_S) + SERIES_S
            if due > now:
                loop.call_at(due, self._tell.set)
                continue
            self._changed.discard(broadcast)
            self._series[broadcast] = now
            event = {"type": "rating_series"}
            try:
                await publish(self._bus, keys.broadcast_events(broadcast), event)
            except StoreError as error:
                logger().warning("a series could not be told", error=str(error))
        for broadcast, told in list(self._series.items()):
            if now - told > SERIES_S and broadcast not in self._changed:
                del self._series[broadcast]
