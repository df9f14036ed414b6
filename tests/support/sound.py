"""A sound server whose only loudspeaker is silent, and keeps time."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.support.stalls import HANG_S
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def silent_sound(folder: Path) -> Iterator[dict[str, str]]:
    """PulseAudio, and what a program's environment needs to find it.

    Firefox's WebAudio never begins on a machine that has no sound.
    """
    program = shutil.which("pulseaudio")
    assert program is not None, "the browser tests need PulseAudio: run `make system`"
    socket, log = folder / "sound", folder / "sound.log"
    command = [
        *(program, "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"),
        *("--disable-shm=yes", "-L", "module-null-sink"),
        *("-L", f"module-native-protocol-unix socket={socket} auth-anonymous=1"),
    ]
    homes = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "PATH": "/usr/bin:/bin"}
    with log.open("wb") as output:
        server = subprocess.Popen(command, env=homes, stdout=output, stderr=output)
    try:
        wait_until(lambda: socket.exists() or server.poll() is not None, log.read_text)
        assert server.poll() is None, log.read_text()
        yield {"PULSE_SERVER": f"unix:{socket}"}
    finally:
        server.terminate()
        server.wait(HANG_S)
