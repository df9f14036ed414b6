"""Runs one demo camera in real time: draws, encodes and publishes it over RTMP.

The address holds a publish key. It is never logged, and neither are FFmpeg's error texts, which
quote it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Final, NoReturn

import av
import av.error
import numpy as np
from av.video.frame import PictureType

from relay.demo.scene import Camera
from relay.demo.sound import RATE, Sound
from relay.errors import OperatorError
from relay.log import logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.video.stream import VideoStream

EVA_S: Final = 23_400
"""Length of the demo's spacewalk, 6.5 h; it begins anew at multiples of this since the epoch."""
GOP_S: Final = 2
"""Seconds from keyframe to keyframe."""
_QUANTISER: Final = 27
"""x264's quantiser: 1 to 6 Mb/s at 1280 x 720, which the relay passes through. A picture that is
sent again costs no bits and little time."""
_UNWATCHED_EVERY: Final = 15
"""While nobody watches, one picture of so many is drawn; it is sent again until the next."""
_AUDIO_BITS: Final = 128_000
_AUDIO_FRAME: Final = 1024
_TIMEOUT_US: Final = 5_000_000
_RETRY_S: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
_SETTLED_S: Final = 10.0
"""A connection that lasted this long was a good one: the next wait is short again."""
_BEHIND_S: Final = 1.0
"""Sound that is later than this is left out, as pictures are at once."""
_BT709: Final = 1
_LIMITED: Final = 1


@dataclass(frozen=True, slots=True)
class Timing:
    """Frame numbers on the mission's clock, and when each is due."""

    fps: int
    first: int
    """Number of the first frame, counted from the beginning of the spacewalk."""
    due_at: float
    """When it is due, on the monotonic clock."""

    @classmethod
    def starting(cls, fps: int, wall_s: float, monotonic_s: float) -> Timing:
        """Begin with the first frame that is not yet due at a wall-clock time.

        Frames are counted from the epoch's multiples of the spacewalk's length, so cameras that
        were started apart show the same clock and the same sun.
        """
        elapsed = wall_s % EVA_S
        first = int(np.ceil(elapsed * fps))
        return cls(fps, first, monotonic_s + first / fps - elapsed)

    def due(self, frame: int) -> float:
        """When frame `frame` (from 0) is due, on the monotonic clock."""
        return self.due_at + frame / self.fps

    def late(self, frame: int, monotonic_s: float) -> int:
        """How many frames after `frame` are due already."""
        return max(0, int((monotonic_s - self.due(frame)) * self.fps))

    def number(self, frame: int) -> int:
        """Number of the frame in the spacewalk."""
        return (self.first + frame) % (EVA_S * self.fps)

    def samples(self, frame: int) -> int:
        """Audio samples from the start up to the beginning of a frame."""
        return frame * RATE // self.fps


def zero_time(first_us: int) -> str:
    """When time stamp zero is, given the moment of frame 0, µs since the epoch: in RFC 3339.

    The AAC encoder's priming comes before the first frame's sound, and the muxer moves all time
    stamps by it, since FLV has no negative ones.
    """
    zero = timedelta(microseconds=first_us) - timedelta(seconds=_AUDIO_FRAME / RATE)
    return (datetime(1970, 1, 1, tzinfo=UTC) + zero).isoformat(timespec="microseconds")


class Encoder:
    """Encodes one camera's frames and sound into a container."""

    def __init__(
        self,
        container: OutputContainer,
        camera: Camera,
        sound: Sound,
        timing: Timing,
        *,
        marks: bool = False,
    ) -> None:
        """`marks` is whether pictures have what tests measure by."""
        self._container, self._camera, self._sound = container, camera, sound
        self._timing = timing
        self._video = _video_stream(container, camera)
        self._audio = _audio_stream(container)
        self._sent = 0
        """Samples of sound sent."""
        self._marks = marks
        self._keyframe_due = 0
        self._drawn: int | None = None
        """The frame that the camera has drawn last."""

    def frame(self, frame: int, wall_ms: int, *, watched: bool = True) -> None:
        """Draw, encode and send frame `frame` (from 0) and the sound up to its end.

        One that nobody watches may be the same picture as the one before.
        """
        number = self._timing.number(frame)
        if watched or self._drawn is None or frame - self._drawn >= _UNWATCHED_EVERY:
            self._drawn = frame
            self._camera.frame(number / self._timing.fps, wall_ms if self._marks else None)
        # Without alignment padding the planes are where FFmpeg looks for them: no copy is made.
        picture = av.VideoFrame.from_numpy_buffer(self._camera.buffer, "yuv420p")
        picture.pts = frame
        picture.time_base = Fraction(1, self._timing.fps)
        picture.colorspace, picture.color_range = _BT709, _LIMITED
        # By time, not by count: a frame that was left out moves no keyframe but its own.
        period = GOP_S * self._timing.fps
        if frame >= self._keyframe_due:
            picture.pict_type = PictureType.I
            self._keyframe_due = frame + period - number % period
        for packet in self._video.encode(picture):
            self._container.mux(packet)
        self._send_sound(self._timing.samples(frame + 1))

    def _send_sound(self, until: int) -> None:
        if until - self._sent > _BEHIND_S * RATE:
            self._sent = until // _AUDIO_FRAME * _AUDIO_FRAME
        origin = self._timing.first * RATE // self._timing.fps
        while self._sent + _AUDIO_FRAME <= until:
            start = (origin + self._sent) % (EVA_S * RATE)
            block = av.AudioFrame.from_ndarray(
                self._sound.block(start, _AUDIO_FRAME), format="fltp", layout="stereo"
            )
            block.sample_rate = RATE
            block.pts = self._sent
            block.time_base = Fraction(1, RATE)
            for packet in self._audio.encode(block):
                self._container.mux(packet)
            self._sent += _AUDIO_FRAME

    def finish(self) -> None:
        """Send what the encoders still hold."""
        for stream in (self._video, self._audio):
            for packet in stream.encode(None):
                self._container.mux(packet)


