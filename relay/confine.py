"""Takes this user's files away from a process that parses what strangers send (Linux, Landlock).

All processes of a relay run as one user, so each could read the settings' file, the secrets of the
embedded servers, and the memory and environment of the others. A confined one reads what programs
are made of and the files that it is given, writes nothing, and looks into and signals no other
process. It cannot be undone. See landlock(7); the numbers are those of every architecture.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
import sysconfig
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import relay

if TYPE_CHECKING:
    from collections.abc import Iterable

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION: Final = 1
_PATH_BENEATH: Final = 1
_NO_NEW_PRIVS: Final = 38

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_OF_FILES: Final = _EXECUTE | _WRITE_FILE | _READ_FILE
"""Rights that a file may have; the others are those of folders."""
_ACCESS: Final = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
"""All rights on files that a version knows, and so takes away."""
_SCOPES: Final = {6: 0b11}
"""Abstract sockets and signals."""

_SYSTEM: Final = (
    *("/usr", "/lib", "/lib64", "/bin", "/opt/local", "/nix/store", "/sys"),
    *("/etc/ssl", "/etc/pki", "/etc/ca-certificates", "/etc/alternatives", "/etc/localtime"),
    *("/etc/resolv.conf", "/run/systemd/resolve", "/etc/hosts", "/etc/nsswitch.conf"),
    *("/etc/host.conf", "/etc/gai.conf", "/etc/services", "/etc/protocols", "/etc/ld.so.cache"),
    *("/dev/urandom", "/dev/random", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat"),
)

_LIBC: Final = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def version() -> int:
    """What the system offers; 0: nothing, and nobody is confined."""
    if _LIBC is None:
        return 0
    return max(int(_LIBC.syscall(_CREATE_RULESET, None, 0, _VERSION)), 0)


def confine(files: Iterable[Path] = ()) -> bool:
    """Confine this process for good, but for `files`, which it may read; whether the system can.

    Call it before there are other threads: they would go on unconfined.

    Raises:
        OSError: the system offers it, and does not do it.
    """
    known = version()
    if not known:
        return False
    assert _LIBC is not None
    access = max(mask for first, mask in _ACCESS.items() if first <= known)
    scopes = max((mask for first, mask in _SCOPES.items() if first <= known), default=0)
    # Older systems take only as much of it as they know.
    size = 24 if known >= 6 else 16 if known >= 4 else 8
    wanted = struct.pack("QQQ", access, 0, scopes)[:size]
    rules = _checked(_LIBC.syscall(_CREATE_RULESET, wanted, size, 0))
    try:
        reads = _EXECUTE | _READ_FILE | _READ_DIR
        for path in {*map(Path, _SYSTEM), *_program()}:
            _allow(rules, path, reads)
        for path in files:
            _allow(rules, path, _READ_FILE)
        _allow(rules, Path(os.devnull), _READ_FILE | _WRITE_FILE)
        _allow(rules, Path("/proc/self"), _READ_FILE | _READ_DIR, keep=True)
        _checked(_LIBC.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0))
        _checked(_LIBC.syscall(_RESTRICT_SELF, rules, 0))
    finally:
        os.close(rules)
    return True


def _program() -> set[Path]:
    """Where Python and this program are; not the working folder, which has settings and data."""
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    places = {sysconfig.get_path(name) for name in names}
    packages = {name for name in sys.path if name.endswith(("site-packages", "dist-packages"))}
    certificates = {os.environ.get(name) for name in ("SSL_CERT_FILE", "SSL_CERT_DIR")} - {None, ""}
    found = {Path(str(name)) for name in places | packages | certificates}
    return {*found, Path(sys.base_prefix) / "lib", Path(relay.__file__).parent}


def _allow(rules: int, path: Path, access: int, *, keep: bool = False) -> None:
    """`keep` keeps it open, for what the system may otherwise forget, and know as another later."""
    assert _LIBC is not None
    with suppress(FileNotFoundError):
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            if not path.is_dir():
                access &= _OF_FILES
            rule = struct.pack("=Qi", access, descriptor)
            _checked(_LIBC.syscall(_ADD_RULE, rules, _PATH_BENEATH, rule, 0))
        finally:
            if not keep:
                os.close(descriptor)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), "Landlock")
    return result
