"""A real encoder, FFmpeg's, over a real socket."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from relay.ingest.rtmp.events import MediaAudio, MediaVideo, PublishRequested, Unpublished
from relay.ingest.rtmp.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from relay.ingest.rtmp.events import Event

CAPTURES = Path(__file__).parents[2] / "captures"
TIMEOUT = 60


def serve(path: str, answer: Callable[[Session], object]) -> tuple[Session, list[Event], str]:
    """Have a program publish to `path`; returns the session, its events and what it complained."""
    session, events = Session(), []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(TIMEOUT)
        url = f"rtmp://127.0.0.1:{listener.getsockname()[1]}/{path}"
        command = [sys.executable, CAPTURES / "publish_rtmp.py", url, CAPTURES / "rtmp_bframes.flv"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as encoder:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(TIMEOUT)
                while not session.closed and (data := connection.recv(65536)):
                    found = session.receive(data, 0.0)
                    events += found
                    if any(isinstance(event, PublishRequested) for event in found):
                        answer(session)
                    connection.sendall(session.take_output())
            _, complaint = encoder.communicate(timeout=TIMEOUT)
    events += session.end()
    return session, events, complaint


def test_ffmpeg_publishes():
    _, events, complaint = serve("live/the-key", Session.accept)

    assert complaint == ""
    assert isinstance(events[0], PublishRequested)
    assert events[0].stream_key == "the-key"
    assert sum(isinstance(event, MediaVideo) for event in events) == 30
    assert sum(isinstance(event, MediaAudio) for event in events) == 88
    assert events.count(Unpublished()) == 1


def test_ffmpeg_is_refused():
    session, events, complaint = serve("live/wrong", lambda s: s.refuse("this key is not known"))

    assert session.close_reason == "this key is not known"
    assert [type(event) for event in events] == [PublishRequested]
    assert "av.error" in complaint


def test_ffmpeg_may_leave_the_key_in_a_query():
    _, events, _ = serve("live/helmet?key=the-key", Session.accept)

    assert isinstance(events[0], PublishRequested)
    assert (events[0].app, events[0].stream_key) == ("live", "the-key")
