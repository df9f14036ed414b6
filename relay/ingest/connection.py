"""One RTMP publisher's connection: bytes from its socket to the session, its pictures to the desk.

Back-pressure: it is read 64 KB at a time, by turns with all others, and is not read further until
what it was sent has been taken. One that does not publish yet may not say much.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from relay.bus import faults
from relay.errors import Conflict, StoreError
from relay.ids import hash_key
from relay.ingest.desk import Source
from relay.ingest.rtmp.errors import RtmpError
from relay.ingest.rtmp.events import (
    Ended,
    MediaAudio,
    MediaFault,
    MediaVideo,
    MetaData,
    PublishRequested,
    Unpublished,
)
from relay.ingest.rtmp.session import Session
from relay.ingest.rtmp.states import Refusal
from relay.log import logger
from relay.media.timebase import VIDEO_CLOCK, rescale
from relay.network import prefix
from relay.state.course import farewell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from redis.asyncio import Redis

    from relay.bus.faults import Fault
    from relay.ingest.desk import Desk
    from relay.ingest.rtmp.events import Event
    from relay.state.models import Camera
    from relay.state.registry import Registry

PUBLISH_S: Final = 10.0
"""Time to begin publishing."""
GREETING_S: Final = 3.0
"""Time for the first bytes: encoders send them at once."""
SILENCE_S: Final = 30.0
"""A publisher that sends nothing for this long is closed."""
KEY_CHECK_S: Final = 5.0
"""How often a publisher's key is looked up again: one whose key was changed, or whose camera was
let go, is hung up on."""
FAREWELL_S: Final = 1.0
"""Time for a peer to take what it is told at the end."""
_READ: Final = 65_536
_READ_EARLY: Final = 4_096
"""Bytes that are read at a time of one who does not publish yet."""
MAX_EARLY: Final = 65_536
"""Bytes that one may send before it publishes; the handshake and all commands are some 4 KB."""
_MAX_SIDE: Final = 16_384


@dataclass(frozen=True, slots=True)
class Intake:
    """What all connections of a server share."""

    registry: Registry
    """Where keys are looked up."""
    bus: Redis
    """Where refusals are told."""
    desk: Desk
    """Who is on air."""
    counters: dict[str, int]
    """The server's; a connection counts `refused` and `faults`."""
    prove: Callable[[Connection], bool]
    """Asks for a place among those that publish."""

    async def note_refusal(self, camera: Camera, fault: Fault, peer: str) -> None:
        """Tell the operators that what sends a camera was hung up on."""
        self.counters["refused"] += 1
        logger().warning(
            "camera refused", camera=camera.id, name=camera.name, peer=peer, fault=str(fault)
        )
        try:
            told = replace(fault, at=time.time())
            await faults.tell(self.bus, camera.id, told, ttl_ms=faults.REFUSAL_MS)
            await faults.note(self.bus, camera.id, {fault.kind: 1})
        except StoreError as error:
            logger().warning("the bus does not hear of a refusal", error=str(error))


