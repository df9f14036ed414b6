"""Decodes one track with PyAV. The only place where untrusted media meets a decoder."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, cast

import av
import av.codec

from relay.av.formats import TIME_BASE
from relay.errors import MediaError
from relay.media.aac import split_unit, with_rate_index
from relay.media.codecs import Codec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from av.audio.codeccontext import AudioCodecContext
    from av.audio.frame import AudioFrame
    from av.packet import Packet
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame

    from relay.media.unit import Unit


class Decoder:
    """A decoder of one track; frames come out in presentation order.

    One thread if there is no need for more, because each further one adds a frame of delay.
    """

    _PENDING: Final = 64
    _ODDEST: Final = 4

    def __init__(self, codec: Codec, threads: int = 1) -> None:
        self.codec = codec
        self._context = _context(codec, None)
        if threads > 1:
            self._context.thread_count, self._context.thread_type = threads, "FRAME"
        self._config: bytes | None = None
        self._captured: dict[int, int] = {}

    @property
    def pixel_aspect(self) -> Fraction:
        """Width of a picture's pixels against their height; 1 where the stream says nothing, or
        nothing that can be.
        """
        told = getattr(self._context, "sample_aspect_ratio", None)
        if not told or not 1 / self._ODDEST <= told <= self._ODDEST:
            return Fraction(1)
        return Fraction(told)

    def decode(self, unit: Unit) -> list[tuple[VideoFrame | AudioFrame, int]]:
        """The frames that `unit` completes, each with its capture time in µs since the epoch.

        Raises:
            MediaError: the unit is damaged; decoding goes on with the next.
        """
        payload = unit.payload
        if self.codec is Codec.AAC:
            config, payload = split_unit(payload)
            self._configure(config)
        if not payload:  # to FFmpeg, the end of the stream
            raise MediaError(f"{self.codec.ffmpeg}: an empty unit")
        packet = av.Packet(payload)
        packet.pts, packet.dts, packet.time_base = unit.pts, unit.dts, TIME_BASE
        self._captured[unit.pts] = unit.captured_us
        if len(self._captured) > self._PENDING:
            del self._captured[next(iter(self._captured))]
        return self._frames(packet, unit.captured_us)

    def _configure(self, config: bytes) -> None:
        """Have a decoder for this configuration: another one begins anew."""
        if config != self._config:
            self._config = config
            self._context = _context(self.codec, config)

    def skip_unreferenced(self, skip: bool) -> None:
        """Whether pictures that no other is made from are left out, while nobody is shown any."""
        cast("VideoCodecContext", self._context).skip_frame = "NONREF" if skip else "DEFAULT"

    def finish(self) -> list[tuple[VideoFrame | AudioFrame, int]]:
        """The frames that are still to come; nothing can be decoded after that.

        Raises:
            MediaError: what came before was damaged.
        """
        return self._frames(None, 0)

    def _frames(
        self, packet: Packet[Any] | None, captured_us: int
    ) -> list[tuple[VideoFrame | AudioFrame, int]]:
        try:
            frames: Iterable[VideoFrame | AudioFrame] = self._context.decode(packet)
        except av.error.FFmpegError as error:
            raise MediaError(f"{self.codec.ffmpeg}: {error}") from None
        return [
            (frame, self._captured.pop(frame.pts, captured_us))
            for frame in frames
            if frame.pts is not None
        ]


def _context(codec: Codec, config: bytes | None) -> VideoCodecContext | AudioCodecContext:
    context = cast(
        "VideoCodecContext | AudioCodecContext",
        av.codec.CodecContext.create(codec.ffmpeg, "r"),
    )
    context.thread_count = 1
    if config is not None:
        context.extradata = with_rate_index(config)
    return context
