"""How supervised processes end, and that nothing of them is left."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from relay.supervisor.backoff import Backoff
from relay.supervisor.child import Child
from tests.support.programs import DEAF, WAITS, alive, is_alive, pids_in, python, starts, writes_pid
from tests.support.stalls import HANG_S
from tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("quick")


async def test_one_that_refuses_to_stop_is_killed_with_all_it_started(
    children: list[Child], tmp_path: Path
):
    pids = tmp_path / "pids"
    deaf = DEAF + writes_pid(pids) + WAITS
    children.append(child := Child(python(starts(deaf) + deaf)))
    await child.start()
    await eventually(lambda: len(pids_in(pids)) == 2, "both")
    await child.stop(0.2)
    await eventually(lambda: not alive(pids_in(pids)), "their end")


@pytest.mark.parametrize("how", ["stopped", "dies"])
async def test_what_it_leaves_behind_is_killed(how: str, children: list[Child], tmp_path: Path):
    pids = tmp_path / "pids"
    body = starts(DEAF + writes_pid(pids) + WAITS) + WAITS
    children.append(child := Child(python(body, may_end=True)))
    await child.start()
    await eventually(lambda: pids_in(pids), "its own child")
    if how == "stopped":
        await child.stop(5)
    else:
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
    first = pids_in(pids)[0]
    await eventually(lambda: not is_alive(first), "its end")


async def test_one_that_stands_still_is_killed(children: list[Child]):
    children.append(child := Child(python(WAITS)))
    await child.start()
    pid = child.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    await child.stop(0.2)
    assert not is_alive(pid)


async def test_one_that_waits_for_its_restart_can_be_stopped(
    children: list[Child], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Backoff, "PAUSES_S", (60.0,))
    children.append(child := Child(python(writes_pid(tmp_path / "pids") + WAITS)))
    await child.start()
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    await eventually(lambda: child.pid is None, "its end")
    async with asyncio.timeout(HANG_S):
        await child.stop(60)
    assert child.finished
    assert len(pids_in(tmp_path / "pids")) <= 1


@pytest.mark.parametrize("after", [0.0, 0.003, 0.01, 0.03, 0.06])
async def test_one_that_is_being_restarted_can_be_stopped(
    after: float, children: list[Child], tmp_path: Path
):
    body = writes_pid(tmp_path / "pids") + python(WAITS).command[-1]
    children.append(child := Child(python(body, ready=False)))
    await child.start()
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    await eventually(lambda: child.pid is None or len(pids_in(tmp_path / "pids")) > 1, "its end")
    await asyncio.sleep(after)
    await child.stop(5)
    assert not alive(pids_in(tmp_path / "pids"))


async def test_a_start_that_is_cancelled_can_be_stopped(children: list[Child], tmp_path: Path):
    children.append(child := Child(python(writes_pid(tmp_path / "pids") + WAITS, ready=False)))
    starting = asyncio.create_task(child.start())
    await eventually(lambda: pids_in(tmp_path / "pids"), "its start")
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    await child.stop(5)
    assert not alive(pids_in(tmp_path / "pids"))


async def test_stopping_what_never_ran():
    await Child(python(WAITS)).stop(1)


SUPERVISOR = """
import asyncio, sys
from relay.supervisor.child import Child, Program
async def main():
    child = Child(Program("child", [sys.executable, "-S", "-c", sys.argv[1]]))
    await child.start()
    print("up", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


@pytest.mark.parametrize("deaf", [False, True], ids=["well", "deaf"])
async def test_a_supervisor_that_is_killed_leaves_no_orphan(deaf: bool, tmp_path: Path):
    pids = tmp_path / "pids"
    body = python((DEAF if deaf else "") + writes_pid(pids) + WAITS).command[-1]
    with subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", SUPERVISOR, body],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    ) as supervisor:
        assert supervisor.stdout is not None
        assert supervisor.stdout.readline() == b"up\n"
        await eventually(lambda: pids_in(pids), "the child")
        supervisor.kill()
    await eventually(lambda: not alive(pids_in(pids)), "its end", 3)
