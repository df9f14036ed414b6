"""The embedded servers and their folder."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import redis

from relay.bus import embedded
from relay.bus.client import connect
from relay.errors import OperatorError
from tests.support.server import Server
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Servers that are killed with the test."""
    found: list[subprocess.Popen[bytes]] = []
    yield found
    for process in found:
        process.kill()
        process.wait(10)


def launch(
    folder: Path, name: str, options: dict[str, str], started: list[subprocess.Popen[bytes]]
) -> subprocess.Popen[bytes]:
    command = embedded.server_command(embedded.write_config(folder, name, options))
    started.append(process := subprocess.Popen(command, stdout=subprocess.DEVNULL))
    return process


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder with room for a socket's path beneath it."""
    with tempfile.TemporaryDirectory(prefix="eva-") as name:
        yield Path(name)


NAMES = ["plain", 'with space "quote" and \\ backslash', "per%41cent?query#mark", "é\u2003\n\t'"]


@pytest.mark.parametrize("name", NAMES)
async def test_folders_of_any_name(
    name: str, short_folder: Path, started: list[subprocess.Popen[bytes]]
):
    folder = short_folder / name
    assert embedded.socket_path(folder, "bus").is_relative_to(folder)
    launch(folder, "bus", embedded.BUS, started)
    await embedded.wait_until_up(folder, "bus")
    client = connect(embedded.url(folder, "bus"))
    assert await client.ping()
    await client.aclose()
    assert stat.S_ISSOCK(embedded.socket_path(folder, "bus").stat().st_mode)


