"""What each process of a real relay is told, read where anybody of its user can: in /proc."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from relay.bus import embedded
from relay.bus.roles import SERVERS, password
from relay.config import Settings, load
from relay.confine import version
from relay.supervisor.environment import SETTINGS, inherited, of_role
from tests.support.processes import processes_of
from tests.support.stack import ADMIN_TOKEN, Stack
from tests.support.stalls import HANG_S

if TYPE_CHECKING:
    from collections.abc import Iterator

ROLES = {
    "gateway": "-m relay gateway",
    "ingest": "-m relay ingest",
    "edge": "-m relay edge",
    "camera": "camera run helmet",
    "pull": "camera pull pad",
    "bus": "store bus",
    "state": "store state",
}


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> Iterator[Stack]:
    """A relay with a process of each role; its token stands in `relay.toml`."""
    folder = tmp_path_factory.mktemp("roles")
    stack = Stack(
        folder,
        EVA_SECRET="of-the-operator",
        AWS_SECRET_ACCESS_KEY="of-the-operator",
        RELAY_PULL_FOLDERS=f"{clip.parent}:{folder}",
    )
    del stack.environment["RELAY_ADMIN_TOKEN"]
    (folder / "relay.toml").write_text(f'admin_token = "{ADMIN_TOKEN}"\nvote_pace = 7\n')
    with stack.running():
        pull = {"url": str(clip), "loop": True}
        stack.request("POST", "/api/v1/cameras", {"id": "pad", "name": "Pad", "pull": pull})
        stack.publish(stack.camera("helmet"), clip)
        stack.broadcast("show", ["helmet", "pad"])
        stack.wait_live("show", "helmet")
        stack.wait_live("show", "pad")
        yield stack


def environment(stack: Stack, role: str) -> dict[str, str]:
    """The variables with which the process of a role was started; stores write over theirs."""
    [pid] = [pid for pid, line in processes_of(stack).items() if ROLES[role] in line]
    text = (Path("/proc") / str(pid) / "environ").read_text()
    return dict(each.partition("=")[::2] for each in text.split("\0") if "=" in each)


@pytest.mark.parametrize("role", list(ROLES))
def test_a_process_is_told_what_its_role_needs_and_no_more(up: Stack, role: str):
    found = environment(up, role)
    whole = "\n".join(found.values())
    assert "of-the-operator" not in whole
    assert (ADMIN_TOKEN in whole) is (role == "gateway")
    secrets = {
        server: embedded.secret_path(up.folder / "data", server).read_text() for server in SERVERS
    }
    assert not any(secret in whole for secret in secrets.values())
    # It logs in where its role has a user, as that user, and nowhere else.
    wanted = {
        f"RELAY_{server.upper()}_URL": password(secrets[server], role)
        for server, rights in SERVERS.items()
        if role in rights
    }
    urls = {name: value for name, value in found.items() if name.endswith("_URL")}
    assert {name: urlsplit(url).password for name, url in urls.items()} == wanted
    told = {name for name in found if name.startswith("RELAY_")} - urls.keys()
    allowed = {f"RELAY_{name.upper()}" for name in SETTINGS.get(role, ())}
    common = {"RELAY_SUPERVISED", "RELAY_READY_FD", "RELAY_DATA_DIR"}
    assert told <= allowed | common
    assert found.get("RELAY_VOTE_PACE") == ("7" if role == "gateway" else None)


def test_no_secret_stands_in_a_command_line_or_the_log(up: Stack):
    data = up.folder / "data"
    secrets = [embedded.secret_path(data, server).read_text() for server in SERVERS]
    words = [ADMIN_TOKEN, *secrets, *(password(each, role) for each in secrets for role in ROLES)]
    shown = "\n".join(processes_of(up).values()) + up.log.read_text()
    assert not [word for word in words if word in shown]
    for server in SERVERS:
        assert embedded.secret_path(data, server).stat().st_mode & 0o777 == 0o600
        config = data / server / "valkey.conf"
        assert config.stat().st_mode & 0o777 == 0o600
        assert not [word for word in words if word in config.read_text()]


def test_roles_had_all_the_rights_that_they_needed(up: Stack):
    assert up.refused_rights() == []


# --- how settings are handed on -----------------------------------------------------------------


def test_settings_arrive_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    settings = Settings(
        data_dir=tmp_path,
        trusted_proxies=("10.0.0.0/8", "::1/128"),
        vote_watch_s=2.5,
        public_url="https://eva.example",
        admin_token="a-token-of-this-test",
        pull_private=True,
        pull_folders=(tmp_path, tmp_path / "other"),
        bus_url="redis://bus",
        state_url="redis://state",
    )
    (tmp_path / "relay.toml").write_text("http_port = 'unreadable'")
    monkeypatch.chdir(tmp_path)
    for role, names in SETTINGS.items():
        with monkeypatch.context() as patch:
            for name, value in of_role(settings, role).items():
                patch.setenv(name, value)
            arrived = load()
        assert [getattr(arrived, name) for name in names] == [
            getattr(settings, name) for name in names
        ]
        assert (arrived.admin_token == settings.admin_token) is (role == "gateway")


def test_every_setting_has_somebody_who_reads_it():
    read = {name for names in SETTINGS.values() for name in names}
    supervisor = {"state_url", "bus_url", "store_secret", "data_dir", "log_format", "log_level"}
    not_yet = {"whip_port", "srt_port"}
    assert read | supervisor | not_yet == set(Settings.model_fields)


def test_only_what_says_how_programs_run_is_inherited(monkeypatch: pytest.MonkeyPatch):
    for name in ("PATH", "LC_TIME", "PYTHONPATH", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, "x")
    for name in ("RELAY_ADMIN_TOKEN", "DATABASE_URL", "http_proxy", "GITHUB_TOKEN", "XPATH"):
        monkeypatch.setenv(name, "x")
    found = inherited()
    assert {"PATH", "LC_TIME", "PYTHONPATH", "SSL_CERT_FILE"} <= found.keys()
    assert not [name for name in found if re.search("RELAY|DATABASE|proxy|TOKEN|XPATH", name)]


# --- what a process that was taken over finds ----------------------------------------------------

CONFINED = ("ingest", "edge", "camera", "pull")
TRIES = """
import os, pathlib, sys
from relay.confine import confine

