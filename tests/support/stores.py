"""Stores of a test's own, which it may kill, freeze and start again."""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING

import redis

from relay.bus import embedded
from tests.support.server import answers, open_config
from tests.support.stalls import HANG_S
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path


class Store:
    """An embedded server: `bus` forgets, `state` keeps. Started on construction."""

    def __init__(self, folder: Path, name: str) -> None:
        special = embedded.STATE if name == "state" else embedded.BUS
        self._command = embedded.server_command(open_config(folder, name, special))
        self.url = embedded.url(folder, name)
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        with redis.Redis.from_url(self.url) as client:
            wait_until(lambda: answers(client), "the store to answer")

    def kill(self) -> None:
        """SIGKILL; harmless where it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(HANG_S)
            self._process = None

    def freeze(self) -> None:
        """Keep it from answering, with its connections open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it answer again."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)
