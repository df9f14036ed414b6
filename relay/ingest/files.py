"""Which files of this machine may be pulled: those that somebody at this machine has named.

The API takes orders from afar, and whoever has its token is not to read `/etc` on the screen. So a
file has to be below a folder that the settings name, or be named on this machine itself: `relay
camera add --pull FILE` notes just that file for just that camera, by a link in the data folder. A
laptop's operator needs no setting for that, and a server's API opens nothing without one.

What FFmpeg gets is the open file, never its path: it cannot read that as a protocol (`concat:`,
`subfile:`), and may open nothing else.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from relay.errors import MediaError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relay.config import Settings


class Files:
    """See the module."""

    def __init__(self, folders: Sequence[Path], named: Path) -> None:
        """`folders` whose files may be pulled, and the one that holds the links."""
        self._folders = tuple(folder.resolve() for folder in folders)
        self._named = named

    @classmethod
    def of(cls, settings: Settings) -> Files:
        """As the settings have it."""
        return cls(settings.pull_folders, settings.data_dir / "pulls")

    def require(self, camera: str, source: str) -> Path:
        """The path of a file that a camera may pull, without links in it.

        Raises:
            MediaError: it may not.
        """
        path = real(source)
        if any(path.is_relative_to(folder) for folder in self._folders):
            return path
        try:
            if (self._named / camera).readlink() == path:
                return path
        except OSError:
            pass
        folders = ", ".join(map(str, self._folders)) or "no folder"
        raise MediaError(
            f"{source} may not be pulled: RELAY_PULL_FOLDERS names {folders}, and files are pulled "
            "only from below the folders that it names; or call `relay camera change "
            f"{camera} --pull FILE` on the machine that has the file"
        )

    def name(self, camera: str, source: str) -> None:
        """Let a camera pull this file, and no longer what was named for it before."""
        self.forget(camera)
        self._named.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self._named / camera).symlink_to(real(source))

    def forget(self, camera: str) -> None:
        """What was named for a camera is so no more."""
        (self._named / camera).unlink(missing_ok=True)


def real(source: str) -> Path:
    """Where a file is, after all links.

    Raises:
        MediaError: its path leads nowhere.
    """
    try:
        return Path(source).expanduser().resolve()
    except (OSError, RuntimeError, ValueError):
        raise MediaError(f"{source}: this path leads nowhere") from None


def open_file(path: Path) -> BinaryIO:
    """A file that may be pulled, open; `path` as `Files.require` has found it.

    Raises:
        MediaError: it is not there, is no file, or has changed its place since.
    """
    try:
        # A pipe would keep whoever opens it waiting for its writer.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise MediaError(f"{path} cannot be opened: {error.strerror}") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise MediaError(f"{path} is no file")
    if Path(f"/proc/self/fd/{handle}").readlink() != path:  # a folder was a link all of a sudden
        os.close(handle)
        raise MediaError(f"{path} has been moved")
    return os.fdopen(handle, "rb")
