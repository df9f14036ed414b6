"""Who publishes which camera: one publisher each, further ones stand by.

A second publisher on a live camera takes over if it is the same device coming back, by its serial
number, or if the first has fallen silent; otherwise it stands by, its media is dropped, and it goes
on air with its next keyframe when the first one leaves. So two encoders never duel.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final

from relay import process
from relay.bus import lease
from relay.errors import Conflict, StoreError
from relay.ingest.inspection import Inspection
from relay.ingest.publisher import Publisher
from relay.log import logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis.asyncio import Redis

    from relay.media.codecs import Codec

MAX_STANDBYS: Final = 4
"""Connections that stand by for one camera; more are refused."""
STANDBY_S: Final = 2.0
"""Seconds of silence after which a standby takes over, unless the settings say otherwise."""
KEYFRAME_S: Final = 1.0
"""A source of which a keyframe is wanted has so long to make one. Then it is hung up on: encoders
begin with one when they come back."""
GOP_S: Final = 4.0
"""Unless its last keyframe is younger than this: then its next one is on its way."""
LEASE_WAIT_S: Final = lease.TTL_MS / 1000 + 0.5
"""How long a source waits for a camera that another process has: if that one was killed, its lease
ends meanwhile, and an encoder need not be told to go away."""
_LEASE_POLL_S: Final = 0.1


class Role(Enum):
    """What a source is for its camera."""

    ON_AIR = "on air"
    STANDBY = "standby"
    GONE = "gone"


@dataclass(eq=False)
class Source:
    """One connection that publishes. Times are the event loop's, in seconds."""

    camera: str
    """The camera that its key stands for."""
    peer: str
    """The address it comes from."""
    encoder: str
    """The program's name, as it says itself."""
    dismiss: Callable[[str], None] = field(repr=False)
    """Ends the connection, with a reason for the log."""
    device: str = ""
    """Model and serial number, where the device tells them."""
    zero_us: int | None = None
    """When its time stamp zero was captured, µs since the epoch, where it tells."""
    size: tuple[int, int] | None = None
    """Its picture's width and height, where its container tells them."""
    inspection: Inspection = field(default_factory=Inspection, repr=False)
    """What is wrong with what it sends."""
    role: Role = Role.STANDBY
    """What it is at the moment."""
    heard: float = 0.0
    """When its last media came."""

    def is_same_device(self, other: Source) -> bool:
        """Whether this is `other`, come back; two of one make at one address may be two."""
        return self.device != "" and self.device == other.device


class _Line:
    """A camera's publisher and its sources."""

    def __init__(self, publisher: Publisher, task: asyncio.Task[None]) -> None:
        self.publisher = publisher
        self.task = task
        self.on_air: Source | None = None
        self.standbys: list[Source] = []
        self.wants_keyframe = True
        self.keyframe_at = 0.0
        """When the source on air has sent its last keyframe, or begun."""
        self.wished_at: float | None = None
        """Since when somebody waits for its next one."""

    def is_busy(self) -> bool:
        """Whether a source is on air."""
        return self.on_air is not None


