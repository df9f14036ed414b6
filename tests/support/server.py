"""A store of a test's own, which it may kill, stop and start again."""

from __future__ import annotations

import shutil
import signal
import subprocess
from typing import TYPE_CHECKING

import redis

from relay.bus import embedded
from relay.bus.roles import acl_lines, url_for
from tests.support.stack import free_port
from tests.support.stalls import HANG_S
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path


def answers(client: redis.Redis) -> bool:
    """Whether a store answers."""
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


def open_config(folder: Path, name: str, special: dict[str, str]) -> Path:
    """A configuration of an embedded server for tests: who names no user may do all, and the users
    of the roles are those of `of_role`.
    """
    config = embedded.write_config(folder, name, special)
    lines = config.read_text().splitlines()
    options = [line for line in lines if not line.startswith("user ")]
    config.write_text("\n".join([*options, *_USERS, ""]))
    embedded.secret_path(folder, name).unlink()
    return config


_SECRET = "the-secret-of-the-tests"
_USERS = acl_lines(_SECRET, "bus", "state")[1:]


def of_role(url: str, role: str) -> str:
    """A store of the tests as a role may use it: what it does beyond that is refused."""
    return url_for(url, role, _SECRET)


class Server:
    """A server of `kind` valkey (embedded, on a unix socket) or redis (on a TCP port).

    With `durable` it writes to disk before it answers, as the state does.
    """

    def __init__(self, kind: str, folder: Path, *, durable: bool = False) -> None:
        if kind == "valkey":
            name, special = ("state", embedded.STATE) if durable else ("bus", embedded.BUS)
            self._command = embedded.server_command(open_config(folder, name, special))
            self.url = embedded.url(folder, name)
        else:
            program = shutil.which("redis-server")
            assert program is not None, "redis-server is missing; run: apt-get install redis-server"
            port = free_port()
            users = folder / "users.acl"
            users.write_text("\n".join(["user default on nopass ~* &* +@all", *_USERS, ""]))
            append = ["--appendonly", "yes", "--appendfsync", "always"] if durable else []
            self._command = [
                *(program, "--port", str(port), "--bind", "127.0.0.1"),
                *("--save", "", "--dir", str(folder), *append),
                *("--aclfile", str(users)),
            ]
            self.url = f"redis://127.0.0.1:{port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        self.wait_until_up()

    def wait_until_up(self) -> None:
        """Wait until it answers."""
        with redis.Redis.from_url(self.url) as client:
            wait_until(lambda: answers(client), "the store to answer")

    def kill(self) -> None:
        """SIGKILL."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(HANG_S)

    def restart(self) -> None:
        """SIGKILL, and a new start."""
        self.kill()
        self.start()

    def pause(self) -> None:
        """SIGSTOP: it takes connections, and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)
