"""A camera's pictures on their way to its rungs and stills, decoded as far as somebody needs them.

While nobody needs them they are only kept, back to the last keyframe. When somebody does, decoding
begins with that keyframe and goes as fast as it can to the newest picture.

Back-pressure: decoding waits until all rungs have room. What waits for it is bounded (`gop`); a
picture that is late by more than `FRESH` is decoded, counted, and not shown.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, cast

from relay.av.decode import Decoder
from relay.av.deinterlace import Deinterlacer
from relay.av.rung import Picture
from relay.av.upright import Upright
from relay.camera.gop import FRESH, Gop, Pending
from relay.camera.keyframes import KeyframeClock
from relay.camera.ladder import LESS_FPS, MAX_FPS, shown_size
from relay.camera.rate import Cadence
from relay.errors import MediaError
from relay.media.timebase import VIDEO_CLOCK

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from av.audio.frame import AudioFrame
    from av.video.frame import VideoFrame

    from relay.camera.rungs import Rungs
    from relay.camera.source import Source
    from relay.camera.stills import Stills
    from relay.media.codecs import Codec
    from relay.media.ladder import Rendition
    from relay.media.unit import Unit

_REPEATED: Final = 60 * VIDEO_CLOCK
"""A picture that is not later than the last one, by less than this, is dropped: encoders and
viewers take none twice. One that is earlier still tells that the last one's stamp was wrong."""
_LARGE: Final = 1080
"""Pictures with a larger shorter side are decoded by two threads, which costs a picture's time."""
_AT_ONCE: Final = 32
"""Pictures that are decoded in one go while nothing of them is shown."""

Shown = tuple["VideoFrame", int, tuple[int, int]]
"""A frame, when it was captured (µs since the epoch), and its size in square pixels."""


class Pictures:
    """See the module."""

    def __init__(
        self,
        source: Source,
        rungs: Rungs,
        stills: Stills,
        pool: Executor,
        damaged: Callable[[list[MediaError]], None],
    ) -> None:
        """`damaged` is told of units that cannot be decoded."""
        self._source = source
        self._rungs = rungs
        self._stills = stills
        self._pool = pool
        self._damaged = damaged
        self._gop = Gop()
        self._pending = Pending()
        self._decoder: _Whole | None = None
        self._publication: int | None = None
        self._is_wanted = False
        self._still: Unit | None = None
        self._came = asyncio.Event()
        self._newest = 0
        self._caught_up = 0
        self._done_until = 0
        self._cadence = Cadence()
        self._clock = KeyframeClock()
        self._plan: list[Rendition] = []
        self._late = 0
        self.encoded = 0
        """Pictures that went to encoders."""

    @property
    def late(self) -> int:
        """Pictures that were left out because decoder or encoders were behind."""
        return self._late + self._pending.dropped

    @property
    def waiting(self) -> int:
        """Pictures that wait to be decoded, or encoded."""
        return len(self._pending) + self._rungs.waiting

    def take(self, unit: Unit) -> None:
        """Take the next unit."""
        self._gop.add(unit)
        self._newest = unit.pts
        if self._is_wanted:
            self._pending.add(unit)
            self._came.set()
        elif unit.opens_gop and self._stills.due:
            self._still = unit
            self._came.set()

    def want(self, wanted: bool) -> None:
        """Begin to decode all pictures, or cease to."""
        if wanted == self._is_wanted:
            return
        self._is_wanted = wanted
        self._decoder = None
        self._caught_up = self._newest
        self._pending.begin(self._gop.units if wanted else [])
        if wanted:
            self._came.set()

    def resume(self, until: int) -> None:
        """Leave out what a worker before this one has shown, up to this pts."""
        self._done_until = max(self._done_until, until)

    def wish_keyframe(self) -> None:
        """Ask for a keyframe of all rungs soon."""
        self._clock.wish()

    async def run(self) -> None:
        """Decode until cancelled."""
        while True:
            await self._came.wait()
            self._came.clear()
            if self._still is not None:
                unit, self._still = self._still, None
                await self._make_still(unit)
            while len(self._pending):
                await self._rungs.room()
                await self._decode_next()

    # --- decoding --------------------------------------------------------------------------

    async def _decode_next(self) -> None:
        batch = self._pending.take(_AT_ONCE)
        if not batch:
            return
        first = batch[0][0]
        decoder = self._decoder
        is_other = first.publication != self._publication
        if decoder is None or is_other or decoder.codec is not first.codec:
            decoder = self._decoder = _Whole(first.codec, self._threads())
            self._publication = first.publication
        loop = asyncio.get_running_loop()
        found, errors = await loop.run_in_executor(self._pool, _decode, decoder, batch)
        self._damaged(errors)
        for shown in found:
            if decoder is self._decoder:
                await self._show(*shown)

    async def _make_still(self, unit: Unit) -> None:
        loop = asyncio.get_running_loop()
        found, errors = await loop.run_in_executor(self._pool, _decode_alone, unit)
        self._damaged(errors)
        for frame, _, size in found[:1]:
            self._source.see(*size)
            self._stills.offer(frame, size)

    # --- showing ---------------------------------------------------------------------------

    async def _show(self, frame: VideoFrame, captured_us: int, size: tuple[int, int]) -> None:
        pts = cast("int", frame.pts)
        self._source.see(*size)
        self._stills.offer(frame, size)
        if 0 <= self._done_until - pts < _REPEATED:
            return  # shown before, perhaps by the worker before this one
        if FRESH < self._newest - pts < _REPEATED:
            self._late += pts > self._caught_up
            return
        self._done_until = pts
        if not self._rungs.names or not self._plan_for(size) or not self._cadence.takes(pts):
            return
        await self._rungs.room()
        self.encoded += 1
        self._rungs.put(Picture(frame, captured_us, self._clock.due(pts)), self._plan)

    def _threads(self) -> int:
        size = self._source.size
        return 1 if size is None or min(size) <= _LARGE else 2

    def _plan_for(self, size: tuple[int, int]) -> bool:
        """Have the plan be that for pictures of this size; whether there is one yet."""
        fps = self._source.fps
        if fps is None:
            return False
        rungs = self._source.plan(size, fps)
        if rungs is not self._plan:
            self._plan = rungs
            self._clock.restart()
            self._cadence = Cadence(LESS_FPS if self._source.less else MAX_FPS)
        return True


