"""Whether an edge takes another session: by measured headroom, before viewers notice. Pure.

An edge is full when one of its two threads (the loop's, and the core's where that has its own) uses
more than its share of a CPU, or would if others did not keep it waiting, or both together more than
that share of the CPUs that it has; when its own clock ticks late because the machine has nothing
left for it; when the socket does not take what it is given; or when, with more than a few viewers,
the core sends most frames late, or drops some, because it is behind. Sessions that are not
connected yet count with what a connected one costs, so that a rush of joins does not overshoot.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

FULL_LOAD: Final = 0.85
"""Share of a CPU from which there is no room."""
REOPEN: Final = 0.9
"""There is room again below this part of the limit."""
MAX_LATE_S: Final = 0.1
"""A clock that ticks this late on average is starved."""
MAX_FAILURES: Final = 0.005
"""Share of packets that the socket may refuse."""
MAX_LATE: Final = 0.5
"""Share of frames that the core may send so late that the next ones wait: after a large keyframe
some always do.
"""
MANY_FRAMES: Final = 10
"""Of fewer frames, in the time of a measurement, none says anything."""
BEHIND_S: Final = 5.0
"""An edge that was late with most frames, or has dropped some, is full for this long."""
FEW: Final = 10
"""With fewer viewers than this it is behind because of others on the machine: turning one more away
would not help, and whoever is turned away sees nothing where most could be seen.
"""
RUSH: Final = 128
"""Sessions that are connecting and are counted, at the most: how many there may be is shared out by
network elsewhere, and those of strangers who never connect are not to keep others out.
"""
COST: Final = 0.001
"""What a viewer is taken to cost, as a share of a CPU, until there are enough to measure."""
ENOUGH: Final = 50
"""Viewers from which on their cost is measured."""
BUSY: Final = 0.5
"""A thread that runs for more than this share of the time lacks what it waits for; one that runs
less has the time to wait for its turn.
"""
SMOOTH: Final = 0.5
"""Weight of the newest measurement."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What an edge has used so far; all but `late_s` count up from its start."""

    loop_cpu_s: float
    """CPU time of the loop's thread."""
    process_cpu_s: float
    """CPU time of all threads."""
    loop_wait_s: float
    """What the loop's thread has waited for a CPU that others used."""
    core_wait_s: float
    """The same for all other threads."""
    packets: int
    """Packets given to the socket."""
    failures: int
    """Of those, the ones for which it had no room. One address that cannot be sent to says nothing
    of the edge."""
    served: int
    """Frames of pictures that the core has sent."""
    late: int
    """Those of them that kept the next ones waiting."""
    dropped: int
    """Frames that the core has dropped because it was behind."""
    late_s: float
    """How late the clock has ticked on average since the last measurement."""


class Headroom:
    """See the module. Times are seconds of any monotonic clock."""

    def __init__(self, limit: float = FULL_LOAD, cpus: float = math.inf) -> None:
        """`limit` is the share from which the edge is full, `cpus` how many CPUs it has: where it
        has less than two, its threads may have to share one.
        """
        self._limit = limit
        self._cpus = cpus
        self._last: tuple[float, Usage] | None = None
        self._late_s = 0.0
        self._behind_at = -math.inf
        self.load = 0.0
        """Share of a CPU that the busier thread uses or lacks, or of its CPUs that all use: the
        larger.
        """
        self.full = False
        """Whether there is no room."""

    def measure(self, now: float, usage: Usage, connected: int) -> None:
        """Take note of what has been used, with so many viewers; call it once or twice a second."""
        last, self._last = self._last, (now, usage)
        if last is None or now <= last[0]:
            return
        then, before = last
        elapsed = now - then
        loop = (usage.loop_cpu_s - before.loop_cpu_s) / elapsed
        both = (usage.process_cpu_s - before.process_cpu_s) / elapsed
        load = max(
            _demand(loop, (usage.loop_wait_s - before.loop_wait_s) / elapsed),
            _demand(both - loop, (usage.core_wait_s - before.core_wait_s) / elapsed),
            both / self._cpus,
        )
        self.load += SMOOTH * (load - self.load)
        self._late_s += SMOOTH * (usage.late_s - self._late_s)
        packets = usage.packets - before.packets
        failures = usage.failures - before.failures
        if connected >= FEW and (usage.dropped > before.dropped or _is_late(before, usage)):
            self._behind_at = now
        behind = now - self._behind_at < BEHIND_S
        refused = failures > MAX_FAILURES * max(packets, 1) and failures > 1
        limit = self._limit * REOPEN if self.full else self._limit
        self.full = refused or behind or self._late_s > MAX_LATE_S or self.load >= limit

    def admits(self, connected: int, pending: int) -> bool:
        """Whether one more session may come, besides those connected and those that are
        connecting.
        """
        if self.full:
            return False
        rush = min(pending, RUSH) + 1
        return self.load + rush * viewer_cost(self.load, connected) < self._limit


def _is_late(before: Usage, usage: Usage) -> bool:
    """Whether the core sent most frames late since it was looked at before."""
    served = usage.served - before.served
    return served >= MANY_FRAMES and usage.late - before.late > MAX_LATE * served


def _demand(runs: float, waits: float) -> float:
    """The share of a CPU that a thread would use if nobody else did."""
    return runs + max(waits, 0.0) if runs > BUSY else max(runs, 0.0)


def viewer_cost(load: float, connected: int) -> float:
    """What one more viewer costs an edge of this load, as a share of a CPU."""
    return load / connected if connected >= ENOUGH else min(COST, load / max(connected, 1))
