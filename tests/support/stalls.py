"""Whether the machine stood still, or had no CPU left, while something was timed."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

TRIES: Final = 3
STALL_S: Final = 0.05
"""A thread that wants to run every few milliseconds and cannot for so long has met a stall."""
PRESSURE: Final = 0.3
"""Share of the time in which somebody waited for a CPU, from which the machine is overloaded."""
_PRESSURE: Final = Path("/proc/pressure/cpu")


class Stalls:
    """Watches the machine, as a context."""

    def __enter__(self) -> Self:
        self.longest_s = 0.0
        """The longest time for which a thread that wanted to run could not."""
        self._began, self._waited = time.monotonic(), _waited_s()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        elapsed = time.monotonic() - self._began
        self.pressure = (_waited_s() - self._waited) / elapsed
        """Share of the time in which somebody waited for a CPU."""

    def _watch(self) -> None:
        last = time.monotonic()
        while not self._stop.wait(0.005):
            now = time.monotonic()
            self.longest_s, last = max(self.longest_s, now - last), now

    @property
    def excuse(self) -> bool:
        """Whether what was measured may be the machine's fault."""
        return self.longest_s >= STALL_S or self.pressure >= PRESSURE


def _waited_s() -> float:
    """For how long somebody has waited for a CPU since the start; 0 where nobody knows."""
    with suppress(OSError, ValueError, IndexError):
        return int(_PRESSURE.read_text().splitlines()[0].rpartition("=")[2]) / 1e6
    return 0.0


def within_tries(measure: Callable[[], float], limit: float) -> list[float]:
    """Measure until the limit is kept; again only where the machine may be to blame, and three
    times at the most. Returns all that was measured.
    """
    found: list[float] = []
    for _ in range(TRIES):
        with Stalls() as stalls:
            found.append(measure())
        if found[-1] <= limit or not stalls.excuse:
            break
    assert found[-1] <= limit, (found, stalls.longest_s, stalls.pressure)
    return found
