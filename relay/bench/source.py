"""A camera over RTMP that costs next to nothing beside its encoder: drawn pictures, shown in turns.

Each has the moment that it is sent in its timecode strip. What a real camera's lens and sensor take
is not in it.
"""

from __future__ import annotations

import itertools
import os
import sys
import time
from datetime import UTC, datetime
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np

from relay.demo import timecode
from relay.demo.camera import EVA_S
from relay.demo.scene import Camera
from relay.demo.show import URL

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.video.stream import VideoStream

    from relay.demo.colour import Planes

_PICTURES = 30
_SIZE = (1280, 720)
_FPS = 30
_BPS = 4_000_000


class Prepared(Camera):
    """A demo camera whose pictures were drawn beforehand."""

    def __init__(self) -> None:
        super().__init__("helmet", *_SIZE, _FPS)
        self._number = 0
        self._drawn: list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]] = []
        began = time.time() % EVA_S
        for number in range(_PICTURES):
            super().frame(began + number / _FPS)
            self._drawn.append(self.buffer.copy())

    def frame(self, t_seconds: float, wall_ms: int | None = None) -> Planes:
        """Show the next picture, with that moment in its strip."""
        del t_seconds
        # Forth and back, so that nothing leaps.
        self._number += 1
        at = self._number % (2 * _PICTURES - 2)
        np.copyto(self.buffer, self._drawn[min(at, 2 * _PICTURES - 2 - at)])
        if wall_ms is not None:
            timecode.draw(self._planes[0], wall_ms)
        return self._planes


def _stream(container: OutputContainer) -> VideoStream:
    stream = container.add_stream(
        "libx264",
        rate=_FPS,
        options={
            "preset": "ultrafast",
            "tune": "zerolatency",
            "profile": "high",
            "bf": "0",
            "g": str(2 * _FPS),
            "maxrate": str(_BPS),
            "bufsize": str(_BPS),
        },
    )
    stream.width, stream.height = _SIZE
    stream.pix_fmt, stream.bit_rate = "yuv420p", _BPS
    stream.codec_context.thread_count = 1
    return stream


def main() -> None:
    """Publish to the address in the environment until the relay is gone.

    Without sound: FFmpeg's muxer holds a picture back until it has sound of the same time, which
    cameras do not.
    """
    camera = Prepared()
    container = av.open(
        os.environ.pop(URL),
        "w",
        format="flv",
        container_options={"flvflags": "no_duration_filesize", "rtmp_live": "live"},
    )
    first_s, began = time.time(), time.monotonic()
    # With this the relay knows when each picture was taken.
    zero = datetime.fromtimestamp(first_s, UTC)
    container.metadata["creation_time"] = zero.isoformat(timespec="microseconds")
    stream = _stream(container)
    for number in itertools.count():
        time.sleep(max(0.0, began + number / _FPS - time.monotonic()))
        camera.frame(0.0, round((first_s + number / _FPS) * 1000))
        picture = av.VideoFrame.from_numpy_buffer(camera.buffer, "yuv420p")
        picture.pts, picture.time_base = number, Fraction(1, _FPS)
        for packet in stream.encode(picture):
            container.mux(packet)


if __name__ == "__main__":
    try:
        main()
    except (av.FFmpegError, OSError, KeyboardInterrupt):
        sys.exit(0)
