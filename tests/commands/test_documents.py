"""`relay camera …` and `relay broadcast …`, the real program, with and without a running relay."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.processes import processes_of, relay, sockets_of
from tests.support.stack import Stack
from tests.support.stalls import HANG_S

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A data folder that no relay uses."""
    found = Stack(tmp_path_factory.mktemp("idle"))
    yield found
    assert processes_of(found) == {}
    assert sockets_of(found) == []


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A relay that runs."""
    with Stack(tmp_path_factory.mktemp("up")).running() as found:
        yield found


def run(stack: Stack, *arguments: str) -> str:
    """A command that must succeed without complaint; what it prints."""
    result = relay(stack, *arguments)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def refused(stack: Stack, *arguments: str) -> str:
    """A command that must be refused, with a line for people and exit code 2."""
    result = relay(stack, *arguments)
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    return result.stderr


def key_in(text: str, stack: Stack) -> str:
    key = re.search(r"evk_[\w-]+", text)
    assert key is not None
    assert f"rtmp://HOST:{stack.rtmp_port}/live/{key[0]}" in text
    return key[0]


def test_the_life_of_a_camera_and_a_broadcast(up: Stack):
    first = key_in(run(up, "camera", "add", "helmet", "--name", "Helmet of EV1"), up)
    run(up, "camera", "add", "feed", "--pull", "/clips/a.mp4", "--loop")
    run(up, "camera", "change", "feed", "--pull", "")
    assert "feed\tfeed\tflat\tsends" in run(up, "camera", "list")
    run(up, "camera", "change", "feed", "--pull", "/clips/b.mp4")
    assert run(up, "camera", "list").splitlines() == [
        "feed\tfeed\tflat\tpulled",
        "helmet\tHelmet of EV1\tflat\tsends",
    ]
    assert run(up, "camera", "change", "helmet", "--projection", "equirectangular") == (
        "helmet changed\n"
    )
    assert "helmet\tHelmet of EV1\tequirectangular" in run(up, "camera", "list")
    second = key_in(run(up, "camera", "key", "helmet"), up)
    assert second != first

    url = run(
        up,
        *("broadcast", "add", "eva-1", "--title", "EVA 1", "--camera", "helmet"),
        *("--crew", "EV1=Ada Lovelace", "--starts-at", "2026-11-22T14:00:00Z"),
    )
    assert url == f"http://localhost:{up.http_port}/b/eva-1\n"
    run(up, "broadcast", "change", "eva-1", "--camera", "helmet", "--camera", "feed")
    assert run(up, "broadcast", "list") == "eva-1\tEVA 1\thelmet,feed\n"

    # A camera that is shown stays.
    assert "belongs to eva-1" in refused(up, "camera", "remove", "helmet")
    assert run(up, "broadcast", "remove", "eva-1") == "eva-1 deleted\n"
    for name in ("helmet", "feed"):
        assert run(up, "camera", "remove", name) == f"{name} deleted\n"
    assert run(up, "camera", "list") == run(up, "broadcast", "list") == ""


def test_without_a_relay_what_is_made_is_kept_as_well(idle: Stack):
    key_in(run(idle, "camera", "add", "kept"), idle)
    run(idle, "broadcast", "add", "kept", "--camera", "kept")
    assert run(idle, "camera", "list") == "kept\tkept\tflat\tsends\n"
    run(idle, "broadcast", "remove", "kept")
    run(idle, "camera", "remove", "kept")


def test_what_a_command_makes_is_seen_at_once_by_the_relay(up: Stack):
    key = key_in(run(up, "camera", "add", "seen"), up)
    assert up.request("GET", "/api/v1/cameras/seen")["name"] == "seen"
    assert key not in up.log.read_text()
    run(up, "camera", "remove", "seen")
    assert up.get("/api/v1/cameras/seen")["status"] == 404


WRONG = {
    "no such camera": (("camera", "change", "nobody", "--name", "x"), ["camera", "'nobody'"]),
    "no such broadcast": (("broadcast", "remove", "nothing"), ["broadcast", "'nothing'"]),
    "an unknown camera in it": (
        ("broadcast", "add", "eva", "--camera", "nobody"),
        ["camera", "'nobody'"],
    ),
    "a wrong id": (("camera", "add", "Not_A_Slug"), ["id", "a-z0-9"]),
    "a wrong moment": (("broadcast", "add", "eva", "--starts-at", "soon"), ["starts_at"]),
    "a wrong crew": (("broadcast", "add", "eva", "--crew", "Ada"), ["--crew Ada", "ROLE=NAME"]),
    "a wrong source": (("camera", "add", "a", "--pull", "x" * 3000), ["url", "2000"]),
    "a wrong new source": (("camera", "change", "here", "--pull", "a\nb"), ["url"]),
    "a loop of nothing": (("camera", "add", "a", "--loop"), ["--loop", "--pull"]),
    "a wrong projection": (("camera", "add", "a", "--projection", "round"), ["flat"]),
    "a wrong command": (("camera", "paint"), ["paint"]),
}


@pytest.mark.parametrize(("arguments", "told"), list(WRONG.values()), ids=list(WRONG))
def test_what_is_wrong_is_told(arguments: tuple[str, ...], told: list[str], idle: Stack):
    if "here" in arguments:
        run(idle, "camera", "add", "here")
    complaint = refused(idle, *arguments)
    if "here" in arguments:
        run(idle, "camera", "remove", "here")
    for word in told:
        assert word in complaint


def test_what_is_there_is_not_made_again(up: Stack):
    run(up, "camera", "add", "twice")
    assert "there is already a camera 'twice'" in refused(up, "camera", "add", "twice")
    run(up, "camera", "remove", "twice")


def test_commands_at_the_same_time_wait_for_each_other(idle: Stack):
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "relay", "camera", "add", f"at-once-{number}"],
            env=idle.environment,
            cwd=idle.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    results = [(process.communicate(timeout=HANG_S), process.returncode) for process in started]
    assert [(complaint, code) for (_, complaint), code in results] == [("", 0)] * 3
    names = [line.split("\t")[0] for line in run(idle, "camera", "list").splitlines()]
    assert names == ["at-once-0", "at-once-1", "at-once-2"]
    for name in names:
        run(idle, "camera", "remove", name)


def test_a_state_out_of_reach_is_told(idle: Stack):
    url = "redis://:pass-word@127.0.0.1:1/0"
    result = relay(idle, "camera", "list", RELAY_STATE_URL=url)
    assert result.returncode == 1
    assert result.stderr.startswith("relay: listing cameras: ConnectionError")
    assert "pass-word" not in result.stderr
    assert "Traceback" not in result.stderr


def test_help_names_the_commands(idle: Stack):
    text = run(idle, "--help")
    for name in ("serve", "demo", "camera", "broadcast"):
        assert re.search(rf"^\W*{name}\b", text, re.MULTILINE)
    assert "demo-camera" not in text
    assert os.environ.get("RELAY_DATA_DIR") is None
