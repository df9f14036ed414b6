"""One supervised process, with real tiny programs."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from relay.errors import OperatorError
from relay.supervisor import child as child_module
from relay.supervisor.backoff import Backoff
from relay.supervisor.child import Child, Program, describe
from tests.support.programs import DEAF, WAITS, alive, is_alive, pids_in, python, writes_pid
from tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("quick")


def open_files() -> set[str]:
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the one of this very listing
            found.add(str(entry.readlink()))
    return found


async def test_it_runs_and_stops(children: list[Child], tmp_path: Path):
    program = python(writes_pid(tmp_path / "pids") + WAITS, environment={"X": "y"})
    children.append(child := Child(program))
    assert child.pid is None
    await child.start()
    await eventually(lambda: pids_in(tmp_path / "pids") == [child.pid], "its id")
    assert not child.finished
    pid = child.pid
    assert pid is not None
    await child.stop(5)
    assert not is_alive(pid)
    assert child.pid is None
    assert child.finished
    await child.stop(5)


async def test_start_waits_until_it_is_ready(children: list[Child], tmp_path: Path):
    late = "time.sleep(0.2)\n" + writes_pid(tmp_path / "pids")
    late += "os.write(int(os.environ['RELAY_READY_FD']), b'ready')\n" + WAITS
    children.append(child := Child(python(late, ready=False)))
    await child.start()
    assert pids_in(tmp_path / "pids")


async def test_one_that_is_never_ready_is_killed(
    children: list[Child], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(child_module, "READY_S", 0.4)
    program = python(DEAF + writes_pid(tmp_path / "pids") + WAITS, ready=False)
    children.append(child := Child(program))
    with pytest.raises(OperatorError, match="child is not ready after"):
        await child.start()
    assert not alive(pids_in(tmp_path / "pids"))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("sys.exit(3)", r"exit code 3"),
        ("sys.exit(0)", r"exit code 0"),
        ("sys.exit(2)", r"exit code 2, see its message above"),
        ("os.kill(os.getpid(), 9)", r"killed by SIGKILL"),
        ("os.close(int(os.environ['RELAY_READY_FD'])); sys.exit(5)", r"exit code 5"),
    ],
)
async def test_one_that_ends_at_its_start(body: str, reason: str, children: list[Child]):
    children.append(child := Child(python(body, ready=False)))
    with pytest.raises(OperatorError, match=rf"child ended at its start \({reason}\)"):
        await child.start()


@pytest.mark.parametrize("command", [["/nowhere/program"], ["/etc/passwd"], ["/tmp"]])
async def test_a_program_that_cannot_be_run(command: list[str], children: list[Child]):
    before = open_files()
    children.append(child := Child(Program("child", command)))
    with pytest.raises(OperatorError, match="child cannot be run: "):
        await child.start()
    assert open_files() == before


async def test_nothing_is_left_open(children: list[Child]):
    before = open_files()
    for _ in range(3):
        children.append(child := Child(python(WAITS)))
        await child.start()
        await child.stop(5)
    await eventually(lambda: open_files() <= before, "all pipes to be closed")


# --- restarts ----------------------------------------------------------------------------------


async def test_one_that_dies_is_started_again(children: list[Child], tmp_path: Path):
    exits: list[int] = []

    async def after_exit() -> None:
        exits.append(len(exits))

    program = python(writes_pid(tmp_path / "pids") + WAITS, after_exit=after_exit)
    children.append(child := Child(program))
    await child.start()
    for number in range(1, 4):
        await eventually(lambda n=number: len(pids_in(tmp_path / "pids")) == n, "its start")
        await eventually(lambda: child.pid == pids_in(tmp_path / "pids")[-1], "its id")
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
    await eventually(lambda: len(pids_in(tmp_path / "pids")) == 4, "its last start")
    assert exits == [0, 1, 2]


async def test_an_exit_that_cannot_be_told_keeps_it_from_nothing(
    children: list[Child], tmp_path: Path
):
    async def fail() -> None:
        raise ValueError("a fault")

    children.append(child := Child(python(writes_pid(tmp_path / "pids") + WAITS, after_exit=fail)))
    await child.start()
    await eventually(lambda: pids_in(tmp_path / "pids"), "its start")
    os.kill(pids_in(tmp_path / "pids")[0], signal.SIGKILL)
    await eventually(lambda: len(pids_in(tmp_path / "pids")) == 2, "its second start")


async def test_one_that_cannot_be_run_for_a_while_is_started_later(
    children: list[Child], tmp_path: Path
):
    script = tmp_path / "program"
    script.write_text(f"#!{sys.executable} -S\n" + python(WAITS).command[-1])
    script.chmod(0o700)
    children.append(child := Child(Program("child", [str(script)])))
    await child.start()
    first = child.pid
    assert first is not None
    script.rename(tmp_path / "away")
    os.kill(first, signal.SIGKILL)
    await eventually(lambda: child.pid is None, "its end")
    (tmp_path / "away").rename(script)
    await eventually(lambda: child.pid not in (None, first), "its second start")


async def test_one_that_dies_at_each_start_is_started_with_growing_pauses(
    children: list[Child], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asked: list[float] = []

    def pause_s(_self: Backoff, ran_s: float) -> float:
        asked.append(ran_s)
        return 0.01

    monkeypatch.setattr(Backoff, "pause_s", pause_s)
    flag = tmp_path / "flag"
    body = f"if os.path.exists({str(flag)!r}): sys.exit(1)\n"
    program = python(body + python(WAITS).command[-1], ready=False)
    children.append(child := Child(program))
    await child.start()
    flag.touch()
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    await eventually(lambda: len(asked) > 4, "several starts")
    flag.unlink()
    await eventually(lambda: child.pid is not None and len(asked) > 4, "the last start")
    assert all(ran_s < Backoff.STABLE_S for ran_s in asked)


async def test_one_that_hangs_at_its_restart_does_not_count_as_one_that_ran(
    children: list[Child], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asked: list[float] = []

    def pause_s(_self: Backoff, ran_s: float) -> float:
        asked.append(ran_s)
        return 0.0

    monkeypatch.setattr(Backoff, "pause_s", pause_s)
    flag = tmp_path / "flag"
    body = f"while os.path.exists({str(flag)!r}): time.sleep(0.01)\n"
    children.append(child := Child(python(body + python(WAITS).command[-1], ready=False)))
    await child.start()
    flag.touch()
    monkeypatch.setattr(child_module, "READY_S", 1.0)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    await eventually(lambda: len(asked) >= 2, "its second end")
    flag.unlink()
    assert asked[1] < 1.0


async def test_one_whose_work_is_done_is_not_started_again(children: list[Child], tmp_path: Path):
    program = python(writes_pid(tmp_path / "pids"), may_end=True)
    children.append(child := Child(program))
    await child.start()
    await eventually(lambda: child.finished, "its end")
    assert len(pids_in(tmp_path / "pids")) == 1


@pytest.mark.parametrize("may_end", [True, False])
async def test_one_that_fails_is_started_again(
    may_end: bool, children: list[Child], tmp_path: Path
):
    code = 1 if may_end else 0
    body = writes_pid(tmp_path / "pids") + f"sys.exit({code})"
    children.append(child := Child(python(body, may_end=may_end)))
    await child.start()
    await eventually(lambda: len(pids_in(tmp_path / "pids")) >= 3, "several starts")
    assert not child.finished


async def test_a_check_decides_when_one_is_ready(children: list[Child], tmp_path: Path):
    async def check() -> None:
        await eventually(lambda: pids_in(tmp_path / "pids"), "its id")

    body = "time.sleep(0.1)\n" + writes_pid(tmp_path / "pids") + WAITS
    children.append(child := Child(python(body, ready=False, tells_ready=False, check=check)))
    await child.start()
    assert pids_in(tmp_path / "pids") == [child.pid]


async def test_one_that_ends_while_it_is_checked_is_told_at_once(children: list[Child]):
    async def check() -> None:
        await asyncio.Event().wait()

    program = python("sys.exit(7)", ready=False, tells_ready=False, check=check)
    children.append(child := Child(program))
    with pytest.raises(OperatorError, match="exit code 7"):
        await child.start()


async def test_one_whose_check_fails_is_not_left_behind(children: list[Child], tmp_path: Path):
    async def check() -> None:
        await eventually(lambda: pids_in(tmp_path / "pids"), "its id")
        raise OperatorError("it does not answer; see its log")

    body = writes_pid(tmp_path / "pids") + WAITS
    children.append(child := Child(python(body, ready=False, tells_ready=False, check=check)))
    with pytest.raises(OperatorError, match="see its log"):
        await child.start()
    assert not alive(pids_in(tmp_path / "pids"))


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (0, "exit code 0"),
        (2, "exit code 2, see its message above"),
        (-9, "killed by SIGKILL"),
        (-40, "killed by signal 40"),
    ],
)
def test_exit_codes_for_people(code: int, text: str):
    assert describe(code) == text
