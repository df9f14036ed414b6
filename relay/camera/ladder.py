"""The ladder's encoders: H.264 rungs whose regular keyframes fall on the same frames, and Opus."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.fifo import AudioFifo
from av.audio.resampler import AudioResampler
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from av.video.reformatter import ColorRange, VideoReformatter

from relay.camera.decode import TIME_BASE
from relay.errors import MediaError
from relay.media.codecs import Codec
from relay.media.ladder import Rendition
from relay.media.opus import FRAME_SAMPLES
from relay.media.timebase import OPUS_CLOCK, VIDEO_CLOCK, rescale
from relay.media.unit import Unit

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

HEIGHTS: Final = (720, 480, 240)
"""The default rungs, by the picture's shorter side."""
KEYFRAME_EVERY: Final = 2 * VIDEO_CLOCK
KEYFRAME_WISH_EVERY: Final = VIDEO_CLOCK // 4
"""Keyframes that are asked for come this far apart at the least, 90 kHz."""
SOUND_BPS: Final = 96_000

# Bits a second at 30 frames a second, by the picture's shorter side; in between they are scaled.
_BITRATES: Final = {1080: 4_500_000, 720: 2_500_000, 480: 1_200_000, 360: 800_000, 240: 400_000}
_MAX_FPS: Final = 60.0
_MUCH: Final = 1.2
# Levels (H.264 table A-1): ten times the level, most macroblocks a second, most a frame.
_LEVELS: Final = (
    *((31, 108_000, 3600), (32, 216_000, 5120), (40, 245_760, 8192), (42, 522_240, 8704)),
    *((50, 589_824, 22_080), (51, 983_040, 36_864), (52, 2_073_600, 36_864)),
)


def shown_size(width: int, height: int, pixel_aspect: Fraction) -> tuple[int, int]:
    """The size, in square pixels, at which a picture is to be shown: browsers show all pixels that
    come over WebRTC as squares.
    """
    return (width if pixel_aspect == 1 else _even(width * float(pixel_aspect))), height


def plan(
    width: int, height: int, fps: float, heights: tuple[int, ...] = HEIGHTS
) -> list[Rendition]:
    """The rungs for a source of this size, the largest first.

    Rungs above the source are left out; a source of which the largest rung would lose much, or that
    is smaller than all of them, gets one of its own size.
    """
    short = min(width, height)
    sides = [side for side in sorted(heights, reverse=True) if side <= short]
    if short < max(heights) and (not sides or short > _MUCH * sides[0]):
        sides.insert(0, short)
    fps = min(fps, _MAX_FPS)
    sizes = [(side, _even(width * side / short), _even(height * side / short)) for side in sides]
    return [
        Rendition(
            name=f"{side}p",
            width=wide,
            height=high,
            fps=round(fps, 3),
            bitrate_bps=_bitrate(side, fps),
            codec=_codec(wide, high, fps),
        )
        for side, wide, high in sizes
    ]


def _even(value: float) -> int:
    return max(2, round(value / 2) * 2)


def _codec(width: int, height: int, fps: float) -> str:
    """The RFC 6381 name of constrained baseline at the least level that holds such pictures, from
    3.1 on, which WebRTC receivers offer.
    """
    blocks = math.ceil(width / 16) * math.ceil(height / 16)
    fits = (level for level, rate, frame in _LEVELS if blocks <= frame and blocks * fps <= rate)
    return f"avc1.42C0{next(fits, _LEVELS[-1][0]):02X}"


def _bitrate(side: int, fps: float) -> int:
    known = min(_BITRATES, key=lambda height: abs(height - side))
    scale: float = (side / known) ** 1.5 * max(fps / 30, 0.5) ** 0.7
    return round(_BITRATES[known] * scale / 1000) * 1000


class Cadence:
    """Leaves out pictures of a camera that makes more than rungs have."""

    def __init__(self, most_fps: float = _MAX_FPS) -> None:
        self._step = VIDEO_CLOCK / most_fps
        self._next = -math.inf

    def takes(self, pts: int) -> bool:
        """Whether the picture of this time, in 90 kHz, is one of those that are shown."""
        # A quarter of a step allows for time stamps in whole milliseconds.
        if pts < self._next - self._step / 4 and pts > self._next - 2 * self._step:
            return False
        self._next = max(self._next, pts - self._step / 2) + self._step
        return True


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded frame on its way to all rungs."""

    frame: VideoFrame
    """The frame; its pts is on the camera's timeline, 90 kHz."""
    captured_us: int
    """When it was captured, µs since the epoch."""
    keyframe: bool
    """Whether every rung makes a keyframe of it."""


class KeyframeClock:
    """Decides which pictures become keyframes, for all rungs together."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._wished = False

    def wish(self) -> None:
        """Ask for a keyframe soon."""
        self._wished = True

    def due(self, pts: int) -> bool:
        """Whether the picture at `pts` becomes a keyframe; counts as one if so."""
        since = None if self._last is None else pts - self._last
        if (
            since is None
            or since < 0
            or since >= KEYFRAME_EVERY
            or (self._wished and since >= KEYFRAME_WISH_EVERY)
        ):
            self._last = pts
            self._wished = False
            return True
        return False

    def missed(self) -> None:
        """The picture that was to become a keyframe was dropped: the next one does."""
        self._last = None


class RungKeyframes:
    """Gives one rung the keyframes that its own viewers need, between those of all rungs."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._wished = False

    def wish(self) -> None:
        """Ask for a keyframe soon."""
        self._wished = True

    def applied(self, picture: Picture) -> Picture:
        """The picture, as a keyframe if one is due."""
        assert picture.frame.pts is not None
        since = None if self._last is None else picture.frame.pts - self._last
        wanted = self._wished and (since is None or not 0 <= since < KEYFRAME_WISH_EVERY)
        if picture.keyframe or wanted or since is None:
            # The first one becomes a keyframe in any case.
            self._last, self._wished = picture.frame.pts, False
            return replace(picture, keyframe=True)
        return picture


