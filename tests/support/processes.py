"""Which processes a relay has, found by the data folder in their environment."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.programs import is_alive
from tests.support.stalls import HANG_S

if TYPE_CHECKING:
    from tests.support.stack import Stack


def processes_of(stack: Stack) -> dict[int, str]:
    """Ids and command lines of all processes that run on this relay's data folder.

    Stores write over their environment and their command line; they work in a folder of their own,
    after which they are called here.
    """
    data = stack.environment["RELAY_DATA_DIR"]
    mark = f"RELAY_DATA_DIR={data}".encode()
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            folder = (entry / "cwd").readlink()
            if not is_alive(int(entry.name)):
                continue
            if folder.is_relative_to(data):
                found[int(entry.name)] = f"store {folder.name}"
            elif mark in (entry / "environ").read_bytes().split(b"\0"):
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found[int(entry.name)] = line
    return found


def sockets_of(stack: Stack) -> list[str]:
    """Unix sockets in the data folder."""
    folder = Path(stack.environment["RELAY_DATA_DIR"])
    return [path.name for path in folder.rglob("*") if path.is_socket()]


def started(pid: int) -> int:
    """When a process was started, ticks since the system's boot."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])


def relay(stack: Stack, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a `relay` command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "relay", *arguments],
        env={**stack.environment, **environment},
        cwd=stack.folder,
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )
