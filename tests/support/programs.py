"""Tiny programs for a supervisor to run, and what became of them."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from relay.supervisor.child import Program

if TYPE_CHECKING:
    from collections.abc import Iterable

_READY = "import os\nos.write(int(os.environ['RELAY_READY_FD']), b'ready\\n')\n"
_HEAD = "import os, signal, subprocess, sys, time\n"
WAITS = "time.sleep(100)\n"
DEAF = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"


def python(body: str, *, ready: bool = True, name: str = "child", **options: object) -> Program:
    """A Python program that does `body`, first telling that it is ready."""
    text = _HEAD + (_READY if ready else "") + body
    command = [sys.executable, "-S", "-c", text]
    return Program(name, command, **options)  # type: ignore[arg-type]


def writes_pid(path: Path) -> str:
    """Program text that appends its process id to a file."""
    return f"open({str(path)!r}, 'a').write(f'{{os.getpid()}}\\n')\n"


def starts(body: str) -> str:
    """Program text that starts another program, which does `body`."""
    return f"subprocess.Popen([sys.executable, '-S', '-c', {_HEAD + body!r}])\n"


def pids_in(path: Path) -> list[int]:
    """What `writes_pid` has written."""
    return [int(line) for line in path.read_text().splitlines()] if path.exists() else []


def is_alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    with suppress(OSError):
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def alive(pids: Iterable[int]) -> list[int]:
    """Those of the processes that run."""
    return [pid for pid in pids if is_alive(pid)]
