"""Keeps the other workers' tests waiting while one runs that watches pictures in real time."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def share(folder: Path) -> Iterator[None]:
    """Run beside others that share; all workers name the same folder."""
    with _locked(folder, fcntl.LOCK_SH):
        yield


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Run beside nobody."""
    with _locked(folder, fcntl.LOCK_EX):
        yield


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    with (folder / "machine.lock").open("a") as machine:
        # Everybody comes in through a gate, so that those who share, one after the other, cannot
        # keep one waiting that wants to be alone.
        with (folder / "gate.lock").open("a") as gate:
            fcntl.flock(gate, fcntl.LOCK_EX)
            fcntl.flock(machine, how)
        yield