def _video_stream(container: OutputContainer, camera: Camera) -> VideoStream:
    stream = container.add_stream(
        "libx264",
        rate=camera.fps,
        options={
            # Most viewers are on this machine or near it, so bits are cheaper than time. No
            # B-frames and short GOPs: the relay passes it through, and need not encode it.
            "preset": "ultrafast",
            "x264-params": "deblock=1,0,0:8x8dct=1",
            "tune": "zerolatency",
            "profile": "high",
            # Rate control costs a third of the time, for pictures that are known.
            "qp": str(_QUANTISER),
            "bf": "0",
            "sc_threshold": "0",
            "forced-idr": "1",
            # Keyframes are asked for one by one; the encoder's own count only backs that up.
            "g": str(10 * GOP_S * camera.fps),
        },
    )
    stream.width, stream.height, stream.pix_fmt = camera.width, camera.height, "yuv420p"
    context = stream.codec_context
    context.time_base = Fraction(1, camera.fps)
    context.thread_count = 1
    context.colorspace, context.color_range = _BT709, _LIMITED
    context.color_primaries, context.color_trc = _BT709, _BT709
    return stream


def _audio_stream(container: OutputContainer) -> AudioStream:
    # The other coder's search costs more than all of the sound's drawing, for the same noise.
    options = {"aac_coder": "fast"}
    stream = container.add_stream("aac", rate=RATE, options=options, layout="stereo")
    stream.bit_rate = _AUDIO_BITS
    return stream


@dataclass(frozen=True, slots=True)
class Filming:
    """What is filmed, and how."""

    camera: Camera
    sound: Sound
    watched: Callable[[], bool]
    """Whether somebody watches at the moment."""
    marks: bool


def _publish(url: str, film: Filming) -> NoReturn:
    """Stream for ever.

    Raises:
        av.FFmpegError: the server cannot be reached, or is gone.
    """
    container = av.open(
        url,
        "w",
        format="flv",
        container_options={
            "flvflags": "no_duration_filesize",
            "rtmp_live": "live",
            "rw_timeout": str(_TIMEOUT_US),
        },
    )
    try:
        wall_s, now_s = time.time(), time.monotonic()
        fps = film.camera.fps
        timing = Timing.starting(fps, wall_s, now_s)
        first_us = round((wall_s + timing.due(0) - now_s) * 1e6)
        # With this the relay knows when each picture was taken.
        container.metadata["creation_time"] = zero_time(first_us)
        encoder = Encoder(container, film.camera, film.sound, timing, marks=film.marks)
        frame = 0
        while True:
            time.sleep(max(0.0, timing.due(frame) - time.monotonic()))
            late = timing.late(frame, time.monotonic())
            frame += late
            # The picture shows the moment that it is of; that it is drawn later is latency.
            taken_ms = round(first_us / 1000 + 1000 * frame / fps)
            encoder.frame(frame, taken_ms, watched=film.marks or film.watched())
            if frame == 0:
                logger().info("demo camera is live", fps=fps)
            frame += 1
    finally:
        container.close()


def run(
    kind: str,
    url: str,
    size: tuple[int, int],
    fps: int,
    *,
    watched: Callable[[], bool] = lambda: True,
    marks: bool = False,
) -> NoReturn:
    """Publish a demo camera to an RTMP address, for ever.

    Frames that cannot be ready in time are left out, so the stream never falls behind. When the
    server is away it is called again, after half a second at first and eight at last. It has
    nothing to lose, so a signal may end its process at any moment.

    While nobody has `watched`, pictures are drawn seldom. With `marks` they show the timecode strip
    and the flash, the sound ticks, and all are drawn.

    Raises:
        OperatorError: there is no such camera, the size or rate is not usable, or the address is
            not one of RTMP.
    """
    if not url.startswith(("rtmp://", "rtmps://")):
        raise OperatorError(
            "a demo camera publishes to an address that begins with rtmp:// or rtmps://"
        )
    film = Filming(Camera(kind, *size, fps), Sound(kind, fps, marks=marks), watched, marks)
    # The first picture after a leap in time is slow; the stream is not to begin with it.
    film.camera.frame(time.time() % EVA_S)
    tries = 0
    while True:
        began = time.monotonic()
        try:
            _publish(url, film)
        except (av.error.FFmpegError, OSError) as error:
            if time.monotonic() - began > _SETTLED_S:
                tries = 0
            wait = _RETRY_S[min(tries, len(_RETRY_S) - 1)]
            tries += 1
            reason = error.strerror or type(error).__name__
            logger().warning("demo camera has no server", camera=kind, reason=reason, retry_s=wait)
            time.sleep(wait)
