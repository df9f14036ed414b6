"""One camera's source on its way to the bus: timeline, capture clock, writer, presence, faults.

Every protocol converts its own time stamps and payloads and then puts them here.
Back-pressure: the writer's; `put` never waits.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, cast

from relay.bus import keys, presence, wire
from relay.bus.client import store_errors
from relay.bus.events import publish
from relay.bus.writer import StreamWriter
from relay.errors import MediaError, ProtocolError, StoreError
from relay.ingest.fault_teller import FaultTeller
from relay.log import logger
from relay.media import h264, sei
from relay.media.codecs import Codec
from relay.media.sps import crop_sps, parse_sps
from relay.media.timebase import CaptureClock, Reordering, Timeline, ToldClock, ticks_to_us
from relay.media.unit import Unit

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from relay.bus.client import Entry
    from relay.ingest.inspection import Inspection
    from relay.media.sps import Sps

_HEAD: Final = 4096
"""Parameter sets are looked for in so many bytes of a keyframe."""
_FLUSH_S: Final = 0.5
_TAIL: Final = 32
"""Of so many units the latest says where a stream stands; sound and picture are interleaved."""


class Publisher:
    """Publishes one camera for as long as `run` runs."""

    def __init__(self, bus: Redis, camera: str, *, protocol: str, peer: str) -> None:
        self._bus = bus
        self._camera = camera
        self._writer = StreamWriter(bus, keys.source_units(camera))
        self._timeline = Timeline()
        self._reordering = Reordering()
        self._capture = CaptureClock()
        self._told: ToldClock | None = None
        self._fact: dict[str, Any] = {
            "protocol": protocol,
            "peer": peer,
            "since": time.time(),
            "device": "",
            "encoder": "",
            "video": None,
            "sound": None,
        }
        self._size: tuple[int, int] | None = None
        self._seen: tuple[bytes, tuple[int, int] | None] | None = None
        self._cropped = b""
        self._until = 0
        self._publication = secrets.randbelow(wire.PUBLICATIONS)
        self._begun = asyncio.Event()
        self._faults = FaultTeller(bus, camera)
        self._inspection: Inspection | None = None
        self.units = 0
        """Units published."""

    async def prepare(self) -> None:
        """Find out where the camera's timeline stands, and which publication was the last; call it
        before the first `put`.

        Raises:
            StoreError: the bus is out of reach.
        """
        async with store_errors("reading a camera's stream"):
            last = cast(
                "list[Entry]",
                await self._bus.xrevrange(keys.source_units(self._camera), count=_TAIL),
            )
        for _, fields in reversed(last):
            with suppress(ProtocolError, KeyError):  # of another version: as good as none
                _, unit = wire.decode(fields[wire.FIELD])
                self._until = max(self._until, unit.dts + 1)
                self._publication = (unit.publication + 1) % wire.PUBLICATIONS
        if self._until:
            self._timeline = Timeline(not_before=self._until)

    def inspect(self, inspection: Inspection) -> None:
        """Tell the operators what this finds wrong with the source."""
        self._inspection = inspection
        self._faults.inspect(inspection)

    def new_source(self, *, peer: str, device: str, encoder: str) -> None:
        """Go on with another source, whose clock is its own; the timeline goes on."""
        self._timeline = Timeline(not_before=self._until)
        self._reordering = Reordering()
        self._capture = CaptureClock()
        self._told = None
        self._publication = (self._publication + 1) % wire.PUBLICATIONS
        self.describe(peer=peer, device=device, encoder=encoder, since=time.time())

    def crop(self, width: int, height: int) -> None:
        """Take the picture's size from the container: what the SPS leaves uncropped is cropped."""
        self._size = (width, height)

    def trust_clock(self, zero_us: int) -> None:
        """Learn when the source's time stamp zero was captured, µs since the epoch."""
        if self._told is None:
            self._told = ToldClock(zero_us)
        else:
            self._told.tell(zero_us)

    @property
    def clock(self) -> str:
        """What a unit's capture time goes by: the `camera`'s own clock, or its `arrival` here."""
        return "camera" if self._told is not None and self._told.is_proven else "arrival"

    def describe(self, **facts: object) -> None:
        """Note what the source says of itself, for operators."""
        self._fact.update(facts)

    def put(
        self, codec: Codec, *, dts: int, offset: int, keyframe: bool, payload: bytes, now_us: int
    ) -> None:
        """Publish one access unit.

        `dts` is on the source's own clock, 90 kHz, unwrapped; `offset` is pts - dts; `now_us` is
        the wall clock in µs.
        """
        steps = self._timeline.restamps
        shift, placed = self._timeline.place(codec.kind, dts, now_us)
        if self._timeline.restamps != steps:
            self._told = None  # it was told of the clock before
            if self._inspection is not None:
                self._inspection.note_change("clock")
        if codec.kind == "video" and not self._reordering.allows(dts, offset):
            offset = 0
            if self._inspection is not None:
                self._inspection.note("wrong_offset")
        pts = dts + shift + offset
        self._until = max(self._until, placed + 1)
        captured = self._capture.captured_us(pts, now_us)
        stamped = sei.stamped_us(payload) if codec is Codec.H264 else None
        if stamped is not None:
            self.trust_clock(stamped - ticks_to_us(dts + offset))
        if self._told is not None:
            told = self._told.captured_us(dts + offset, now_us)
            captured = captured if told is None else told
        if self._inspection is not None:
            self._inspection.note_lag((now_us - captured) / 1e6)
        if codec is Codec.H264 and keyframe:
            payload = self._look_at_picture(payload)
        elif codec is not Codec.H264:
            self._fact["sound"] = codec.name
        unit = Unit(codec, pts, placed, captured, keyframe, payload, self._publication)
        self._writer.put(unit)
        self.units += 1
        self._faults.seen = now_us / 1e6
        self._begun.set()

    def _look_at_picture(self, payload: bytes) -> bytes:
        """Note what the SPS says, and put the container's cropping into it."""
        nals = h264.split_annexb(payload[:_HEAD])
        sps = next((nal for nal in nals if h264.nal_type(nal) == h264.NAL_SPS), b"")
        if not sps:
            return payload
        if (sps, self._size) != self._seen:
            self._seen = (sps, self._size)
            self._cropped = sps
            try:
                if self._size is not None:
                    self._cropped = crop_sps(sps, *self._size)
                parsed = parse_sps(self._cropped)
            except MediaError as error:
                logger().warning("unreadable SPS", camera=self._camera, error=str(error))
                return payload
            self._note_video(parsed)
        return payload.replace(sps, self._cropped, 1) if self._cropped != sps else payload

    def _note_video(self, sps: Sps) -> None:
        before = self._fact["video"]
        video = {"codec": sps.codec_string, "width": sps.width, "height": sps.height}
        self._fact["video"] = video
        if before is None or before == video:
            return
        resized = (before["width"], before["height"]) != (sps.width, sps.height)
        if self._inspection is not None:
            self._inspection.note_change("size" if resized else "codec")
        logger().info("the picture has changed", camera=self._camera, before=before, now=video)

    async def flush(self) -> None:
        """Let the last units reach the bus, while `run` runs; call it before that is cancelled."""
        await self._writer.flush(_FLUSH_S)

    async def run(self) -> None:
        """Write, and tell of the camera once a second, until cancelled; then take that back."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._writer.run())
                tasks.create_task(self._tell())
                tasks.create_task(self._faults.run())
        finally:
            try:
                await presence.withdraw(self._bus, presence.CAMERA, self._camera)
                await self._announce(live=False)
            except StoreError as error:
                logger().warning("a camera's end is not told", error=str(error))

    async def _tell(self) -> None:
        announced = False
        # A camera of which nothing can be used is not live, and must not take the programme.
        await self._begun.wait()
        while True:
            fact = self._fact | {
                "units": self.units,
                "dropped": self._writer.dropped,
                "clock": self.clock,
            }
            try:
                await presence.tell(self._bus, presence.CAMERA, self._camera, fact)
                if not announced:
                    await self._announce(live=True)
                    announced = True
            except StoreError as error:
                logger().warning("the bus does not hear of a camera", error=str(error))
            await asyncio.sleep(presence.INTERVAL_S)

    async def _announce(self, *, live: bool) -> None:
        event = {"camera": self._camera, "live": live}
        await publish(self._bus, keys.CAMERA_EVENTS, event)
