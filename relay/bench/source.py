"""A camera over RTMP that costs next to nothing beside its encoder: drawn pictures, shown in turns.

Each has the moment that it is sent in its timecode strip. What a real camera's lens and sensor take
is not in it.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import av
import numpy as np

from relay.demo import timecode
from relay.demo.camera import EVA_S, Encoder, Timing, zero_time
from relay.demo.scene import Camera
from relay.demo.show import URL
from relay.demo.sound import Sound

if TYPE_CHECKING:
    from relay.demo.blend import Planes

_PICTURES = 30
_SIZE = (1280, 720)
_FPS = 30


class Prepared(Camera):
    """A demo camera whose pictures were drawn beforehand."""

    def __init__(self) -> None:
        super().__init__("helmet", *_SIZE, _FPS)
        self._number = 0
        self._drawn: list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]] = []
        began = time.time() % EVA_S
        for number in range(_PICTURES):
            super().frame(began + number / _FPS, 0)
            self._drawn.append(self.buffer.copy())

    def frame(self, t_seconds: float, wall_ms: int) -> Planes:
        """Show the next picture, with that moment in its strip."""
        del t_seconds
        # Forth and back, so that nothing leaps.
        self._number += 1
        at = self._number % (2 * _PICTURES - 2)
        np.copyto(self.buffer, self._drawn[min(at, 2 * _PICTURES - 2 - at)])
        timecode.draw(self._planes[0], wall_ms)
        return self._planes


def main() -> None:
    """Publish to the address in the environment until the relay is gone."""
    camera, sound = Prepared(), Sound("helmet", _FPS)
    container = av.open(
        os.environ.pop(URL),
        "w",
        format="flv",
        container_options={"flvflags": "no_duration_filesize", "rtmp_live": "live"},
    )
    wall_s, now_s = time.time(), time.monotonic()
    timing = Timing.starting(_FPS, wall_s, now_s)
    first_us = round((wall_s + timing.due(0) - now_s) * 1e6)
    container.metadata["creation_time"] = zero_time(first_us)
    encoder = Encoder(container, camera, sound, timing)
    frame = 0
    while True:
        time.sleep(max(0.0, timing.due(frame) - time.monotonic()))
        frame += timing.late(frame, time.monotonic())
        encoder.frame(frame, round(first_us / 1000 + 1000 * frame / _FPS))
        frame += 1


if __name__ == "__main__":
    try:
        main()
    except (av.FFmpegError, OSError, KeyboardInterrupt):
        sys.exit(0)
