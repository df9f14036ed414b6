"""What every process does at its start and end, with real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from relay import process
from tests.support.stalls import HANG_S

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = """
import asyncio, sys
from relay import config, errors, process
def say(word): print(word, flush=True)
"""
TAIL = """
sys.exit(process.run("test", config.Settings(), main()))
"""
WAITS = """
async def main():
    say("up")
    try:
        await asyncio.Event().wait()
    finally:
        say("ending")
        await asyncio.sleep({seconds})
        say("ended")
"""


class Running:
    """A program under test, with what it prints."""

    def __init__(self, program: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HEAD + program + TAIL],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def end(self) -> tuple[int, str, str]:
        """Exit code, the rest of its output, and its complaints."""
        out, complaint = self.process.communicate(timeout=HANG_S)
        return self.process.returncode, out, complaint


@pytest.fixture
def programs() -> Iterator[list[Running]]:
    """Programs that are ended with the test."""
    found: list[Running] = []
    yield found
    for each in found:
        each.process.kill()
        each.process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_good_order(number: signal.Signals, programs: list[Running]):
    programs.append(program := Running(WAITS.format(seconds=0)))
    assert program.line() == "up"
    program.process.send_signal(number)
    assert program.end() == (0, "ending\nended\n", "")


def test_further_signals_do_not_cut_off_its_end(programs: list[Running]):
    programs.append(program := Running(WAITS.format(seconds=0.3)))
    assert program.line() == "up"
    program.process.send_signal(signal.SIGINT)
    assert program.line() == "ending"
    program.process.send_signal(signal.SIGINT)
    program.process.send_signal(signal.SIGTERM)
    assert program.end() == (0, "ended\n", "")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ('errors.OperatorError("the port is in use")', 2),
        ('errors.NotFound("the port is in use")', 2),
        ('errors.StoreError("the port is in use")', 1),
    ],
)
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_an_error_of_ours_is_one_line(error: str, code: int, depth: int, programs: list[Running]):
    program = f"async def main{depth}():\n    raise {error}\n"
    for level in range(depth, 0, -1):
        program += (
            f"async def main{level - 1}():\n"
            "    async with asyncio.TaskGroup() as tasks:\n"
            f"        tasks.create_task(main{level}())\n"
            "        await asyncio.Event().wait()\n"
        )
    programs.append(running := Running(program + "main = main0"))
    assert running.end() == (code, "", "relay: the port is in use\n")


def test_an_error_that_is_not_ours_keeps_its_traceback(programs: list[Running]):
    programs.append(running := Running("async def main():\n    raise ValueError('a fault')"))
    code, _, complaint = running.end()
    assert code == 1
    assert "Traceback" in complaint
    assert "a fault" in complaint


def test_ready_is_told_once():
    reader, writer = os.pipe()
    os.environ[process.READY_FD] = str(writer)
    process.ready()
    process.ready()
    with open(reader, "rb") as told:  # noqa: PTH123 - a descriptor, which ends as it was closed
        assert told.read() == b"ready\n"
    assert process.READY_FD not in os.environ


def test_ready_survives_a_supervisor_that_is_gone():
    reader, writer = os.pipe()
    os.close(reader)
    os.environ[process.READY_FD] = str(writer)
    process.ready()


def test_a_process_may_open_as_many_files_as_the_system_allows(programs: list[Running]):
    lower = """
import resource
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (256, most))
async def main():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    say(soft == min(hard, 65_536))
"""
    programs.append(running := Running(lower))
    assert running.end() == (0, "True\n", "")
