"""Interlaced sources: seen to be so, not passed through, and shown as whole pictures."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from relay.av.decode import Decoder
from relay.av.deinterlace import Deinterlacer
from relay.camera.passthrough import PassThrough
from relay.media.codecs import Codec
from relay.media.unit import Unit
from tests.support.camera import pictures

if TYPE_CHECKING:
    from av.packet import Packet

SIZE = (320, 192)
STEP = 3600


def bar(at: int) -> np.ndarray:
    """A bright bar that stands at `at`."""
    luma = np.full(SIZE[::-1], 40, np.uint8)
    luma[:, at : at + 40] = 200
    return luma


def fields(frames: int) -> list[Unit]:
    """25 pictures a second of two fields each, over which a bar moves."""
    context = VideoCodecContext.create("libx264", "w")
    context.width, context.height = SIZE
    context.pix_fmt = "yuv420p"
    context.time_base, context.framerate = Fraction(1, 25), Fraction(25)
    context.thread_count = 1
    context.options = {"preset": "ultrafast", "x264-params": "tff=1:bframes=0:keyint=25:log=none"}
    packets: list[Packet] = []
    for number in range(frames):
        planes = np.full((SIZE[1] * 3 // 2, SIZE[0]), 128, np.uint8)
        planes[0 : SIZE[1] : 2] = bar(16 * number)[::2]
        planes[1 : SIZE[1] : 2] = bar(16 * number + 8)[1::2]
        frame = VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts = number
        packets += context.encode(frame)
    packets += context.encode(None)
    return [
        Unit(Codec.H264, index * STEP, index * STEP, index, packet.is_keyframe, bytes(packet))
        for index, packet in enumerate(packets)
    ]


def combs(frame: VideoFrame) -> float:
    """How much more a line differs from its neighbour than from the one after that."""
    luma = frame.to_ndarray(format="gray").astype(int)[8:-8]
    neighbours = np.abs(luma[1:-1] - luma[:-2]).mean()
    others = np.abs(luma[2:] - luma[:-2]).mean()
    return float(neighbours - others)


def decoded(units: list[Unit]) -> list[tuple[VideoFrame, int]]:
    decoder = Decoder(Codec.H264)
    frames = [each for unit in units for each in decoder.decode(unit)] + decoder.finish()
    return [(frame, captured) for frame, captured in frames if isinstance(frame, VideoFrame)]


def test_what_is_interlaced_is_not_passed_through() -> None:
    through = PassThrough()
    for unit in fields(3):
        assert not through.watch(unit)
    assert through.refusal is not None
    assert "interlaced" in through.refusal


def test_interlaced_pictures_become_whole_ones() -> None:
    source = decoded(fields(12))
    assert len(source) == 12
    assert combs(source[5][0]) > 5
    deinterlacer = Deinterlacer()
    found = [each for frame, captured in source for each in deinterlacer.take(frame, captured)]
    assert len(found) == 11
    found += deinterlacer.finish()
    # A picture for each, at its own time.
    assert [frame.pts for frame, _ in found] == [frame.pts for frame, _ in source]
    assert [captured for _, captured in found] == [captured for _, captured in source]
    assert max(combs(frame) for frame, _ in found) < 0.5


def test_whole_pictures_pass_as_they_are() -> None:
    source = decoded(pictures(320, 192, frames=5))
    deinterlacer = Deinterlacer()
    for frame, captured in source:
        ((same, _),) = deinterlacer.take(frame, captured)
        assert same is frame
    assert deinterlacer.finish() == []


@pytest.mark.parametrize("change", ["size", "whole"])
def test_a_source_that_changes_goes_on(change: str) -> None:
    other = pictures(*((640, 480) if change == "size" else SIZE), frames=5, start=12 * STEP)
    source = [*decoded(fields(12)), *decoded(other)]
    deinterlacer = Deinterlacer()
    found = [each for frame, captured in source for each in deinterlacer.take(frame, captured)]
    times = [frame.pts or 0 for frame, _ in found]
    assert times == sorted(set(times))
    assert found[-1][0].width == (640 if change == "size" else SIZE[0])
    assert len(found) >= len(source) - 1
