"""How long threads have run, and waited for a CPU while they had something to do."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

_SELF: Final = Path("/proc/self/task")


def scheduled_s(tasks: Path = _SELF) -> dict[int, tuple[float, float]]:
    """Of each living thread of a process, by its number: seconds that it ran, and that it waited.

    `tasks` is the process's `/proc/<pid>/task`. From Linux's `schedstat` (sched-stats.rst,
    "/proc/<pid>/schedstat"); empty where there is none.
    """
    found = {}
    for path in tasks.glob("*/schedstat"):
        # A thread that has just ended, or a kernel that keeps no such figures.
        with suppress(OSError, ValueError):
            ran, waited = (int(field) for field in path.read_text().split()[:2])
            found[int(path.parent.name)] = ran / 1e9, waited / 1e9
    return found


def waited_s(tasks: Path = _SELF) -> tuple[float, float]:
    """Seconds since their start: the calling thread's, and those of all others that there are now;
    0 where it is not told.
    """
    waits = {thread: waited for thread, (_, waited) in scheduled_s(tasks).items()}
    mine = waits.pop(threading.get_native_id(), 0.0)
    return mine, sum(waits.values())