class Desk:
    """All sources of one ingest process."""

    def __init__(self, bus: Redis, name: str, standby_s: float = STANDBY_S) -> None:
        """`name` is this process's, for leases. A source that sends nothing for `standby_s` gives
        way to one that stands by.
        """
        self._standby_s = standby_s
        self._bus = bus
        self._name = name
        self._lines: dict[str, _Line] = {}
        self._lock = asyncio.Lock()

    async def join(self, source: Source, *, protocol: str, now: float) -> None:
        """Take up a source; its `role` says whether it is on air.

        Raises:
            Conflict: the camera is published through another process, or too many stand by.
            StoreError: the bus is out of reach.
        """
        source.heard = now
        line = await self._line(source, protocol)
        rival = line.on_air
        if rival is None or source.is_same_device(rival):
            self._put_on_air(line, source)
        elif len(line.standbys) >= MAX_STANDBYS:
            raise Conflict(f"camera {source.camera!r} has {MAX_STANDBYS} connections standing by")
        else:
            line.standbys.append(source)
            logger().info("standby", camera=source.camera, peer=source.peer, on_air=rival.peer)

    async def _line(self, source: Source, protocol: str) -> _Line:
        deadline = asyncio.get_running_loop().time() + LEASE_WAIT_S
        while True:
            async with self._lock:
                line = self._lines.get(source.camera) or await self._open(source, protocol)
            if line is not None:
                return line
            if asyncio.get_running_loop().time() > deadline:
                raise Conflict(f"camera {source.camera!r} is being sent through another process")
            await asyncio.sleep(_LEASE_POLL_S)

    async def _open(self, source: Source, protocol: str) -> _Line | None:
        """A new line; None while another process has the camera."""
        camera = source.camera
        if not await lease.hold(self._bus, lease.publishing(camera), self._name):
            return None
        publisher = Publisher(self._bus, camera, protocol=protocol, peer=source.peer)
        await publisher.prepare()
        task = process.vital(self._keep(camera, publisher), "line")
        line = self._lines[camera] = _Line(publisher, task)
        return line

    async def _keep(self, camera: str, publisher: Publisher) -> None:
        async with asyncio.TaskGroup() as tasks:
            publishing = tasks.create_task(publisher.run())
            await lease.keep(self._bus, lease.publishing(camera), self._name)
            # This process stood still for so long that another one took the camera.
            line = self._lines.pop(camera)
            publishing.cancel()
            for source in [*([line.on_air] if line.on_air else []), *line.standbys]:
                source.role = Role.GONE
                source.dismiss("the camera is being sent through another process")

    def crop(self, source: Source, width: int, height: int) -> None:
        """Learn the size of a source's picture from its container."""
        source.size = (width, height)
        line = self._lines.get(source.camera)
        if line is not None and source.role is Role.ON_AIR:
            line.publisher.crop(width, height)

    def trust_clock(self, source: Source, zero_us: int) -> None:
        """Learn when a source's time stamp zero was captured, µs since the epoch."""
        source.zero_us = zero_us
        line = self._lines.get(source.camera)
        if line is not None and source.role is Role.ON_AIR:
            line.publisher.trust_clock(zero_us)

    def identify(self, source: Source, device: str) -> None:
        """Learn what device a source is; a standby that turns out to be the one on air, come back
        from another address, takes over.
        """
        source.device = device
        line = self._lines.get(source.camera)
        if line is None or source.role is Role.GONE:
            return
        if source.role is Role.ON_AIR:
            line.publisher.describe(device=device)
        elif line.on_air is not None and source.is_same_device(line.on_air):
            self._put_on_air(line, source)

    def _put_on_air(self, line: _Line, source: Source) -> None:
        rival, line.on_air = line.on_air, source
        if source in line.standbys:
            line.standbys.remove(source)
        source.role = Role.ON_AIR
        line.wants_keyframe = True
        line.keyframe_at, line.wished_at = source.heard, None
        line.publisher.new_source(peer=source.peer, device=source.device, encoder=source.encoder)
        line.publisher.inspect(source.inspection)
        if source.size is not None:
            line.publisher.crop(*source.size)
        if source.zero_us is not None:
            line.publisher.trust_clock(source.zero_us)
        if rival is not None:
            rival.role = Role.GONE
            rival.dismiss("another connection of the same camera took over")
        logger().info("on air", camera=source.camera, peer=source.peer, encoder=source.encoder)

    def put(
        self,
        source: Source,
        codec: Codec,
        *,
        dts: int,
        offset: int,
        keyframe: bool,
        payload: bytes,
        now: float,
        now_us: int,
    ) -> None:
        """One access unit of a source; see `Publisher.put`. Dropped while it is not on air."""
        source.heard = now
        source.inspection.usable(codec.kind, now, keyframe=keyframe)
        line = self._lines.get(source.camera)
        if line is None or source.role is Role.GONE:
            return
        if source.role is Role.STANDBY:
            rival = line.on_air
            if not keyframe or rival is None or now - rival.heard < self._standby_s:
                return
            self._put_on_air(line, source)
        if codec.kind == "video" and not self._goes_on(line, source, keyframe=keyframe, now=now):
            source.inspection.note("without_keyframe")
            return
        line.publisher.put(
            codec, dts=dts, offset=offset, keyframe=keyframe, payload=payload, now_us=now_us
        )

    def _goes_on(self, line: _Line, source: Source, *, keyframe: bool, now: float) -> bool:
        """Whether a picture of the source on air goes on to the bus."""
        if keyframe:
            line.wants_keyframe, line.keyframe_at, line.wished_at = False, now, None
            return True
        if line.wants_keyframe and line.wished_at is None and now - line.keyframe_at > GOP_S:
            line.wished_at = now
        if line.wished_at is not None and now - line.wished_at > KEYFRAME_S:
            since_s = now - line.keyframe_at
            source.dismiss(
                f"it has sent no keyframe for {since_s:.0f} s, and its picture cannot go on without"
                " one; set its keyframe interval to 2 s"
            )
        return not line.wants_keyframe

    def wish_keyframe(self, camera: str, now: float) -> None:
        """Somebody cannot go on without a keyframe of what is on air; see `KEYFRAME_S`."""
        line = self._lines.get(camera)
        if line is None or line.wished_at is not None or now - line.keyframe_at <= GOP_S:
            return
        line.wished_at = now

    async def leave(self, source: Source) -> None:
        """A source has ended; a standby goes on air in its place."""
        line = self._lines.get(source.camera)
        role, source.role = source.role, Role.GONE
        if line is None:
            return
        if role is Role.STANDBY and source in line.standbys:
            line.standbys.remove(source)
        if role is not Role.ON_AIR:
            return
        line.on_air = None
        if line.standbys:
            self._put_on_air(line, line.standbys[0])
            return
        async with self._lock:
            # Another source may have come while this waited for the lock.
            if self._lines.get(source.camera) is line and not line.is_busy():
                del self._lines[source.camera]
                await self._close(source.camera, line)

    async def _close(self, camera: str, line: _Line) -> None:
        await line.publisher.flush()
        line.task.cancel()
        await asyncio.gather(line.task, return_exceptions=True)
        try:
            await lease.release(self._bus, lease.publishing(camera), self._name)
        except StoreError as error:
            logger().warning("a camera's lease is not released", error=str(error))
        logger().info("off air", camera=camera)
