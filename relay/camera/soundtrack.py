"""A camera's sound on its way to Opus, decoded while somebody listens.

The first frames of each publication are decoded for nobody, so that the ladder offers only sound
that can be heard. The last few frames are kept: an AAC decoder's first ones are incomplete, and so
the first that a listener gets is not one of those.

Back-pressure: `QUEUE` frames wait at the most, the oldest are dropped and counted. Sound has a
thread for itself, whatever the pictures take.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final, cast

from relay.av.decode import Decoder
from relay.av.sound import Sound
from relay.camera.gop import FRESH
from relay.errors import MediaError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from av.audio.frame import AudioFrame

    from relay.camera.outputs import Output
    from relay.camera.source import Source
    from relay.media.unit import Unit

PRIMING: Final = 4
"""Frames that a decoder is given before the first that is heard."""
QUEUE: Final = 256


class Soundtrack:
    """See the module."""

    def __init__(
        self, source: Source, pool: Executor, damaged: Callable[[list[MediaError]], None]
    ) -> None:
        """`damaged` is told of units that cannot be decoded."""
        self._source = source
        self._pool = pool
        self._damaged = damaged
        self._recent: deque[Unit] = deque(maxlen=PRIMING)
        self._pending: deque[tuple[Unit, bool]] = deque()
        self._came = asyncio.Event()
        self._output: Output | None = None
        self._sound: Sound | None = None
        self._decoder: Decoder | None = None
        self._publication: int | None = None
        self._proven: int | None = None
        self._newest = 0
        self.late = 0
        """Frames that were left out because others waited."""

    @property
    def waiting(self) -> int:
        """Frames that wait to be decoded."""
        return len(self._pending)

    @property
    def is_on(self) -> bool:
        """Whether it is encoded."""
        return self._output is not None

    def take(self, unit: Unit) -> None:
        """Take the next unit."""
        self._newest = unit.dts
        if self.is_on or unit.publication != self._proven:
            if len(self._pending) >= QUEUE:
                self._pending.popleft()
                self.late += 1
            self._pending.append((unit, self.is_on))
            self._came.set()
        self._recent.append(unit)

    def start(self, output: Output) -> None:
        """Encode from the next unit on."""
        self._output, self._sound, self._decoder = output, Sound(), None
        self._pending = deque((unit, False) for unit in self._recent)
        self._came.set()

    def stop(self) -> None:
        """Encode no more. The stream is deleted: nobody who comes later is to hear its end."""
        if self._output is not None:
            self._output.writer.clear()
        self._output = self._sound = self._decoder = None
        self._pending.clear()

    async def run(self) -> None:
        """Decode and encode until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await self._came.wait()
            self._came.clear()
            while self._pending:
                unit, is_heard = self._pending.popleft()
                is_heard = is_heard and self._newest - unit.dts <= FRESH
                output, sound, decoder = self._output, self._sound, self._decoder_for(unit)
                encoder = sound if is_heard else None
                units, frames, error = await loop.run_in_executor(
                    self._pool, _hear, decoder, encoder, unit
                )
                if error is not None:
                    self._damaged([error])
                if frames:
                    self._proven = unit.publication
                    self._source.hear(unit.publication)
                if output is not None and sound is self._sound:
                    for each in units:
                        if each.pts > output.until:
                            output.writer.put(each)

    def _decoder_for(self, unit: Unit) -> Decoder:
        decoder = self._decoder
        is_other = unit.publication != self._publication
        if decoder is None or is_other or decoder.codec is not unit.codec:
            decoder = self._decoder = Decoder(unit.codec)
            self._publication = unit.publication
        return decoder


def _hear(
    decoder: Decoder, encoder: Sound | None, unit: Unit
) -> tuple[list[Unit], int, MediaError | None]:
    """Decode and encode in a thread: packets, how many frames they are of, and what was wrong."""
    packets: list[Unit] = []
    try:
        frames = decoder.decode(unit)
        if encoder is not None:
            for frame, captured_us in frames:
                packets += encoder.encode(cast("AudioFrame", frame), captured_us)
    except MediaError as error:
        return packets, 0, error
    return packets, len(frames), None