class _Whole(Decoder):
    """A decoder whose pictures are whole ones, whatever the source is made of."""

    def __init__(self, codec: Codec, threads: int = 1) -> None:
        super().__init__(codec, threads)
        self._deinterlacer = Deinterlacer()
        self._upright = Upright()

    def shown(self, unit: Unit) -> list[Shown]:
        """The pictures that `unit` completes.

        Raises:
            MediaError: it is damaged.
        """
        return self._shown(self.decode(unit))

    def alone(self, unit: Unit) -> list[Shown]:
        """The picture of a keyframe; nothing can be decoded after it.

        Raises:
            MediaError: it is damaged.
        """
        frames = [*self.decode(unit), *self.finish()]
        return [*self._shown(frames), *map(self._sized, self._deinterlacer.finish())]

    def _shown(self, frames: list[tuple[VideoFrame | AudioFrame, int]]) -> list[Shown]:
        whole = (
            each
            for frame, captured_us in frames
            for each in self._deinterlacer.take(cast("VideoFrame", frame), captured_us)
        )
        return list(map(self._sized, whole))

    def _sized(self, picture: tuple[VideoFrame, int]) -> Shown:
        frame, captured_us = picture
        width, height = shown_size(frame.width, frame.height, self.pixel_aspect)
        frame, on_its_side = self._upright.take(frame)
        return frame, captured_us, (height, width) if on_its_side else (width, height)


def _decode(
    decoder: _Whole, batch: list[tuple[Unit, bool]]
) -> tuple[list[Shown], list[MediaError]]:
    """Decode in a thread: the frames that are shown, and what was wrong with units."""
    found: list[Shown] = []
    errors: list[MediaError] = []
    for unit, is_shown in batch:
        decoder.skip_unreferenced(not is_shown)
        try:
            pictures = decoder.shown(unit)
        except MediaError as error:
            errors.append(error)
            continue
        found += pictures if is_shown else []
    return found, errors


def _decode_alone(unit: Unit) -> tuple[list[Shown], list[MediaError]]:
    """Decode a keyframe in a thread, and nothing else."""
    try:
        return _Whole(unit.codec).alone(unit), []
    except MediaError as error:
        return [], [error]