class Rung:
    """One encoder: constrained baseline without B-frames, one slice, one thread.

    Every browser decodes that; rungs run in parallel threads instead (PyAV releases the GIL).
    """

    def __init__(self, rendition: Rendition, preset: str) -> None:
        self.rendition = rendition
        self._scaler = VideoReformatter()
        kbps = rendition.bitrate_bps // 1000
        context = VideoCodecContext.create("libx264", "w")
        context.width, context.height = rendition.width, rendition.height
        context.pix_fmt = "yuv420p"
        context.time_base = TIME_BASE
        context.framerate = Fraction(rendition.fps).limit_denominator(1001)
        context.bit_rate = rendition.bitrate_bps
        context.thread_count = 1
        context.options = {
            "preset": preset,
            "tune": "zerolatency",
            "profile": "baseline",
            "forced-idr": "1",
            # Keyframes come only where the ladder wants them; half a second of buffer keeps
            # their bursts within what a viewer's link can take.
            "x264-params": f"keyint=infinite:scenecut=0:vbv-maxrate={kbps}:vbv-bufsize={kbps // 2}",
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


class Sound:
    """Resamples to 48 kHz stereo and encodes Opus in packets of 20 ms.

    The packets' time is counted in samples, so that they join without a click; where the source
    has a gap, or its clock has drifted by more than `_TOLERANCE`, it is set anew. Until then their
    capture times follow the drift, by which sender reports keep sound and picture together. A
    packet's time is that of the first sample which comes out of its decoder: the encoder looks
    ahead, so that this is one from before those that were put in.
    """

    _TOLERANCE: Final = OPUS_CLOCK * 60 // 1000
    _JUMP: Final = OPUS_CLOCK
    _DRIFT_SMOOTH: Final = 1 / 32
    """Time stamps may be rounded to milliseconds, or stagger by a frame; drift is slow."""

    def __init__(self) -> None:
        context = AudioCodecContext.create("libopus", "w")
        context.sample_rate = OPUS_CLOCK
        context.layout = "stereo"
        context.format = "s16"
        context.bit_rate = SOUND_BPS
        context.time_base = Fraction(1, OPUS_CLOCK)
        context.options = {"frame_duration": "20", "application": "audio"}
        context.open()
        self._context = context
        self._resampler: AudioResampler | None = None
        self._input: tuple[int, str, str] | None = None
        self._fifo = AudioFifo()
        self._start: int | None = None
        self._taken = 0
        self._put = 0
        self._drift = 0.0
        """By how many samples the count is ahead of the source's clock."""
        self._capture_offset_us = 0

    def encode(self, frame: AudioFrame, captured_us: int) -> list[Unit]:
        """The Opus packets that `frame` completes.

        Raises:
            MediaError: this sound cannot be resampled.
        """
        assert frame.pts is not None
        at = rescale(frame.pts, VIDEO_CLOCK, OPUS_CLOCK)
        ahead = 0 if self._start is None else self._start + self._put - at
        if self._TOLERANCE < ahead < self._JUMP:
            return []  # its clock is fast: a frame is left out, so that time does not go back
        if self._start is None or abs(ahead) > self._TOLERANCE:
            self._restart(at)
        else:
            self._drift += (ahead - self._drift) * self._DRIFT_SMOOTH
        counted = at + round(self._drift)
        self._capture_offset_us = captured_us - rescale(counted, OPUS_CLOCK, 1_000_000)
        for piece in self._resample(frame):
            piece.pts = None
            self._fifo.write(piece)
            self._put += piece.samples
        units = []
        while (block := self._fifo.read(FRAME_SAMPLES)) is not None:
            units.extend(self._packets(block))
        return units

    def _restart(self, at: int) -> None:
        self._fifo = AudioFifo()
        self._start, self._put, self._taken, self._drift = at, 0, 0, 0.0

    def _resample(self, frame: AudioFrame) -> list[AudioFrame]:
        source = (frame.sample_rate, frame.layout.name, frame.format.name)
        if self._resampler is None or source != self._input:
            self._resampler = AudioResampler(format="s16", layout="stereo", rate=OPUS_CLOCK)
            self._input = source
        try:
            return self._resampler.resample(frame)
        except (av.error.FFmpegError, ValueError) as error:
            self._resampler = None
            raise MediaError(f"sound: {error}") from None

    def _packets(self, block: AudioFrame) -> list[Unit]:
        assert self._start is not None
        block.pts = self._start + self._taken
        block.time_base = Fraction(1, OPUS_CLOCK)
        self._taken += FRAME_SAMPLES
        return [self._unit(packet) for packet in self._context.encode(block)]

    def _unit(self, packet: Packet[AudioStream]) -> Unit:
        assert packet.pts is not None
        pts = rescale(packet.pts, OPUS_CLOCK, VIDEO_CLOCK)
        captured = self._capture_offset_us + rescale(packet.pts, OPUS_CLOCK, 1_000_000)
        return Unit(Codec.OPUS, pts, pts, captured, True, bytes(packet))