class Connection:
    """See the module."""

    def __init__(
        self,
        intake: Intake,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        peer: str,
    ) -> None:
        self._intake = intake
        self._reader = reader
        self._writer = writer
        self._peer = peer
        self._session = Session()
        self._source: Source | None = None
        self._camera: Camera | None = None
        self._key_hash = ""
        self._key_checked = 0.0
        self._key_check: asyncio.Task[None] | None = None
        self._reading: asyncio.Timeout | None = None
        self._faults = 0
        self._early = 0
        """Bytes that came before it published."""
        self._dismissed: str | None = None

    async def run(self) -> None:
        """Serve until either side ends it."""
        reason = "stopped"
        waiting = True
        try:
            came = asyncio.get_running_loop().time()
            while not self._session.closed and self._dismissed is None:
                now = asyncio.get_running_loop().time()
                if waiting and self._source is not None:
                    waiting = False
                    if not self._intake.prove(self):
                        reason = "its network has all the publishers that one may have"
                        break
                patience = PUBLISH_S if self._early else GREETING_S
                limit = came + patience - now if waiting else SILENCE_S
                await asyncio.sleep(0)  # what has come can be read without a break
                data = await self._read(limit, _READ_EARLY if waiting else _READ)
                if data is None:
                    reason = self._why_nothing_came(waiting=waiting)
                    break
                self._early += len(data) if waiting else 0
                if self._early > MAX_EARLY and self._source is None:
                    reason = "it said too much before it published"
                    break
                for event in self._events(data, now):
                    await self._handle(event)
                await self._flush(PUBLISH_S)
            else:
                reason = self._dismissed or self._session.close_reason or reason
        except (OSError, StoreError) as error:
            reason = str(error)
        finally:
            if self._key_check is not None:
                self._key_check.cancel()
            if self._source is not None:
                await self._intake.desk.leave(self._source)
            logger().info(
                "RTMP connection ended",
                peer=self._peer,
                camera=self._camera and self._camera.id,
                reason=reason,
                faults=self._faults,
                **({} if self._camera else {"stranger": prefix(self._peer)}),
            )
            with suppress(OSError):
                await self._take_leave()

    def _events(self, data: bytes, now: float) -> Iterable[Event]:
        if not data:
            return self._session.end()
        try:
            return self._session.receive(data, now)
        except RtmpError as error:
            return error.events  # what came before the fault; the session is over

    async def _read(self, limit_s: float, most: int) -> bytes | None:
        """At most so much of what has arrived, b"" at the end, None after `limit_s` seconds without
        anything or once the connection is dismissed.
        """
        try:
            async with asyncio.timeout(max(limit_s, 0.0)) as self._reading:
                return await self._reader.read(most)
        except TimeoutError:
            return None
        finally:
            self._reading = None

    def _why_nothing_came(self, *, waiting: bool) -> str:
        silence = "it did not publish in time" if waiting else "it fell silent"
        return self._dismissed or silence

    async def _flush(self, limit_s: float) -> None:
        output = self._session.take_output()
        if output:
            self._writer.write(output)
            async with asyncio.timeout(limit_s):
                await self._writer.drain()

    async def _take_leave(self) -> None:
        """Send what is left to say; to a publisher that is hung up on, why.

        What such a one still sends is read for a moment: left unread, it would make the system
        reset the connection before the publisher has read the reason.
        """
        if self._dismissed is None:
            await self._flush(FAREWELL_S)
            return
        self._session.dismiss(self._dismissed)
        async with asyncio.timeout(FAREWELL_S):
            await self._flush(FAREWELL_S)
            self._writer.write_eof()
            while await self._reader.read(_READ):
                pass

    async def _handle(self, event: Event) -> None:
        source = self._source
        match event:
            case PublishRequested():
                await self._publish(event)
            case MediaVideo() | MediaAudio() if source is not None:
                self._media(source, event)
                self._check_key(source.camera)
            case MetaData() if source is not None:
                self._describe(source, event)
            case MediaFault() if source is not None:
                await self._fault(source, event)
            case Unpublished() | Ended() if source is not None:
                await self._intake.desk.leave(source)
                self._source = None
            case _:
                pass

    async def _fault(self, source: Source, event: MediaFault) -> None:
        self._faults += 1
        self._intake.counters["faults"] += 1
        if self._faults == 1:
            logger().warning("unusable media", peer=self._peer, reason=event.reason)
        now = asyncio.get_running_loop().time()
        source.inspection.unusable(event.kind, event.reason, event.codec, now)
        refusal = source.inspection.refusal()
        if refusal is not None and self._dismissed is None:
            assert self._camera is not None
            self.dismiss(f"{self._camera.name}: {refusal}")
            await self._intake.note_refusal(self._camera, refusal, self._peer)

    async def _publish(self, request: PublishRequested) -> None:
        camera = await self._camera_of(request)
        if camera is None:
            self._refuse("the stream key is not known")
            return
        released_by = await self._intake.registry.released_by(camera.id)
        if released_by is not None:
            self._camera = camera
            self._refuse(f"{camera.name}: {farewell(released_by)}", Refusal.REJECTED)
            return
        self._camera = camera
        source = Source(
            camera=camera.id,
            peer=self._peer,
            encoder=request.encoder,
            dismiss=self.dismiss,
        )
        now = asyncio.get_running_loop().time()
        try:
            await self._intake.desk.join(source, protocol="rtmp", now=now)
        except Conflict as error:
            self._refuse(str(error), Refusal.BAD_NAME)
            return
        self._source = source
        self._key_hash, self._key_checked = hash_key(request.stream_key), now
        self._session.accept()

    def _refuse(self, reason: str, refusal: Refusal = Refusal.UNAUTHORIZED) -> None:
        self._intake.counters["refused"] += 1
        self._session.refuse(reason, refusal)

    async def _camera_of(self, request: PublishRequested) -> Camera | None:
        if not request.stream_key:
            return None
        return await self._intake.registry.camera_of_key(request.stream_key)

    def _media(self, source: Source, event: MediaVideo | MediaAudio) -> None:
        cts_ms, keyframe = 0, True
        if isinstance(event, MediaVideo):
            cts_ms, keyframe = event.cts_ms, event.keyframe
        self._intake.desk.put(
            source,
            event.codec,
            dts=rescale(event.dts_ms, 1000, VIDEO_CLOCK),
            offset=rescale(cts_ms, 1000, VIDEO_CLOCK),
            keyframe=keyframe,
            payload=event.payload,
            now=asyncio.get_running_loop().time(),
            now_us=time.time_ns() // 1000,
        )

    def _describe(self, source: Source, event: MetaData) -> None:
        if event.device:
            self._intake.desk.identify(source, _serial(event))
        if event.zero_us is not None:
            self._intake.desk.trust_clock(source, event.zero_us)
        width, height = (event.values.get(name) for name in ("width", "height"))
        if not isinstance(width, float) or not isinstance(height, float):
            return
        if 0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE:
            self._intake.desk.crop(source, int(width), int(height))

    def _check_key(self, camera: str) -> None:
        """Look the key up again if it is time; media do not wait for the answer."""
        now = asyncio.get_running_loop().time()
        is_checking = self._key_check is not None and not self._key_check.done()
        if not is_checking and now - self._key_checked >= KEY_CHECK_S:
            self._key_checked = now
            self._key_check = asyncio.create_task(self._look_up_key(camera))

    async def _look_up_key(self, name: str) -> None:
        try:
            camera = await self._intake.registry.cameras.find(name)
            released_by = await self._intake.registry.released_by(name)
        except StoreError:
            return  # whoever is on air stays there while the state is away
        if camera is None or camera.key_hash != self._key_hash:
            self.dismiss("its key was changed")
        elif released_by is not None:
            self.dismiss(f"{camera.name}: {farewell(released_by)}")

    def dismiss(self, reason: str) -> None:
        """End the connection, and say why in the log."""
        self._dismissed = reason
        # A read may wait for a peer that says nothing.
        if self._reading is not None and not self._reading.expired():
            self._reading.reschedule(asyncio.get_running_loop().time())


def _serial(event: MetaData) -> str:
    """What tells this device from all others: only GoPros send a serial number."""
    return event.device if str(event.values.get("creator", "")).startswith("GoPro") else ""
