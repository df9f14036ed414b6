"""Every command with wrong input: one line that says what is wrong, and what is allowed."""

from __future__ import annotations

import importlib
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from relay import cli
from relay.commands.source import source
from relay.errors import Invalid

if TYPE_CHECKING:
    from redis.asyncio import Redis

pytestmark = pytest.mark.parametrize("store_kind", ["valkey"], indirect=True)

MOMENT = "must be a moment, such as 2026-11-22T14:00:00Z"
SLUG = "must be 1 to 64 of the characters a-z, 0-9 and -"
WRONG = {
    # camera
    "camera add Not_A_Slug": f"id: {SLUG}",
    "camera add here": "there is already a camera 'here'",
    "camera add a --loop": "--loop: nothing is pulled; name it with --pull",
    "camera add a --pull .": "--pull .: this is a folder; name a file in it",
    "camera add a --pull srt://h:1": (
        "--pull: srt:// cannot be pulled; allowed are http://, https://, rtmp:// and files"
    ),
    "camera add a --pull file:///etc/passwd": "--pull: file:// cannot be pulled",
    "camera add a --pull http://": "--pull: this URL has no host",
    "camera add a --pull rtmp://h:x/live": "--pull: this is no URL",
    "camera add a --projection round": "--projection round: must be flat or equirectangular",
    "camera change nobody --name x": "there is no camera 'nobody'",
    "camera change here": "nothing to change: name an option, such as --name",
    "camera key nobody": "there is no camera 'nobody'",
    "camera remove nobody --yes": "there is no camera 'nobody'",
    "camera remove here": "Nobody is here to answer: add --yes",
    "camera pull here": "camera 'here' is not pulled",
    "camera lst": "No such command 'lst'. Did you mean 'list'?",
    "camera list --jsn": "No such option: --jsn",
    "camera run": "Missing argument 'camera_id'.",
    # broadcast
    "broadcast add Eva!": f"slug: {SLUG}",
    "broadcast add eva": "there is already a broadcast 'eva'",
    "broadcast add new --camera nobody": "there is no camera 'nobody'",
    "broadcast add new --camera here --camera here": "cameras: one stands in it twice",
    "broadcast add new --partner nobody": "there is no partner 'nobody'",
    "broadcast add new --crew Ada": "--crew Ada: this has to be ROLE=NAME",
    "broadcast add new --crew =Ada": "role: must not be empty",
    "broadcast add new --language Deutsch!": "language: must be a language tag, such as en",
    "broadcast add new --starts-at soon": f"starts_at: {MOMENT}",
    "broadcast add new --starts-at 2026-11-22T14:00:00": "starts_at: must name its offset from UTC",
    "broadcast add new --starts-at 5": "starts_at: a moment is written as in RFC 3339",
    "broadcast change nothing --title x": "there is no broadcast 'nothing'",
    "broadcast list eva": "(eva)",
    "broadcast change eva": "nothing to change: name an option, such as --title",
    "broadcast start nothing": "there is no broadcast 'nothing'",
    "broadcast end nothing": "there is no broadcast 'nothing'",
    "broadcast reopen nothing": "there is no broadcast 'nothing'",
    "broadcast reopen eva": "eva has not ended",
    "broadcast remove nothing --yes": "there is no broadcast 'nothing'",
    "broadcast remove eva": "Delete broadcast 'eva' with its votes, comments and feedback?",
    "broadcast strat eva": "No such command 'strat'. Did you mean 'start'?",
    # partner
    "partner add Acme": f"id: {SLUG}",
    "partner add acme --origin ftp://a.example": "origins.0: it has to begin with http://",
    "partner add acme --origin https://a.example/path": "an origin is https:// and a host",
    "partner change nobody --name x": "there is no partner 'nobody'",
    "partner list acme": "(acme)",
    "partner change nobody": "nothing to change: name an option, such as --origin",
    "partner key nobody": "there is no partner 'nobody'",
    "partner remove nobody --yes": "there is no partner 'nobody'",
    # the rest
    "camra": "No such command 'camra'. Did you mean 'camera'?",
    "paint": "No such command 'paint'.",
    "status now": "unexpected extra argument",
    "serve --port 1": "No such option: --port",
    "gateway --port 1": "No such option: --port",
    "ingest --port 1": "No such option: --port",
    "edge --index one": "--index one: must be a whole number",
    "demo --input nowhere.mp4": "--input nowhere.mp4: there is no such file",
    "acl cache": "cache: must be bus, state, or both",
    "acl bus": "RELAY_STORE_SECRET is not set, and passwords are made of it",
    "demo-camera": "Missing argument 'kind'.",
    "demo-camera helmet --width wide": "--width wide: must be a whole number",
    "demo-camera helmet --height 0": "--height 0: must be 16 or more",
    "demo-camera helmet --fps -30": "--fps -30: must be 1 or more",
    # bench
    "bench paint": "No such command 'paint'.",
    "bench fanout --seconds nan": "--seconds nan: must be more than 0, and finite",
    "bench fanout --viewers 1 --viewers few": "--viewers few: must be a whole number",
    "bench votes --voters 0": "--voters 0: must be 1 or more",
    "bench viewers --full-load much": "--full-load much: must be a number",
    "bench memory --sessions 1.5": "--sessions 1.5: must be a whole number",
    "bench joins --count -1": "--count -1: must be 1 or more",
    "bench bus --readers none": "--readers none: must be a whole number",
    "bench idle --seconds -1": "--seconds -1: must be more than 0, and finite",
    "bench join --joins x": "--joins x: must be a whole number",
    "bench latency --viewers -1": "--viewers -1: must be 0 or more",
}
FOREIGN = re.compile(r"pydantic|Traceback|Value error|should|Field required|Extra inputs")


Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(
    store: Redis,
    store_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Call:
    """Calls commands in this process, on a store with a camera and a broadcast."""
    for name in [each for each in os.environ if each.startswith("RELAY_")]:
        monkeypatch.delenv(name)
    for name in ("STATE", "BUS"):
        monkeypatch.setenv(f"RELAY_{name}_URL", store_url)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO())

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["relay", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        # What is boxed for a terminal is one text.
        out, err = (re.sub(r"[╭╮╰╯│─]", " ", text) for text in capsys.readouterr())
        return int(ended.value.code or 0), out, " ".join(err.split())

    assert run("camera", "add", "here")[0] == 0
    assert run("broadcast", "add", "eva")[0] == 0
    return run


@pytest.mark.parametrize("line", list(WRONG))
def test_what_is_wrong_is_told(line: str, call: Call):
    code, out, said = call(*line.split())
    assert (code, out) == (2, "")
    assert not FOREIGN.search(said), said
    assert WRONG[line] in said, said


ODD = {
    "name: must not be longer than 200 characters": ("--name", "x" * 300),
    "name: some of its characters are not allowed": ("--name", "a\nb"),
    "name: must not be empty": ("--name", " "),
    "url: must not be longer than 2000 characters": ("--pull", "http://h/" + "x" * 3000),
}


@pytest.mark.parametrize("told", list(ODD))
def test_what_is_long_or_odd_is_told(told: str, call: Call):
    code, _, said = call("camera", "add", "a", *ODD[told])
    assert code == 2
    assert told in said


@pytest.mark.usefixtures("store_kind")
def test_a_source_is_stored_with_its_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Invalid, match=r"--pull clip.mp4: there is no such file \(/.*clip.mp4\)"):
        source("clip.mp4", option="--pull")
    assert source("clip.mp4", option="--pull", elsewhere=True) == str(tmp_path / "clip.mp4")
    (tmp_path / "clip.mp4").write_bytes(b"no film")
    assert source("clip.mp4", option="--pull") == str(tmp_path / "clip.mp4")
    url = "https://user:secret@host/stream.flv"
    assert source(url, option="--pull") == url


