"""How long threads wait for a CPU, as the kernel tells it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from relay.edge.waits import waited_s
from tests.support.stalls import HANG_S

if TYPE_CHECKING:
    from pathlib import Path


def say(tasks: Path, thread: int, text: str) -> None:
    (tasks / str(thread)).mkdir()
    (tasks / str(thread) / "schedstat").write_text(text)


def test_what_the_kernel_says_of_the_calling_thread_and_of_the_others(tmp_path: Path) -> None:
    me = threading.get_native_id()
    say(tmp_path, me, "9000000000 1500000000 88\n")
    say(tmp_path, me + 1, "1 250000000 3\n")
    say(tmp_path, me + 2, "1 500000000 3\n")
    assert waited_s(tmp_path) == (1.5, 0.75)


@pytest.mark.parametrize("text", ["", "12", "x y z"])
def test_nothing_where_the_kernel_keeps_no_such_figures(tmp_path: Path, text: str) -> None:
    assert waited_s(tmp_path / "missing") == (0.0, 0.0)
    say(tmp_path, threading.get_native_id(), text)
    (tmp_path / "ended").mkdir()
    assert waited_s(tmp_path) == (0.0, 0.0)


def test_a_thread_waits_while_another_process_has_its_cpu() -> None:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        # It inherits the one CPU, and never lets go of it by itself.
        with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as other:
            began = waited_s()[0]
            deadline = time.monotonic() + HANG_S
            while waited_s()[0] < began + 0.05:
                assert time.monotonic() < deadline
            other.kill()
    finally:
        os.sched_setaffinity(0, before)
