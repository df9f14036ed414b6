"""Commands in a folder where no relay has run say so, and make no second one unseen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from relay.commands import folder as module
from relay.commands.folder import check_folder, running_folders
from relay.config import Settings
from relay.errors import OperatorError
from relay.supervisor.serve import stores

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def alone(monkeypatch: pytest.MonkeyPatch, *others: Path) -> None:
    """As if no other relay ran than these: this machine may run more of them."""
    monkeypatch.setattr(module, "running_folders", lambda: list(others))


def test_the_first_command_says_which_folder_it_makes(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    alone(monkeypatch)
    check_folder(Settings(), makes=True)
    assert capsys.readouterr().err == f"relay: a new data folder: {here}/data\n"
    check_folder(Settings(data_dir=here / "data"), makes=True)
    assert capsys.readouterr().err == ""
    (here / "data" / "state").mkdir(parents=True)
    check_folder(Settings(), makes=False)
    assert capsys.readouterr().err == ""


def test_a_command_that_needs_data_is_refused_where_there_is_none(
    here: Path, monkeypatch: pytest.MonkeyPatch
):
    alone(monkeypatch)
    with pytest.raises(OperatorError, match=f"{here}/data holds no data of a relay; change to"):
        check_folder(Settings(), makes=False)
    assert list(here.iterdir()) == []
    check_folder(Settings(state_url="redis://h"), makes=False)


def test_a_relay_that_runs_elsewhere_is_named(
    here: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    other = tmp_path / "other" / "data"
    alone(monkeypatch, other)
    for makes in (True, False):
        with pytest.raises(OperatorError, match=f"set RELAY_DATA_DIR={other}") as refused:
            check_folder(Settings(), makes=makes)
        assert f"To begin new data here: set RELAY_DATA_DIR={here}/data" in str(refused.value)


async def test_relays_that_run_are_found(here: Path):
    settings = Settings(data_dir=here / "data")
    assert here / "data" not in running_folders()
    async with stores(settings):
        assert here / "data" in running_folders()
    assert here / "data" not in running_folders()
