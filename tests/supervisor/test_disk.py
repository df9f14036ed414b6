"""A full disk: votes are refused, what was acknowledged stays, and with room all is well."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import urllib.error
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from relay.bus.client import connect, store_errors
from relay.errors import StoreFull
from relay.supervisor import disk
from relay.supervisor.disk import FULL_BELOW, ROOM_FROM, DiskKeeper, Room
from tests.support.processes import processes_of, relay
from tests.support.programs import is_alive
from tests.support.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.server import Server

MB = 1 << 20


def test_room_is_there_again_only_when_there_is_some_to_spare():
    room = Room()
    steps = [
        ROOM_FROM,
        FULL_BELOW,
        FULL_BELOW - 1,
        FULL_BELOW,
        ROOM_FROM - 1,
        ROOM_FROM,
        FULL_BELOW,
    ]
    assert [(room.see(free), room.is_full) for free in steps] == [
        *((False, False), (False, False), (True, True), (False, True), (False, True)),
        *((True, False), (False, False)),
    ]


async def test_a_server_refuses_writes_while_there_is_no_room(
    own_state: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    free = FULL_BELOW - 1
    found = lambda _: SimpleNamespace(f_bavail=free, f_frsize=1)  # noqa: E731
    monkeypatch.setattr(disk.os, "statvfs", found)
    client, keeper = connect(own_state.url), DiskKeeper(tmp_path)
    await client.set("vote", "5")
    await keeper.apply(client)
    script = "redis.call('GET', 'vote') return redis.call('INCR', 'votes')"
    pipe = client.pipeline(transaction=False)
    pipe.get("vote")
    pipe.incr("votes")
    for work in (
        lambda: client.set("vote", "1"),
        lambda: client.delete("vote"),
        lambda: client.eval(script, 0),
        pipe.execute,
    ):
        with pytest.raises(StoreFull, match="its disk or its memory is full"):
            async with store_errors("voting"):
                await work()
    assert await client.get("vote") == b"5"
    assert await client.get("votes") is None
    assert "its disk is full" in keeper.why()
    free = ROOM_FROM
    await keeper.apply(client)
    assert await client.eval(script, 0) == 1
    await client.aclose()


def test_what_a_server_left_half_written_makes_room(tmp_path: Path):
    folder = tmp_path / "appendonlydir"
    folder.mkdir()
    for name in ("temp-rewriteaof-bg-1.aof", "appendonly.aof.1.incr.aof"):
        (folder / name).touch()
    (tmp_path / "temp-rewriteaof-1.aof").touch()
    asyncio.run(DiskKeeper(tmp_path).after_exit())
    assert [path.name for path in tmp_path.rglob("*.aof")] == ["appendonly.aof.1.incr.aof"]


async def test_a_memory_that_is_full_is_no_outage_either(own_server: Server):
    client = connect(own_server.url)
    await client.config_set("maxmemory-policy", "noeviction")
    await client.config_set("maxmemory", "1")
    with pytest.raises(StoreFull):
        async with store_errors("voting"):
            await client.set("vote", "5")
    await client.aclose()


# --- a real disk ----------------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of its own, of 48 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=48m", "none", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("NOT TESTED: a real disk that is full; only root may mount one")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def stack(tmp_path: Path, small: Path) -> Iterator[Stack]:
    """A relay whose data folder is on the small disk; its log is not."""
    found = Stack(tmp_path, RELAY_DATA_DIR=str(small / "data"))
    with found.running():
        found.camera("helmet")
        found.broadcast("eva", ["helmet"])
        found.request("POST", "/api/v1/broadcasts/eva/start")
        assert vote(found, 5)["count"] == 1
        yield found


def vote(stack: Stack, stars: int) -> dict[str, Any]:
    """The answer to a viewer's vote."""
    return dict(stack.request("POST", "/api/v1/broadcasts/eva/rating", {"stars": stars}))


def refusal(stack: Stack) -> dict[str, Any] | None:
    """Why a vote is refused, and None if it is taken."""
    try:
        vote(stack, 1)
    except urllib.error.HTTPError as error:
        return {"after_s": int(error.headers["Retry-After"]), **json.loads(error.read())}
    return None


def fill(folder: Path, leave: int) -> Path:
    """A file that leaves so many bytes of its disk."""
    path = folder / "ballast"
    size = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize - leave
    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, size)
    return path


def state_of(stack: Stack) -> int | None:
    pids = [pid for pid, line in processes_of(stack).items() if line == "store state"]
    return pids[0] if len(pids) == 1 else None


def count(stack: Stack) -> int:
    return int(stack.get("/api/v1/broadcasts/eva")["rating"]["count"])


def is_full(stack: Stack) -> bool:
    return 'what="disk_full"} 1.0' in stack.text("/metrics")


def test_votes_are_refused_in_words_and_the_server_lives(stack: Stack, small: Path):
    server = state_of(stack)
    ballast = fill(small, 4 * MB)
    stack.wait(lambda: is_full(stack), "the metric")
    told = refusal(stack)
    assert told is not None
    assert (told["status"], told["after_s"]) == (503, 30)
    assert "no room to store this; what it has stored before is safe" in told["detail"]
    assert count(stack) == 1
    status = relay(stack, "status")
    assert "The disk of the data folder is full: votes, comments and changes" in status.stdout
    refused = relay(stack, "camera", "add", "drone")
    assert refused.returncode
    assert "its disk or its memory is full" in refused.stderr
    assert "Traceback" not in refused.stderr
    ballast.unlink()
    stack.wait(lambda: refusal(stack) is None, "a vote to be taken")
    assert count(stack) == 2
    assert state_of(stack) == server
    stack.wait(lambda: not is_full(stack), "the metric")
    assert "The disk" not in relay(stack, "status").stdout
    log = stack.log.read_text()
    assert log.count("the disk is full: votes, comments and changes are refused") == 1
    assert log.count("there is room on the disk again") == 1
    assert "process ended" not in log
    assert "request failed" not in log


def test_a_disk_that_is_full_at_once_loses_nothing_and_all_comes_back(stack: Stack, small: Path):
    server = state_of(stack)
    assert server is not None
    os.kill(stack.pid, signal.SIGSTOP)  # nobody looks
    try:
        ballast = fill(small, 0)
        lost = 0
        while refusal(stack) is None:
            lost += 1  # it went into a block that was there
        stack.wait(lambda: not is_alive(server), "the server to end, which cannot write")
    finally:
        os.kill(stack.pid, signal.SIGCONT)
    stack.wait(lambda: state_of(stack) not in (None, server), "another server")
    stack.wait(lambda: "rating" in stack.get("/api/v1/broadcasts/eva"), "it to answer")
    again = state_of(stack)
    assert count(stack) == 1 + lost
    for _ in range(3):
        assert refusal(stack) is not None
    assert state_of(stack) == again
    assert (
        "exit code 1: its disk is full; what it has acknowledged is safe" in stack.log.read_text()
    )
    ballast.unlink()
    stack.wait(lambda: refusal(stack) is None, "a vote to be taken")
    assert count(stack) == 2 + lost
    assert state_of(stack) == again
