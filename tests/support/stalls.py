"""How much CPU the machine had to give while something was timed, or waited for.

A test asserts what is right, not how fast this CPU is. A `Deadline` does not count the time in
which somebody waited for a CPU; `tries` measures a promise in seconds again where the machine may
be to blame for a bad figure, and in the end allows what a machine as slow and as busy takes.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

TRIES: Final = 3
STALL_S: Final = 0.05
"""A thread that wants to run every few milliseconds and cannot for so long has met a stall."""
PRESSURE: Final = 0.15
"""Share of the time in which somebody waited for a CPU, from which smoothness is the machine's
matter: with one busy core beside it (0.2 to 0.3), every third measurement of losses has a freeze.
"""
STRETCH: Final = 4.0
"""A time limit becomes so many times longer at the most."""
PATIENCE_S: Final = 30.0
"""Within this on a quiet machine has happened what happens by itself."""
HANG_S: Final = 90.0
"""A plain limit, where nothing is polled: even on a busy machine, whoever comes to it hangs."""
_SHORTEST_S: Final = 10.0
"""Nobody is asked to be faster who is only waited for."""
_PRESSURE: Final = Path("/proc/pressure/cpu")
_UNKNOWN: Final = 0.5
"""The pressure where the kernel does not tell it."""
_SPIN_S: Final = 0.004
"""How long `_spin` takes on one core of the machine on which the limits were set."""


def waited_s() -> float:
    """For how long somebody has waited for a CPU since the start of the machine, or of what the
    kernel counts; half of all the time where it counts nothing.
    """
    with suppress(OSError, ValueError, IndexError):
        return int(_PRESSURE.read_text().splitlines()[0].rpartition("=")[2]) / 1e6
    return time.monotonic() * _UNKNOWN


def _spin() -> float:
    began, found = time.thread_time(), 0
    for number in range(50_000):
        found = (found * 31 + number) & 0xFFFFFFFF
    return time.thread_time() - began


@cache
def slowness() -> float:
    """How many times longer this CPU takes than the one for which the limits were set: 1 to 4."""
    return min(max(min(_spin() for _ in range(20)) / _SPIN_S, 1.0), STRETCH)


class Deadline:
    """The end of somebody's patience: so many seconds in which the CPUs were enough for all.

    It comes after `STRETCH` times as long at the latest.
    """

    def __init__(self, within_s: float = PATIENCE_S) -> None:
        self._within_s = max(within_s, _SHORTEST_S) * slowness()
        self._began, self._waited = time.monotonic(), waited_s()

    @property
    def passed(self) -> bool:
        """Whether it has come."""
        elapsed = time.monotonic() - self._began
        if elapsed <= self._within_s:
            return False
        free = elapsed - (waited_s() - self._waited)
        return max(free, elapsed / STRETCH) > self._within_s

    def __str__(self) -> str:
        elapsed = time.monotonic() - self._began
        return f"{elapsed:.1f} s (CPU pressure {(waited_s() - self._waited) / elapsed:.0%})"


class Stalls:
    """Watches the machine, as a context."""

    def __enter__(self) -> Self:
        self.longest_s = 0.0
        """The longest time for which a thread that wanted to run could not."""
        self._began, self._waited = time.monotonic(), waited_s()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self.elapsed_s = time.monotonic() - self._began
        self.pressure = (waited_s() - self._waited) / self.elapsed_s
        """Share of the time in which somebody waited for a CPU."""

    def _watch(self) -> None:
        last = time.monotonic()
        while not self._stop.wait(0.005):
            now = time.monotonic()
            self.longest_s, last = max(self.longest_s, now - last), now

    @property
    def excuse(self) -> bool:
        """Whether what was measured may be the machine's fault."""
        return self.longest_s >= STALL_S or self.pressure >= PRESSURE or slowness() > 1.2


class Attempt(Stalls):
    """One measurement, as a context that is timed, unless `found` is set in it."""

    found: float | None = None

    @property
    def value(self) -> float:
        """What was measured."""
        return self.elapsed_s if self.found is None else self.found

    @property
    def scale(self) -> float:
        """By how much more a limit in seconds is on a machine like this was meanwhile."""
        return min(slowness() / max(1 - self.pressure, 1 / STRETCH), STRETCH)

    def __str__(self) -> str:
        return (
            f"{self.value:.2f} (CPU pressure {self.pressure:.0%}, longest stall "
            f"{self.longest_s * 1000:.0f} ms, CPU {slowness():.1f} times as slow)"
        )


def tries(limit: float, *, seconds: bool = True) -> Iterator[Attempt]:
    """Measurements of what may not be more than `limit`, for a loop that makes one in each round.

    A round follows only where the machine may be to blame for the one before, and three make the
    most. If all of them were the machine's fault, a limit in `seconds` is held to as many as the
    machine took for one; what is a number cannot be judged, and the test is skipped, aloud.
    """
    made: list[Attempt] = []
    for _ in range(TRIES):
        made.append(Attempt())
        yield made[-1]
        if made[-1].value <= limit:
            return
        if not made[-1].excuse:
            break
    told = f"{', '.join(str(each) for each in made)}; at most {limit:g}"
    assert made[-1].excuse, told
    if seconds:
        assert any(each.value <= limit * each.scale for each in made), told
    else:
        pytest.skip(f"not judged, because the machine had no CPU for it: {told}")


def within_tries(
    measure: Callable[[], float], limit: float, *, seconds: bool = True
) -> list[float]:
    """All that was measured until `limit` was kept; see `tries`."""
    found: list[float] = []
    for attempt in tries(limit, seconds=seconds):
        with attempt:
            attempt.found = measure()
        found.append(attempt.value)
    return found