assert confine([pathlib.Path(sys.argv[1])])
for path in sys.argv[2:]:
    try:
        with open(path, "ab" if path.endswith(".new") else "rb") as file:
            file.read(1)
        print("open", path)
    except OSError as error:
        print("refused", path)
try:
    os.kill(os.getppid(), 0)
    print("open kill")
except OSError:
    print("refused kill")
import av, redis, ssl, zoneinfo  # what is imported later is there
open(sys.argv[1], "rb").read()
assert os.listdir("/proc/self/task")
print("done")
"""


@pytest.mark.parametrize("role", CONFINED)
def test_who_parses_what_strangers_send_is_confined(up: Stack, role: str):
    [pid] = [pid for pid, line in processes_of(up).items() if ROLES[role] in line]
    if version():
        status = (Path("/proc") / str(pid) / "status").read_text()
        assert "NoNewPrivs:\t1" in status
    else:
        assert "may read all that this user may" in up.log.read_text()


def test_a_confined_process_reads_its_files_and_nothing_else(up: Stack, tmp_path: Path):
    if not version():
        pytest.skip("NOT TESTED: the system has no Landlock")
    data, given = up.folder / "data", tmp_path / "given"
    given.write_bytes(b"x")
    private = [
        up.folder / "relay.toml",
        data / "run" / "state.secret",
        data / "state" / "valkey.conf",
        *(data / "state" / "appendonlydir").glob("*.incr.aof"),
        *(Path("/proc") / str(pid) / "environ" for pid in (up.pid, *up.children("gateway"))),
        tmp_path / "x.new",
        given.with_suffix(".new"),
    ]
    assert all(path.exists() for path in private if path.suffix != ".new")
    result = subprocess.run(
        [sys.executable, "-c", TRIES, str(given), *map(str, private)],
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )
    assert result.stdout.splitlines() == [
        *(f"refused {path}" for path in private),
        *("refused kill", "done"),
    ], result.stderr


def test_a_pulled_file_that_is_replaced_is_found_again(up: Stack, clip: Path):
    pulled = up.folder / "pulled.mp4"
    pulled.write_bytes(b"not a film yet")
    pull = {"url": str(pulled), "loop": True}
    up.request("POST", "/api/v1/cameras", {"id": "late", "name": "Late", "pull": pull})
    up.wait(lambda: "the source cannot be opened" in up.log.read_text(), "the attempt")
    shutil.copy(clip, pulled.with_suffix(".other"))
    pulled.with_suffix(".other").replace(pulled)
    up.broadcast("later", ["late"])
    up.wait_live("later", "late")
