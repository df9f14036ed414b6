"""The demo camera tells when its pictures are taken."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import av

from relay.demo.camera import Encoder, Timing, zero_time
from relay.demo.scene import Camera
from relay.demo.sound import Sound

if TYPE_CHECKING:
    from pathlib import Path


def test_time_stamps_and_the_told_clock_give_the_moment_of_each_frame(tmp_path: Path) -> None:
    first_us, path = 1_750_000_000_123_456, tmp_path / "demo.flv"
    container = av.open(str(path), "w", format="flv")
    container.metadata["creation_time"] = zero_time(first_us)
    encoder = Encoder(
        container, Camera("drone", 320, 180, 30), Sound("drone", 30), Timing.starting(30, 0.0, 0.0)
    )
    for frame in range(12):
        encoder.frame(frame, 0)
    encoder.finish()
    container.close()

    with av.open(str(path)) as found:
        zero = datetime.fromisoformat(found.metadata["creation_time"]).timestamp()
        stamps = [int(packet.pts) for packet in found.demux(video=0) if packet.pts is not None]
    assert len(stamps) == 12
    for frame, stamp in enumerate(stamps):
        taken_s = first_us / 1e6 + frame / 30
        assert abs(zero + stamp / 1000 - taken_s) < 0.0015  # FLV counts milliseconds
