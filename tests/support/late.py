"""A camera whose pictures reach the relay late: the real ffmpeg through a pipe that holds them."""

from __future__ import annotations

import queue
import socket
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def stamp(us: int) -> bytes:
    """A precision time stamp (MISB ST 0604) as a NAL with its start code: µs since the epoch."""
    told = us.to_bytes(8)
    pairs = b"\xff".join(told[at : at + 2] for at in range(0, 8, 2))
    user_data = b"MISPmicrosectime" + b"\x1f" + pairs
    return b"\0\0\0\1\x06\x05" + bytes([len(user_data)]) + user_data + b"\x80"


@contextmanager
def late_camera(port: int, key: str, clip: Path, delay_s: float, *, tells: bool) -> Iterator[None]:
    """Send a clip in real time to the RTMP server at `port`, its media `delay_s` late; `tells`:
    with what its time stamp zero is by this machine's clock. What comes before the media is not
    held: each of its round trips would make that moment, which is told in advance, less true.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        pipe = threading.Thread(target=_carry, args=(server, port, delay_s), daemon=True)
        pipe.start()
        told = ("-metadata", f"creation_time={datetime.now(UTC).isoformat()}") if tells else ()
        command = [
            *("ffmpeg", "-nostdin", "-loglevel", "error", "-re", "-stream_loop", "-1"),
            *("-i", str(clip), "-map_metadata", "-1", *told, "-c", "copy", "-f", "flv"),
            f"rtmp://127.0.0.1:{server.getsockname()[1]}/live/{key}",
        ]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            yield
        finally:
            process.kill()
            process.wait()


def _carry(server: socket.socket, port: int, delay_s: float) -> None:
    """Carry one connection, what it sends late, until it ends."""
    with suppress(OSError):
        encoder, _ = server.accept()
        with encoder, socket.create_connection(("127.0.0.1", port)) as relay:
            held: queue.Queue[tuple[float, bytes]] = queue.Queue()
            threading.Thread(target=_hand_over, args=(held, relay), daemon=True).start()
            begun = threading.Event()
            threading.Thread(target=_answer, args=(relay, encoder, begun), daemon=True).start()
            while data := encoder.recv(65_536):
                held.put((time.monotonic() + (delay_s if begun.is_set() else 0), data))


def _hand_over(held: queue.Queue[tuple[float, bytes]], relay: socket.socket) -> None:
    with suppress(OSError):
        while True:
            due, data = held.get()
            time.sleep(max(0.0, due - time.monotonic()))
            relay.sendall(data)


def _answer(relay: socket.socket, encoder: socket.socket, begun: threading.Event) -> None:
    with suppress(OSError):
        while data := relay.recv(65_536):
            if b"NetStream.Publish.Start" in data:
                begun.set()
            encoder.sendall(data)
