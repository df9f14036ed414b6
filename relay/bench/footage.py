"""A camera that is no camera: units of a known size and content, written to the bus in real time.

Whoever receives a picture can tell its number from it, and from the number every byte.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from relay.bus import keys, presence
from relay.bus.client import connect
from relay.bus.writer import StreamWriter
from relay.media.codecs import Codec
from relay.media.h264 import START_CODE
from relay.media.ladder import SOUND, Ladder, Rendition
from relay.media.opus import FRAME_SAMPLES
from relay.media.timebase import VIDEO_CLOCK
from relay.media.unit import Unit
from relay.webrtc.rtp import MAX_PAYLOAD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from redis.asyncio import Redis

CAMERA: Final = "bench"
FPS: Final = 30
GOP: Final = 60
PACKETS: Final = 7
"""Packets of a picture: 2 Mb/s."""
SOUNDS: Final = 48_000 // FRAME_SAMPLES
"""Packets of sound a second."""
_RUNG: Final = "720p"
_FACTS_MS: Final = 600_000
_LIFE_S: Final = 300.0
"""Facts are told again after this long, half of what they live."""
_PATTERN: Final = bytes(1 + byte % 255 for byte in range(255 + (MAX_PAYLOAD - 2) * 64))
_DIGITS: Final = 8
_SOUND_BYTES: Final = 160
"""Of a packet of sound: 64 kb/s."""
_TOC: Final = b"\xfc"
"""Stereo, one frame of 20 ms, full band (RFC 6716 section 3.1)."""


def picture(number: int, packets: int = PACKETS) -> bytes:
    """The NAL unit of picture `number`: so large that it fills so many packets, up to 64."""
    head = bytes([0x65 if number % GOP == 0 else 0x41]) + b"%0*d" % (_DIGITS, number)
    size = (MAX_PAYLOAD - 2) * packets + 1 - len(head)
    return head + _PATTERN[number % 255 :][:size]


def number_of(nal: bytes) -> int:
    """The number of a picture; -1 where there is none."""
    digits = nal[1 : 1 + _DIGITS]
    return int(digits) if digits.isdigit() else -1


def sound(number: int) -> bytes:
    """The Opus packet `number`."""
    head = _TOC + b"%0*d" % (_DIGITS, number)
    return head + _PATTERN[number % 255 :][: _SOUND_BYTES - len(head)]


def sound_number_of(packet: bytes) -> int:
    """The number of a packet of sound; -1 where there is none."""
    return number_of(packet)  # it stands behind one byte as well


def unit(number: int, at: float, payload: bytes | None = None) -> Unit:
    """Picture `number` as it is written at the Unix time `at`."""
    pts = round(at * VIDEO_CLOCK)
    if payload is None:
        payload = START_CODE + picture(number)
    return Unit(Codec.H264, pts, pts, round(at * 1e6), number % GOP == 0, payload)


def _sound_unit(number: int, at: float) -> Unit:
    pts = round(at * VIDEO_CLOCK)
    return Unit(Codec.OPUS, pts, pts, round(at * 1e6), keyframe=True, payload=sound(number))


class Footage:
    """The camera."""

    def __init__(
        self,
        bus: Redis,
        packets: int = PACKETS,
        pictures: Sequence[bytes] | None = None,
        *,
        with_sound: bool = False,
    ) -> None:
        """`pictures` are a GOP of access units, to be sent again and again instead."""
        self.packets_written = 0
        """Packets of picture and sound that a viewer gets of all that was written."""
        self.gop_at = 0.0
        """When the last GOP began, Unix time."""
        self._packets = packets
        self._pictures = pictures
        self._with_sound = with_sound
        self._bus = bus
        self._going = asyncio.Event()
        self._going.set()
        self._writer = StreamWriter(bus, keys.rendition_units(CAMERA, _RUNG))
        self._sound_writer = StreamWriter(bus, keys.rendition_units(CAMERA, SOUND))

    async def run(self) -> None:
        """Write until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._writer.run())
            tasks.create_task(self._tell())
            tasks.create_task(self._play())
            if self._with_sound:
                tasks.create_task(self._sound_writer.run())
                tasks.create_task(self._sing())

    async def tell(self) -> None:
        """Tell that it is live, and what it offers."""
        bps = MAX_PAYLOAD * 8 * FPS * self._packets
        rung = Rendition(_RUNG, 1280, 720, FPS, bps, "avc1.42C01F")
        ladder = Ladder((rung,), sound=self._with_sound)
        fact = {"protocol": "rtmp", "units": 3}
        await presence.tell(self._bus, presence.CAMERA, CAMERA, fact, ttl_ms=_FACTS_MS)
        await presence.tell(self._bus, presence.LADDER, CAMERA, ladder.to_json(), ttl_ms=_FACTS_MS)

    async def _tell(self) -> None:
        while True:
            await self.tell()
            await asyncio.sleep(_LIFE_S)

    def pause(self) -> None:
        """Write nothing from now on."""
        self._going.clear()

    def resume(self) -> None:
        """Go on with the next picture, at once."""
        self._going.set()

    async def _times(self, per_s: int) -> AsyncIterator[tuple[int, float]]:
        """Numbers, each at its time."""
        due = time.time()
        for number in itertools.count():
            await asyncio.sleep(max(due - time.time(), 0.0))
            if not self._going.is_set():
                await self._going.wait()
                due = time.time()
            yield number, due
            due += 1 / per_s

    async def _play(self) -> None:
        async for number, at in self._times(FPS):
            if self._pictures is None:
                payload = START_CODE + picture(number, self._packets)
            else:
                payload = self._pictures[number % GOP]
            if number % GOP == 0:
                self.gop_at = at
            self._writer.put(unit(number, at, payload))
            self.packets_written += self._packets

    async def _sing(self) -> None:
        async for number, at in self._times(SOUNDS):
            self._sound_writer.put(_sound_unit(number, at))
            self.packets_written += 1


@asynccontextmanager
async def footage(
    bus_url: str,
    packets: int = PACKETS,
    pictures: Sequence[bytes] | None = None,
    *,
    with_sound: bool = False,
) -> AsyncIterator[Footage]:
    """The camera, at work and live."""
    bus = connect(bus_url)
    camera = Footage(bus, packets, pictures, with_sound=with_sound)
    await camera.tell()
    task = asyncio.create_task(camera.run())
    try:
        yield camera
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await bus.aclose()
