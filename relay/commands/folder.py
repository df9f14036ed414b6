"""Which data folder a command works on, said where it could be another one than is meant.

Without RELAY_DATA_DIR it is `data` in the working folder: a command that is typed elsewhere would
otherwise read nothing there, or make a second folder that no relay uses, without a word.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from relay.bus.embedded import is_listening, socket_path
from relay.errors import OperatorError

if TYPE_CHECKING:
    from relay.config import Settings


def check_folder(settings: Settings, *, makes: bool) -> None:
    """Say which folder is made, or refuse to work on one that is not there.

    `makes` says that the command may be the first that is ever called.

    Raises:
        OperatorError: there is no data here, or a relay runs on other data.
    """
    if settings.state_url.get_secret_value() or (settings.data_dir / "state").is_dir():
        return
    others = [folder for folder in running_folders() if folder != settings.data_dir]
    there = "".join(f"\nA relay runs on {folder}: set RELAY_DATA_DIR={folder}" for folder in others)
    if others and "data_dir" not in settings.model_fields_set:
        raise OperatorError(
            f"{settings.data_dir} holds no data of a relay.{there}\n"
            f"To begin new data here: set RELAY_DATA_DIR={settings.data_dir}"
        )
    if not makes:
        raise OperatorError(
            f"{settings.data_dir} holds no data of a relay; change to the folder where the relay "
            f"is started, or set RELAY_DATA_DIR to its data folder.{there}"
        )
    if "data_dir" not in settings.model_fields_set:
        sys.stderr.write(f"relay: a new data folder: {settings.data_dir}\n")


def running_folders() -> list[Path]:
    """The data folders of this user's relays that run on this machine, as far as it tells (Linux).

    They are found by their embedded servers, which work in their folders.
    """
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if not (entry / "comm").read_text().startswith("valkey-server"):
                continue
            home = (entry / "cwd").readlink()
            folder = home.parent
            if home.name == "state" and entry.stat().st_uid == os.getuid():
                found.add(folder)
    return sorted(folder for folder in found if is_listening(socket_path(folder, "state")))
