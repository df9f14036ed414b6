"""The encoder of one rung: H.264 that every browser decodes."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from av.video.reformatter import ColorRange, VideoReformatter

from relay.av.formats import TIME_BASE
from relay.media.codecs import Codec
from relay.media.unit import Unit

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from relay.media.ladder import Rendition

_LEAST_FPS: Final = 10.0
"""x264 gives each picture the bits of one frame's time. A source that makes one picture a second
may make thirty at any moment, and this is what bounds them until the encoder is opened anew."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded frame on its way to all rungs."""

    frame: VideoFrame
    """The frame; its pts is on the camera's timeline, 90 kHz."""
    captured_us: int
    """When it was captured, µs since the epoch."""
    keyframe: bool
    """Whether every rung makes a keyframe of it."""


class Rung:
    """One encoder: constrained baseline without B-frames, one slice, one thread.

    Rungs run in parallel threads instead of several threads each (PyAV releases the GIL). An
    encoder counts on its rendition's rate: without lookahead x264 takes every frame for as long as
    that says, whatever the time stamps are, so another rate wants another encoder.
    """

    def __init__(self, rendition: Rendition, preset: str) -> None:
        self.rendition = rendition
        self._scaler = VideoReformatter()
        kbps = rendition.bitrate_bps // 1000
        context = VideoCodecContext.create("libx264", "w")
        context.width, context.height = rendition.width, rendition.height
        context.pix_fmt = "yuv420p"
        context.time_base = TIME_BASE
        context.framerate = Fraction(max(rendition.fps, _LEAST_FPS)).limit_denominator(1001)
        context.bit_rate = rendition.bitrate_bps
        context.thread_count = 1
        context.options = {
            "preset": preset,
            "tune": "zerolatency",
            "profile": "baseline",
            "forced-idr": "1",
            # Half a second of buffer keeps keyframes' bursts within what a viewer's link can take.
            "maxrate": f"{kbps}k",
            "bufsize": f"{kbps // 2}k",
            # Keyframes come only where the ladder wants them.
            "x264-params": "keyint=infinite:scenecut=0",
        }
        self._context = context
        self._captured: dict[int, int] = {}

    def encode(self, picture: Picture) -> list[Unit]:
        """The access units that come out; with this encoder it is one."""
        scaled = self._scaler.reformat(
            picture.frame,
            self.rendition.width,
            self.rendition.height,
            "yuv420p",
            dst_color_range=ColorRange.MPEG,
            interpolation="BILINEAR",
        )
        scaled.pts, scaled.time_base = picture.frame.pts, TIME_BASE
        scaled.pict_type = PictureType.I if picture.keyframe else PictureType.NONE
        assert scaled.pts is not None
        self._captured[scaled.pts] = picture.captured_us
        return [self._unit(packet) for packet in self._context.encode(scaled)]

    def _unit(self, packet: Packet[VideoStream]) -> Unit:
        assert packet.pts is not None
        return Unit(
            codec=Codec.H264,
            pts=packet.pts,
            dts=packet.pts,
            captured_us=self._captured.pop(packet.pts),
            keyframe=packet.is_keyframe,
            payload=bytes(packet),
        )
