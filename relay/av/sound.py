"""The encoder of a camera's sound: Opus, 48 kHz, stereo."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.fifo import AudioFifo
from av.audio.resampler import AudioResampler

from relay.errors import MediaError
from relay.media.codecs import Codec
from relay.media.opus import FRAME_SAMPLES
from relay.media.timebase import OPUS_CLOCK, VIDEO_CLOCK, rescale
from relay.media.unit import Unit

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.packet import Packet

SOUND_BPS: Final = 96_000


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
