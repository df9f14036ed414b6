"""How many CPUs this process may use: those it may run on, and what its control groups allow."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_MINE: Final = Path("/proc/self/cgroup")
_ROOT: Final = Path("/sys/fs/cgroup")


def available_cpus(mine: Path = _MINE, root: Path = _ROOT) -> float:
    """CPUs that there are for it, as a number that need not be whole.

    `mine` says which control groups it is in, `root` is where those are (cgroup v2). A group's
    quota holds for the groups in it as well.
    """
    least = float(_may_run_on())
    group = _group(mine)
    for folder in (group, *group.parents):
        least = min(least, _quota(root / folder / "cpu.max"))
    return least


def _may_run_on() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _group(mine: Path) -> Path:
    """The process's group, relative to the root of all."""
    try:
        lines = mine.read_text().splitlines()
    except OSError:
        return Path()
    for line in lines:
        number, _, rest = line.partition(":")
        name = rest.partition(":")[2].lstrip("/")
        if number == "0" and ".." not in name:
            return Path(name)
    return Path()


def _quota(path: Path) -> float:
    try:
        quota, period = path.read_text().split()
        return int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):  # "max", an older kernel, no such group
        return float("inf")
