"""A camera's worker at work on a real bus, and a camera that sends real pictures and sound."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Final, cast

import av

from relay.bus import keys, presence
from relay.bus.writer import StreamWriter
from relay.camera.worker import Worker
from relay.media.aac import AacConfig
from relay.media.codecs import Codec
from relay.media.ladder import SOURCE, Ladder
from relay.media.timebase import VIDEO_CLOCK, us_to_ticks
from relay.media.unit import Unit
from tests.support.server import of_role
from tests.support.stalls import PATIENCE_S
from tests.support.video import encode_h264, tone
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from av.audio.codeccontext import AudioCodecContext
    from redis.asyncio import Redis

FPS = 30
FRAME = VIDEO_CLOCK // FPS


def pictures(
    width: int, height: int, *, frames: int, start: int = 0, gop: int = 30, x264: str = "bframes=0"
) -> list[Unit]:
    """H.264 at 30 frames a second, from the time stamp `start` on."""
    packets = encode_h264(width, height, frames=frames, x264=f"keyint={gop}:{x264}")
    first = packets[0].dts or 0
    units = []
    for packet in packets:
        assert packet.pts is not None
        assert packet.dts is not None
        pts, dts = start + packet.pts * FRAME, start + (packet.dts - first) * FRAME
        payload = bytes(packet)
        units.append(Unit(Codec.H264, pts, dts, 0, packet.is_keyframe, payload))
    return units


def repeated(units: list[Unit], times: int) -> list[Unit]:
    """Pictures over and over, from keyframe to keyframe, on one timeline."""
    length = len(units) * FRAME
    return [
        replace(unit, pts=unit.pts + number * length, dts=unit.dts + number * length)
        for number in range(times)
        for unit in units
    ]


def sounds(
    seconds: float, *, start: int = 0, rate: int = 48_000, layout: str = "stereo"
) -> list[Unit]:
    """AAC with a tone in it."""
    context = cast("AudioCodecContext", av.CodecContext.create("aac", "w"))
    context.sample_rate, context.layout, context.format = rate, layout, "fltp"
    context.time_base = Fraction(1, rate)
    context.open()
    assert context.extradata is not None
    config = AacConfig.parse(context.extradata)
    packets = []
    for index in range(int(seconds * rate / 1024)):
        frame = tone(1024, rate=rate, layout=layout)
        frame.pts = index * 1024
        packets += context.encode(frame)
    units = []
    for packet in packets:
        assert packet.pts is not None
        pts = start + round((packet.pts + 1024) * VIDEO_CLOCK / rate)
        units.append(Unit(Codec.AAC, pts, pts, 0, True, config.unit(bytes(packet))))
    return units


def together(*tracks: Iterable[Unit]) -> list[Unit]:
    """Tracks in the order of their decoding."""
    return sorted((unit for track in tracks for unit in track), key=lambda unit: unit.dts)


class Watched(Worker):
    """A worker that notes what it has taken. Cameras wait until it has made something of that, so
    that a busy machine takes longer and drops nothing.
    """

    IDLE_S = 0.0
    QUEUED: Final = 3

    def __init__(self, **settings: str) -> None:
        super().__init__(**settings)
        self.taken = 0
        """Units."""

    async def _take(self, unit: Unit) -> None:
        await super()._take(unit)
        self.taken += 1

    @property
    def decodes(self) -> bool:
        """Whether it decodes all pictures."""
        return self._need.pictures

    @property
    def hears(self) -> bool:
        """Whether it decodes and encodes sound."""
        return self._soundtrack.is_on

    def has_made(self, sent: int) -> bool:
        """Whether so many units are taken, and hardly any of them waits."""
        if self.taken < sent:
            return False
        return self._pictures.waiting + self._soundtrack.waiting <= self.QUEUED


class Camera:
    """Writes a camera's source; see `sending`."""

    def __init__(self, bus: Redis, name: str) -> None:
        self._writer = StreamWriter(bus, keys.source_units(name))
        self._bus = bus
        self.name = name
        self.began = time.time()
        self.worker: Watched | None = None
        """Who is waited for, instead of the time at which a unit is due."""
        self.sent = 0
        """Units, of which the worker is waited for."""

    @property
    def shift(self) -> int:
        """What its time stamps are on the timeline of the bus, 90 kHz."""
        return us_to_ticks(int(self.began * 1e6))

    async def run(self) -> None:
        await self._writer.run()

    def put(self, unit: Unit) -> None:
        """Send at once; time stamps count from the camera's beginning."""
        shift = self.shift
        captured = int(self.began * 1e6) + unit.pts * 100 // 9
        moved = replace(unit, pts=unit.pts + shift, dts=unit.dts + shift, captured_us=captured)
        self._writer.put(moved)
        self.sent += 1

    async def send(self, units: Iterable[Unit], *, at_once: int = 1) -> None:
        """Send as fast as the worker takes them, or each when its time has come where there is none
        in this process; so many at once as are asked for.
        """
        for count, unit in enumerate(units, 1):
            if self.worker is None:
                due = self.began + unit.dts / VIDEO_CLOCK
                await asyncio.sleep(max(0.0, due - time.time()))
            self.put(unit)
            if self.worker is not None and count % at_once == 0:
                await eventually(self._is_taken, "the worker to take what was sent", 30)

    def _is_taken(self) -> bool:
        assert self.worker is not None
        return self.worker.has_made(self.sent)

    async def ladder(
        self, *rungs: str, sound: bool | None = None, within_s: float = PATIENCE_S
    ) -> Ladder:
        """Wait until these are the camera's rungs, aside from the source as it is."""
        found: Ladder | None = None

        async def is_there() -> bool:
            nonlocal found
            fact = await presence.get(self._bus, presence.LADDER, self.name)
            if fact is None:
                return False
            told = Ladder.from_json(fact)
            encoded = tuple(rung for rung in told.video if rung.name != SOURCE)
            found = Ladder(encoded, told.sound)
            names = tuple(rung.name for rung in encoded)
            return names == rungs and sound in (None, told.sound)

        await eventually(is_there, f"the ladder {rungs}, there is {found}", within_s)
        assert found is not None
        return found


@asynccontextmanager
async def sending(bus: Redis, name: str = "helmet") -> AsyncIterator[Camera]:
    """A camera that may send."""
    camera = Camera(bus, name)
    task = asyncio.create_task(camera.run())
    try:
        yield camera
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def working(url: str, camera: Camera) -> AsyncIterator[Watched]:
    """A camera's worker in this process."""
    worker = Watched(camera=camera.name, bus_url=of_role(url, "camera"), preset="ultrafast")
    task = asyncio.create_task(worker.run())
    camera.worker = worker
    try:
        yield worker
        assert not task.done(), task.exception()
    finally:
        camera.worker = None
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