async def test_a_folder_with_a_long_path(
    tmp_path: Path, started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / ("long" * 30)
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # other processes may have another one
    path = embedded.socket_path(folder, "bus")
    monkeypatch.delenv("TMPDIR")
    assert path == embedded.socket_path(folder, "bus")
    assert len(os.fsencode(path)) <= 103
    assert path != embedded.socket_path(folder / "other", "bus")

    launch(folder, "bus", embedded.BUS, started)
    await embedded.wait_until_up(folder, "bus")

    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.unlink()
    embedded.secret_path(folder, "bus").unlink()
    path.parent.rmdir()


@pytest.mark.parametrize("trap", ["symlink", "foreign"])
def test_a_folder_for_sockets_that_another_user_made_is_refused(trap: str, tmp_path: Path):
    folder = tmp_path / ("long" * 30)
    theirs = embedded.socket_path(folder, "bus").parent
    if trap == "symlink":
        (tmp_path / "target").mkdir(mode=0o755)
        theirs.symlink_to(tmp_path / "target")
    else:
        theirs.mkdir()
        os.chown(theirs, 12345, 12345)
    try:
        with pytest.raises(OperatorError, match=str(theirs)):
            embedded.write_config(folder, "bus", embedded.BUS)
    finally:
        theirs.unlink() if trap == "symlink" else theirs.rmdir()
    if trap == "symlink":
        assert stat.S_IMODE((tmp_path / "target").stat().st_mode) == 0o755


async def test_sockets_are_private(tmp_path: Path, started: list[subprocess.Popen[bytes]]):
    launch(tmp_path, "state", embedded.STATE, started)
    await embedded.wait_until_up(tmp_path, "state")
    path = embedded.socket_path(tmp_path, "state")
    for private in (path, path.parent, tmp_path / "state"):
        assert stat.S_IMODE(private.stat().st_mode) == 0o700


async def test_a_server_that_does_not_answer_is_told_with_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(embedded, "_START_S", 0.1)
    with pytest.raises(OperatorError, match=str(tmp_path / "state" / "valkey.log")):
        await embedded.wait_until_up(tmp_path, "state")


# --- one relay a folder ---------------------------------------------------------------------


def test_a_second_relay_is_told_who_has_the_folder(tmp_path: Path):
    first, second = embedded.FolderLock(tmp_path), embedded.FolderLock(tmp_path)
    first.acquire()
    with pytest.raises(OperatorError) as caught:
        second.acquire()
    assert str(os.getpid()) in str(caught.value)
    assert str(tmp_path) in str(caught.value)
    assert "RELAY_DATA_DIR" in str(caught.value)
    second.release()
    first.release()
    second.acquire()
    second.release()


def test_a_lock_ends_with_its_holder(tmp_path: Path):
    program = (
        "import sys, time, pathlib\n"
        "from relay.bus.embedded import FolderLock\n"
        "FolderLock(pathlib.Path(sys.argv[1])).acquire()\n"  # and forgotten: it may not be freed
        "lock = FolderLock(pathlib.Path(sys.argv[1]) / 'x'); lock.acquire()\n"
        "print(flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        lock = embedded.FolderLock(tmp_path / "x")
        with pytest.raises(OperatorError, match=str(holder.pid)):
            lock.acquire()
        holder.kill()
        holder.wait()
        lock.acquire()
        lock.release()


def test_a_folder_that_cannot_be_used_is_not_taken_for_one_in_use(tmp_path: Path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "x"):
        with pytest.raises(OperatorError, match="cannot be used"):
            embedded.FolderLock(folder).acquire()
    (tmp_path / "bus").write_text("")
    with pytest.raises(OperatorError, match="cannot be used"):
        embedded.write_config(tmp_path, "bus", embedded.BUS)


# --- what a relay before this one left behind -------------------------------------------------


async def test_nothing_to_evict(tmp_path: Path):
    await embedded.evict_orphan(tmp_path, "bus")


async def test_a_stale_socket_is_removed(tmp_path: Path):
    path = embedded.socket_path(tmp_path, "bus")
    path.parent.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    await embedded.evict_orphan(tmp_path, "bus")
    assert not path.exists()


async def test_a_file_in_the_sockets_place_is_removed(tmp_path: Path):
    path = embedded.socket_path(tmp_path, "bus")
    path.parent.mkdir(parents=True)
    path.write_text("not a socket")
    await embedded.evict_orphan(tmp_path, "bus")
    assert not path.exists()


@pytest.mark.parametrize("condition", ["well", "stopped"])
async def test_an_orphan_is_evicted_and_loses_nothing(
    condition: str,
    tmp_path: Path,
    started: list[subprocess.Popen[bytes]],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(embedded, "_POLITE_S", 0.2)
    orphan = launch(tmp_path, "state", embedded.STATE, started)
    await embedded.wait_until_up(tmp_path, "state")
    client = connect(embedded.url(tmp_path, "state"))
    await client.set("vote", "5")
    if condition == "stopped":
        orphan.send_signal(signal.SIGSTOP)

    evicting = asyncio.create_task(embedded.evict_orphan(tmp_path, "state"))
    await eventually(lambda: orphan.poll() is not None, "the orphan to end", 10)
    await evicting

    assert not embedded.socket_path(tmp_path, "state").exists()
    launch(tmp_path, "state", embedded.STATE, started)
    await embedded.wait_until_up(tmp_path, "state")
    await client.aclose()
    client = connect(embedded.url(tmp_path, "state"))
    assert await client.get("vote") == b"5"
    await client.aclose()


async def test_an_orphan_with_a_client_that_holds_on_is_evicted(
    tmp_path: Path, started: list[subprocess.Popen[bytes]]
):
    orphan = launch(tmp_path, "bus", embedded.BUS, started)
    await embedded.wait_until_up(tmp_path, "bus")
    client = connect(embedded.url(tmp_path, "bus"))
    waiting = asyncio.create_task(client.blpop(["nothing"], timeout=60))
    evicting = asyncio.create_task(embedded.evict_orphan(tmp_path, "bus"))
    await eventually(lambda: orphan.poll() is not None, "the orphan to end", 10)
    await evicting
    with pytest.raises(redis.RedisError):
        await waiting
    await client.aclose()


# --- what is kept -----------------------------------------------------------------------------


def test_the_state_keeps_all_it_has_acknowledged(tmp_path: Path):
    server = Server("valkey", tmp_path, durable=True)
    server.start()
    acknowledged = 0
    for round_ in range(3):
        with redis.Redis.from_url(server.url) as client:
            for number in range(200):
                client.set(f"{round_}:{number}", number)
                acknowledged += 1
            server.kill()
        server.start()
        with redis.Redis.from_url(server.url) as client:
            assert client.dbsize() == acknowledged
    server.kill()


def test_the_state_survives_a_write_that_was_torn_apart(tmp_path: Path):
    server = Server("valkey", tmp_path, durable=True)
    server.start()
    with redis.Redis.from_url(server.url) as client:
        client.set("whole", 1)
    server.kill()
    (log,) = (tmp_path / "state" / "appendonlydir").glob("*.incr.aof")
    with log.open("ab") as file:
        file.write(b"*3\r\n$3\r\nSET\r\n$4\r\nto")
    server.start()
    with redis.Redis.from_url(server.url) as client:
        assert client.get("whole") == b"1"
    server.kill()


def test_the_bus_keeps_nothing(tmp_path: Path):
    server = Server("valkey", tmp_path)
    server.start()
    with redis.Redis.from_url(server.url) as client:
        client.set("x", 1)
    server.restart()
    with redis.Redis.from_url(server.url) as client:
        assert client.dbsize() == 0
        config = client.config_get("maxmemory*")
    server.kill()
    assert config["maxmemory-policy"] == "noeviction"
    assert not list((tmp_path / "bus").glob("*.rdb"))
