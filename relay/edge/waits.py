"""How long this process's threads have waited for a CPU while they had something to do."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

_TASKS: Final = Path("/proc/self/task")


def waited_s(tasks: Path = _TASKS) -> tuple[float, float]:
    """Seconds since their start: the calling thread's, and those of all others that there are now.

    From Linux's `schedstat` (sched-stats.rst, "/proc/<pid>/schedstat"); 0 where there is none.
    """
    mine, others = 0.0, 0.0
    me = str(threading.get_native_id())
    for task in _threads(tasks):
        waited = _waited_s(task / "schedstat")
        if task.name == me:
            mine = waited
        else:
            others += waited
    return mine, others


def _threads(tasks: Path) -> list[Path]:
    try:
        return list(tasks.iterdir())
    except OSError:
        return []


def _waited_s(path: Path) -> float:
    try:
        return int(path.read_text().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):  # it has ended, or the kernel keeps no such figures
        return 0.0
