"""The real `relay serve`: its start, its end however it comes, and what must not be left behind."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.error import HTTPError

import pytest

from tests.support.processes import processes_of, relay, sockets_of, started
from tests.support.stack import Stack, free_port
from tests.support.stalls import HANG_S, tries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

STOP_S = 5.0
"""Within this a relay has ended, says the issue."""


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """A relay that is not started; nothing of it outlives the test."""
    found = Stack(tmp_path)
    yield found
    left = processes_of(found)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert left == {}


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A relay that runs, for tests that leave it so."""
    with Stack(tmp_path_factory.mktemp("up")).running() as found:
        yield found
    assert processes_of(found) == {}
    assert sockets_of(found) == []
    assert "Traceback" not in found.log.read_text()


def pid_of(stack: Stack, *needles: str) -> int | None:
    """The one process whose command line has all needles."""
    pids = [pid for pid, line in processes_of(stack).items() if all(n in line for n in needles)]
    return pids[0] if len(pids) == 1 else None


PARTS = {
    "bus": ("store bus",),
    "state": ("store state",),
    "ingest": ("-m relay ingest",),
    "edge": ("-m relay edge", "--index 0"),
    "gateway": ("-m relay gateway",),
}
"""Every process of an idle relay but the supervisor, in the order of their start."""


def stop(stack: Stack, number: signal.Signals) -> int:
    """Signal the supervisor, and wait for its end; its exit code."""
    os.kill(stack.pid, number)
    return stack.wait_ended()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_everything(
    number: signal.Signals, stack: Stack, clip: Path, figure: Callable[[str], None]
):
    for attempt in tries(STOP_S):
        with stack.running():
            stack.publish(stack.camera_anew("helmet"), clip)
            stack.wait(lambda: pid_of(stack, "camera", "run", "helmet"), "the camera's worker")
            assert len(processes_of(stack)) == len(PARTS) + 2
            with attempt:
                assert stop(stack, number) == 0
            assert processes_of(stack) == {}
            assert sockets_of(stack) == []
        text = stack.log.read_text()
        assert "Traceback" not in text
        assert "killing it" not in text
        figure(f"s to the end of a relay after {number.name}: {attempt}")


def test_the_start_has_an_order(up: Stack):
    pids = [pid_of(up, *needles) for needles in PARTS.values()]
    times = [started(pid) for pid in pids if pid is not None]
    assert len(times) == len(PARTS)
    assert times == sorted(times)
    # Who waits until it is ready may use all of it.
    socket.create_connection(("127.0.0.1", up.rtmp_port), 2).close()
    assert up.get("/api/v1/broadcasts") == {"broadcasts": []}
    assert up.log.read_text().count("the relay is up") == 1


def test_a_second_relay_on_the_same_folder_is_told_why_not(up: Stack):
    before = processes_of(up)
    result = relay(up, "serve", RELAY_HTTP_PORT=str(free_port()))
    assert result.returncode == 2
    assert f"another relay (process {up.pid}) uses the data folder" in result.stderr
    assert f"{up.environment['RELAY_DATA_DIR']}; stop it, or set RELAY_DATA_DIR" in result.stderr
    assert "Traceback" not in result.stderr
    assert processes_of(up) == before
    assert up.get("/readyz")["ready"]


@pytest.mark.parametrize("name", list(PARTS))
def test_every_part_may_be_killed(name: str, up: Stack):
    camera = f"seen-{name}"
    up.camera(camera)
    before = pid_of(up, *PARTS[name])
    assert before is not None
    os.kill(before, signal.SIGKILL)

    def is_back() -> bool:
        if pid_of(up, *PARTS[name]) in (None, before) or not up.is_ready():
            return False
        try:
            return bool(up.request("GET", f"/api/v1/cameras/{camera}")["id"] == camera)
        except HTTPError as error:
            if error.code != 503:  # what `/readyz` says may be a second old
                raise
            return False

    up.wait(is_back, f"{name} to be back, with what it knew")


def test_a_supervisor_that_is_killed_leaves_nothing_and_starts_again(stack: Stack, clip: Path):
    stack.environment["RELAY_ADMIN_TOKEN"] = ""
    stack.start()
    try:
        # The token is shown at the first start only, and stays.
        (token,) = re.findall(r"evt_[\w-]+", stack.log.read_text())
        admin = {"Authorization": f"Bearer {token}"}
        body = {"id": "helmet", "name": "Helmet"}
        key = stack.request("POST", "/api/v1/cameras", body, **admin)["publish_key"]
        stack.publish(key, clip)
        stack.wait(lambda: pid_of(stack, "camera", "run", "helmet"), "the worker")
        os.kill(stack.pid, signal.SIGKILL)
        stack.wait_ended()
        stack.wait(lambda: processes_of(stack) == {}, "the end of all processes")
        assert set(sockets_of(stack)) == {"bus.sock", "state.sock"}  # stale
    finally:
        stack.end_publishers()
    with stack.running():
        assert stack.request("GET", "/api/v1/cameras/helmet", **admin)["id"] == "helmet"
        assert stack.log.read_text().count("evt_") == 1
        assert stop(stack, signal.SIGTERM) == 0
    assert sockets_of(stack) == []


