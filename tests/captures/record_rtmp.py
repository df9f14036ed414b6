"""Records what a real encoder sends to our RTMP session: `record_rtmp.py OUT.bin COMMAND…`.

The command's `{url}` becomes the address to publish to. `CHUNK_SIZE=n` in the environment changes
what the session asks the encoder for.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from relay.ingest.rtmp import session as rtmp
from relay.ingest.rtmp.events import PublishRequested


def record(command: list[str]) -> bytes:
    """Run the encoder, answer it as the relay does, and return all that it sent."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    url = f"rtmp://127.0.0.1:{port}/live/capture-key"
    encoder = subprocess.Popen([part.replace("{url}", url) for part in command])
    connection, _ = listener.accept()
    session = rtmp.Session()
    received = bytearray()
    while data := connection.recv(65536):
        received += data
        for event in session.receive(data, 0.0):
            print(event)
            if isinstance(event, PublishRequested):
                session.accept()
        connection.sendall(session.take_output())
    connection.close()
    if encoder.wait():
        raise SystemExit(encoder.returncode)
    return bytes(received)


if __name__ == "__main__":
    rtmp.CHUNK_SIZE = int(os.environ.get("CHUNK_SIZE", rtmp.CHUNK_SIZE))
    Path(sys.argv[1]).write_bytes(record(sys.argv[2:]))
