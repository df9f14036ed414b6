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
from relay.media.ladder import Ladder, Rendition
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
_RUNG: Final = "720p"
_FACTS_MS: Final = 600_000
_LIFE_S: Final = 300.0
"""Facts are told again after this long, half of what they live."""
_PATTERN: Final = bytes(1 + byte % 255 for byte in range(255 + (MAX_PAYLOAD - 2) * 64))
_DIGITS: Final = 8


def picture(number: int, packets: int = PACKETS) -> bytes:
    """The NAL unit of picture `number`: so large that it fills so many packets, up to 64."""
    head = bytes([0x65 if number % GOP == 0 else 0x41]) + b"%0*d" % (_DIGITS, number)
    size = (MAX_PAYLOAD - 2) * packets + 1 - len(head)
    return head + _PATTERN[number % 255 :][:size]


def number_of(nal: bytes) -> int:
    """The number of a picture; -1 where there is none."""
    digits = nal[1 : 1 + _DIGITS]
    return int(digits) if digits.isdigit() else -1


def unit(number: int, at: float, payload: bytes | None = None) -> Unit:
    """Picture `number` as it is written at the Unix time `at`."""
    pts = round(at * VIDEO_CLOCK)
    if payload is None:
        payload = START_CODE + picture(number)
    return Unit(Codec.H264, pts, pts, round(at * 1e6), number % GOP == 0, payload)


class Footage:
    """The camera. `written` counts its pictures."""

    def __init__(
        self, bus: Redis, packets: int = PACKETS, pictures: Sequence[bytes] | None = None
    ) -> None:
        """`pictures` are a GOP of access units, to be sent again and again instead."""
        self.written = 0
        self._packets = packets
        self._pictures = pictures
        self._bus = bus
        self._writer = StreamWriter(bus, keys.rendition_units(CAMERA, _RUNG))

    async def run(self) -> None:
        """Write until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._writer.run())
            tasks.create_task(self._tell())
            tasks.create_task(self._play())

    async def tell(self) -> None:
        """Tell that it is live, and what it offers."""
        bps = MAX_PAYLOAD * 8 * FPS * self._packets
        ladder = Ladder((Rendition(_RUNG, 1280, 720, FPS, bps, "avc1.42C01F"),), sound=False)
        fact = {"protocol": "rtmp", "units": 3}
        await presence.tell(self._bus, presence.CAMERA, CAMERA, fact, ttl_ms=_FACTS_MS)
        await presence.tell(self._bus, presence.LADDER, CAMERA, ladder.to_json(), ttl_ms=_FACTS_MS)

    async def _tell(self) -> None:
        while True:
            await self.tell()
            await asyncio.sleep(_LIFE_S)

    async def _play(self) -> None:
        began = time.time()
        for number in itertools.count():
            at = began + number / FPS
            await asyncio.sleep(max(at - time.time(), 0.0))
            if self._pictures is None:
                payload = START_CODE + picture(number, self._packets)
            else:
                payload = self._pictures[number % GOP]
            self._writer.put(unit(number, at, payload))
            self.written = number + 1


@asynccontextmanager
async def footage(
    bus_url: str, packets: int = PACKETS, pictures: Sequence[bytes] | None = None
) -> AsyncIterator[Footage]:
    """The camera, at work and live."""
    bus = connect(bus_url)
    camera = Footage(bus, packets, pictures)
    await camera.tell()
    task = asyncio.create_task(camera.run())
    try:
        yield camera
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await bus.aclose()
