"""One direction of a bad path: tail-drop bottleneck, losses in bursts, delay. No socket, no clock.

A datagram waits its turn at the bottleneck, may be lost behind it, and is delayed on its way. The
same seed and the same calls give the same fate. Times are seconds of any monotonic clock.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from dataclasses import dataclass, field
from itertools import count
from typing import Final

HEADERS: Final = 28
"""Bytes of IP and UDP in front of each datagram, which take their time on a link too."""


@dataclass(frozen=True, slots=True)
class Losses:
    """Gilbert and Elliott's two states, each with its share of lost datagrams."""

    enter: float = 0.0
    """Chance of going from the good state to the bad one with a datagram."""
    leave: float = 1.0
    """Chance of going back."""
    good: float = 0.0
    """Share that the good state loses."""
    bad: float = 1.0
    """Share that the bad state loses."""
    lasts_s: float = math.inf
    """About how long the bad state lasts at most, however few datagrams come. It is as frequent as
    without.
    """

    @classmethod
    def bursts(cls, share: float, length: float = 1.0, lasts_s: float = math.inf) -> Losses:
        """On average this share of all datagrams, in bursts of this mean length where many come,
        and of about this time at most where few do.
        """
        if not 0 <= share < 1 or length < 1 or lasts_s <= 0:
            raise ValueError(f"no losses of {share} in bursts of {length} and {lasts_s} s")
        enter = min(share / (1 - share) / length, 1.0)
        return cls(enter=enter, leave=1 / length, lasts_s=lasts_s)

    @property
    def share(self) -> float:
        """Share of all datagrams that are lost in the long run."""
        bad = self.enter / (self.enter + self.leave) if self.enter else 0.0
        return bad * self.bad + (1 - bad) * self.good


@dataclass(frozen=True, slots=True)
class Impairment:
    """What happens to datagrams of one direction."""

    losses: Losses = field(default=Losses())
    """Which are lost."""
    delay_s: float = 0.0
    """How long each takes."""
    jitter_s: float = 0.0
    """By how much it may take longer, evenly spread; they stay in order."""
    reordered: float = 0.0
    """Share that is held back, so that others overtake it."""
    held_s: float = 0.01
    """For how long it is."""
    duplicated: float = 0.0
    """Share that arrives twice."""
    rate_bps: float | None = None
    """What the bottleneck takes, bits a second; None: as much as comes."""
    queue_bytes: int = 64_000
    """How much may wait there; what comes on top of it is dropped."""
    outage: bool = False
    """Whether nothing gets through; what waits is lost."""


CLEAR: Final = Impairment()
"""A path that does nothing."""


class Link:
    """See the module. Bounded by the bottleneck's queue and the delay."""

    def __init__(self, seed: object, impairment: Impairment = CLEAR) -> None:
        self._random = random.Random(repr(seed))
        self._impairment = impairment
        self._queue: deque[tuple[float, bytes]] = deque()
        """What waits at the bottleneck, with the time it came."""
        self._waiting_bits = 0
        self._free_at = -math.inf
        """When the bottleneck is, or was, done with what went before the queue."""
        self._on_its_way: list[tuple[float, int, bytes]] = []
        self._last_arrival = -math.inf
        self._order = count()
        self._bad = False
        self._judged_at = 0.0
        """When the last datagram met its fate."""
        self.counts = {"taken": 0, "lost": 0, "dropped": 0, "held": 0, "doubled": 0}
        """Datagrams: all of them, lost on the way, that found the queue full, and so on."""

    def change(self, impairment: Impairment, now: float) -> None:
        """Be like this from now on; what waits at the bottleneck goes on at the new rate."""
        self._serve(now)
        self._impairment = impairment
        if impairment.outage:
            self.counts["lost"] += len(self._queue) + len(self._on_its_way)
            self._queue.clear()
            self._waiting_bits = 0
            self._on_its_way.clear()

    def put(self, datagram: bytes, now: float) -> None:
        """A datagram comes."""
        self._serve(now)
        self.counts["taken"] += 1
        how = self._impairment
        if how.outage:
            self.counts["lost"] += 1
            return
        bits = _bits(datagram)
        room = math.inf if how.rate_bps is None else 8 * how.queue_bytes
        if self._queue and self._waiting_bits + bits > room:
            self.counts["dropped"] += 1
            return
        self._waiting_bits += bits
        self._queue.append((now, datagram))
        self._serve(now)

    def take(self, now: float) -> list[bytes]:
        """What has arrived, in order."""
        self._serve(now)
        found = []
        while self._on_its_way and self._on_its_way[0][0] <= now:
            found.append(heapq.heappop(self._on_its_way)[2])
        return found

    def due(self) -> float | None:
        """When the next one arrives or leaves the bottleneck; None: nothing is under way."""
        times = [self._on_its_way[0][0]] if self._on_its_way else []
        if self._queue:
            times.append(self._leaves_at())
        return min(times, default=None)

    # --- the bottleneck --------------------------------------------------------------------

    def _leaves_at(self) -> float:
        came, datagram = self._queue[0]
        rate_bps = self._impairment.rate_bps
        takes_s = 0.0 if rate_bps is None else _bits(datagram) / rate_bps
        return max(self._free_at, came) + takes_s

    def _serve(self, now: float) -> None:
        while self._queue and (at := self._leaves_at()) <= now:
            self._free_at = at
            _, datagram = self._queue.popleft()
            self._waiting_bits -= _bits(datagram)
            self._send(datagram, at)

    # --- behind it -------------------------------------------------------------------------

    def _send(self, datagram: bytes, at: float) -> None:
        how, chance = self._impairment, self._random.random
        if self._is_lost(how.losses, at):
            self.counts["lost"] += 1
            return
        arrival = max(at + how.delay_s + chance() * how.jitter_s, self._last_arrival)
        if chance() < how.reordered:
            self.counts["held"] += 1
            heapq.heappush(self._on_its_way, (arrival + how.held_s, next(self._order), datagram))
        else:
            self._last_arrival = arrival
            heapq.heappush(self._on_its_way, (arrival, next(self._order), datagram))
        if chance() < how.duplicated:
            self.counts["doubled"] += 1
            heapq.heappush(self._on_its_way, (arrival, next(self._order), datagram))

    def _is_lost(self, losses: Losses, at: float) -> bool:
        elapsed_s, self._judged_at = max(at - self._judged_at, 0.0), at
        stays = (1 - losses.leave) * math.exp(-elapsed_s / losses.lasts_s)
        # Going over is by so much rarer than staying that the bad state's share remains.
        enters = losses.enter / losses.leave * (1 - stays)
        self._bad = self._random.random() < (stays if self._bad else enters)
        return self._random.random() < (losses.bad if self._bad else losses.good)


def _bits(datagram: bytes) -> int:
    return 8 * (len(datagram) + HEADERS)
