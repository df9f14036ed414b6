"""Commands where letters are other bytes, and folders have letters of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

import pytest

from relay.ingest.files import Files
from relay.ingest.pull import open_source
from relay.ingest.tracks import tracks_of
from tests.support import files
from tests.support.stalls import HANG_S

if TYPE_CHECKING:
    from pathlib import Path

NAME = "J\u00fcrgen \u2192 H\u00f6he"


def relay(folder: Path, *words: str, **environment: str) -> str:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    settings = {"RELAY_DATA_DIR": str(folder / "d\u00e4t\u00e4"), "LC_ALL": "C"}
    done = subprocess.run(
        [sys.executable, "-m", "relay", *words],
        cwd=folder,
        env=inherited | settings | environment,
        capture_output=True,
        timeout=HANG_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    return done.stdout.decode("utf-8", "replace")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("\u00fcbung \u00df")
    files.PLAYS[0].make(path).rename(path / "H\u00f6he.mp4")
    relay(path, "camera", "add", "helmet", "--name", NAME, "--pull", "H\u00f6he.mp4")
    return path


def test_all_letters_come_out_where_they_can(folder: Path):
    assert NAME in relay(folder, "camera", "list")


@pytest.mark.parametrize(("encoding", "shown"), [("ascii", "J?rgen ? H?he"), ("latin-1", " ? H")])
def test_what_a_terminal_cannot_show_is_no_error(folder: Path, encoding: str, shown: str):
    assert shown in relay(folder, "camera", "list", PYTHONIOENCODING=encoding)


@pytest.mark.parametrize("locale", ["C", "POSIX", "tr_TR.UTF-8", "de_DE.ISO-8859-1", "no_SUCH"])
def test_commands_work_in_any_locale(folder: Path, locale: str):
    # In Turkish an I is not the capital of an i.
    assert "OFFLINE" in relay(folder, "camera", "list", LC_ALL=locale).upper()
    assert NAME in relay(folder, "camera", "list", LC_ALL=locale)


def test_a_folder_whose_name_is_no_utf8(folder: Path):
    data = os.fsdecode(os.fsencode(folder) + b"/d\xffta")
    assert "helmet" in relay(folder, "camera", "add", "helmet", RELAY_DATA_DIR=data)
    assert "helmet" in relay(folder, "camera", "list", RELAY_DATA_DIR=data)


def test_a_file_whose_name_has_other_letters_is_read(folder: Path):
    """And the camera that it was named for may pull it, without any setting."""
    path = folder / "H\u00f6he.mp4"
    find = partial(Files([], folder / "d\u00e4t\u00e4" / "pulls").require, "helmet")
    with open_source(str(path), allow_private=False, find=find) as container:
        assert len(tracks_of(container).found) == 2