@contextmanager
def taken(port: int, kind: socket.SocketKind) -> Iterator[None]:
    with socket.socket(socket.AF_INET, kind) as holder:
        holder.bind(("0.0.0.0", port))
        if kind is socket.SOCK_STREAM:
            holder.listen()
        yield


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("RTMP", socket.SOCK_STREAM),
        ("WEBRTC", socket.SOCK_DGRAM),
        ("HTTP", socket.SOCK_STREAM),
    ],
)
def test_a_port_in_use_is_told(name: str, kind: socket.SocketKind, stack: Stack):
    port = int(stack.environment[f"RELAY_{name}_PORT"])
    with taken(port, kind):
        result = relay(stack, "serve", RELAY_ADMIN_TOKEN="")
    assert result.returncode == 2
    assert re.search(rf"relay: RELAY_{name}_PORT={port}: .*in use", result.stderr)
    assert "Traceback" not in result.stderr
    assert processes_of(stack) == {}
    assert sockets_of(stack) == []
    # A token that opens nothing yet is not told; the start that succeeds tells one.
    assert "evt_" not in result.stdout + result.stderr
    stack.environment["RELAY_ADMIN_TOKEN"] = ""
    with stack.running():
        (token,) = re.findall(r"evt_[\w-]+", stack.log.read_text())
        assert stack.request("GET", "/api/v1/cameras", Authorization=f"Bearer {token}") is not None


def test_a_folder_that_cannot_be_used_is_told(stack: Stack):
    (stack.folder / "file").touch()
    folder = stack.folder / "file" / "data"
    result = relay(stack, "serve", RELAY_DATA_DIR=str(folder))
    assert result.returncode == 2
    assert "the data folder cannot be used" in result.stderr
    assert str(folder) in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("part", [None, "state", "ingest", "gateway"])
def test_a_signal_during_the_start_ends_everything(part: str | None, stack: Stack):
    for attempt in tries(STOP_S):
        with started_up_to(part, stack) as process, attempt:
            process.send_signal(signal.SIGTERM)
            assert process.wait(HANG_S) == 0, stack.log.read_text()
        assert processes_of(stack) == {}
        assert sockets_of(stack) == []
        assert "Traceback" not in stack.log.read_text()


@contextmanager
def started_up_to(part: str | None, stack: Stack) -> Iterator[subprocess.Popen[bytes]]:
    """A relay that has just started a part of it, or has made its first step."""
    lock = stack.folder / "data" / "relay.lock"
    lock.unlink(missing_ok=True)
    with stack.log.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "relay", "serve"],
            env=stack.environment,
            cwd=stack.folder,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        if part is None:
            stack.wait(lock.exists, "its first step")
        else:
            stack.wait(lambda: pid_of(stack, *PARTS[part]), f"{part} to be started")
        yield process
    finally:
        process.kill()
        process.wait()


def test_wrong_settings_are_refused_with_what_is_allowed(stack: Stack):
    result = relay(
        stack,
        "serve",
        RELAY_HTTP_PORT="70000",
        RELAY_LOG_LEVEL="loud",
        RELAY_BUS_URL="http://host",
        RELAY_PULL_PRIVATE="perhaps",
        RELAY_PUBLIC_URL="eva.example/path",
    )
    assert result.returncode == 2
    lines = result.stderr.splitlines()
    assert len(lines) == 5
    assert "relay: RELAY_HTTP_PORT='70000': must be a whole number from 1 to 65535" in lines
    assert any(re.match("relay: RELAY_LOG_LEVEL='loud': .*'debug'.*'error'", x) for x in lines)
    assert "relay: RELAY_PULL_PRIVATE='perhaps': must be true or false" in lines
    assert any(x.startswith("relay: RELAY_BUS_URL=•••: must be redis://") for x in lines)
    assert any(x.startswith("relay: RELAY_PUBLIC_URL='eva.example/path': must") for x in lines)
    unknown = relay(stack, "serve", RELAY_HTTP_PROT="1")
    assert unknown.returncode == 2
    assert "RELAY_HTTP_PROT: there is no such setting (allowed: RELAY_ADMIN_TOKEN" in unknown.stderr
    (stack.folder / "relay.toml").write_text("http_port = 'none'\n")
    del stack.environment["RELAY_HTTP_PORT"]
    toml = relay(stack, "camera", "list")
    assert toml.returncode == 2
    assert "RELAY_HTTP_PORT='none'" in toml.stderr