def test_a_broadcasts_language_is_set_and_taken_back(call: Call):
    def language() -> object:
        return json.loads(call("broadcast", "list", "--json")[1])[0]["language"]

    for tag, kept in (("pt-BR", "pt-BR"), ("", None)):
        assert call("broadcast", "change", "eva", "--language", tag)[0] == 0
        assert language() == kept


@pytest.mark.usefixtures("store_kind")
def test_a_command_that_ends_loads_nothing_that_decodes_or_serves():
    """Each process of the relay is such a command, and tests start dozens."""
    heavy = {"av", "numpy", "aiohttp", "aiortc", "valkey", "rich"}
    for module in ("cameras", "broadcasts", "partners", "status", "serve", "bench"):
        code = f"import sys, relay.cli, relay.commands.{module}; print(*sys.modules)"
        loaded = subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True
        ).stdout
        assert heavy.isdisjoint(loaded.split()), module


def test_the_version_and_short_help(call: Call):
    assert re.fullmatch(r"EVA Relay \d+\.\d+\.\d+\n", call("--version")[1])
    for arguments in (["-h"], ["camera", "-h"], ["broadcast", "end", "-h"], ["status", "-h"]):
        code, out, _ = call(*arguments)
        assert code == 0
        assert "Usage: relay" in out


def test_completion_knows_the_commands(call: Call, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("_RELAY_COMPLETE", "complete_bash")
    for words, wanted in {"relay cam": "camera", "relay broadcast re": "reopen"}.items():
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
        assert wanted in call()[1].split()


@pytest.mark.usefixtures("store_kind")
def test_completion_that_is_installed_completes(tmp_path: Path):
    beside = Path(sys.executable).parent
    homes = {"HOME": str(tmp_path), "PATH": f"{beside}:/usr/bin:/bin", "LANG": "C.UTF-8"}

    def bash(script: str) -> str:
        command = ["bash", "--norc", "-c", f"{script}; true"]
        ran = subprocess.run(command, env=homes, capture_output=True, text=True, check=True)
        return ran.stdout

    assert "completion installed" in bash("relay --install-completion")
    # As a shell does it that reads its settings and in which somebody presses the tab key.
    asks = "COMP_WORDS=(relay cam); COMP_CWORD=1; _relay_completion relay; echo ${COMPREPLY[@]}"
    assert bash(f". ~/.bashrc; {asks}").split() == ["camera"]


@pytest.mark.usefixtures("store_kind")
def test_no_command_is_left_out() -> None:
    """Whoever adds a command says here what it answers to wrong input."""
    tried = {tuple(line.split()[:2]) for line in WRONG} | {(line.split()[0],) for line in WRONG}
    for name, module in cli._COMMANDS.items():
        assert (name,) in tried, name
        group = importlib.import_module(module).app
        for command in group.registered_commands if len(group.registered_commands) > 1 else ():
            called = command.name or command.callback.__name__
            assert (name, called) in tried, (name, called)
