"""How cameras and broadcasts stand now, read from state and bus, for lists and status."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from relay.bus import faults, presence, sessions
from relay.commands.output import local
from relay.director.phase import phase
from relay.director.switch import programme
from relay.state.course import released_by
from relay.state.rights import Phase

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from relay.bus.faults import Fault, History
    from relay.bus.presence import Fact
    from relay.state.models import Broadcast, Camera
    from relay.state.registry import Registry


@dataclass(frozen=True)
class CameraState:
    """A camera, and what is live of it."""

    camera: Camera
    fact: Fact | None
    """What its ingest tells; None while it does not send."""
    faults: list[Fault]
    history: History
    released_by: str | None
    """The broadcast that let it go, while it is refused for that."""

    @property
    def state(self) -> str:
        """In a word or two."""
        if self.fact is not None:
            return "live"
        if self.released_by is not None:
            return f"let go by {self.released_by}"
        if any(fault.kind == faults.FaultKind.REFUSED for fault in self.faults):
            return "refused"
        return f"offline since {local(self.history.seen)}" if self.history.seen else "offline"

    @property
    def picture(self) -> str:
        """What the picture is, as far as that is known."""
        video = (self.fact or {}).get("video")
        return f"{video['width']}×{video['height']}" if video else ""

    @property
    def verdict(self) -> str:
        """All that is wrong, in a line; "" while nothing is."""
        return "; ".join(map(str, self.faults))

    @property
    def told(self) -> str:
        """What is wrong, and what befell it within a day; "" if nothing did."""
        befell = faults.befell(self.history.counts)
        return "; ".join(filter(None, (self.verdict, befell and f"within a day: {befell}")))

    def row(self) -> list[str]:
        """For a table."""
        sound = str((self.fact or {}).get("sound") or "")
        source = "pulled" if self.camera.pull else "sends"
        return [
            *(self.camera.id, self.camera.name, self.state, self.picture, sound, source),
            self.told,
        ]

    def to_json(self) -> dict[str, Any]:
        """For programs; without secrets, such as may stand in what is pulled."""
        return {
            "id": self.camera.id,
            "name": self.camera.name,
            "projection": self.camera.projection,
            "pulled": self.camera.pull is not None,
            "live": self.fact is not None,
            "state": self.state,
            "source": self.fact,
            "seen": self.history.seen,
            "released_by": self.released_by,
            "verdict": faults.verdict(self.camera.name, self.faults),
            "faults": [
                {"kind": each.kind, "text": each.text, "remedy": each.remedy, "at": each.at}
                for each in self.faults
            ],
            "counts": dict(self.history.counts),
        }


@dataclass(frozen=True)
class BroadcastState:
    """A broadcast, and what is live of it."""

    broadcast: Broadcast
    phase: Phase
    live: list[str]
    """Its cameras that send."""
    viewers: int

    @property
    def state(self) -> str:
        """In a word or two."""
        if self.phase is Phase.LIVE and not self.live:
            return "live, no camera"
        return self.phase.value

    def row(self) -> list[str]:
        """For a table; cameras that do not send stand in brackets."""
        cameras = [name if name in self.live else f"({name})" for name in self.broadcast.cameras]
        title = self.broadcast.title
        return [self.broadcast.slug, title, self.state, str(self.viewers), " ".join(cameras)]

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            **self.broadcast.model_dump(mode="json"),
            "state": self.phase.value,
            "live_cameras": self.live,
            "viewers": self.viewers,
        }


async def camera_states(registry: Registry, bus: Redis) -> list[CameraState]:
    """All cameras.

    Raises:
        StoreError: bus or state is out of reach.
    """
    cameras = await registry.cameras.all()
    broadcasts = await registry.broadcasts.all()
    live = await presence.members(bus, presence.CAMERA)
    wrong = await faults.by_camera(bus)
    histories = await faults.histories(bus, [camera.id for camera in cameras])
    found = []
    for camera in cameras:
        away = released_by(camera.id, broadcasts)
        found.append(
            CameraState(
                camera=camera,
                fact=live.get(camera.id),
                faults=wrong.get(camera.id, []),
                history=histories[camera.id],
                released_by=None if away is None else away.slug,
            )
        )
    return found


async def broadcast_states(registry: Registry, bus: Redis) -> list[BroadcastState]:
    """All broadcasts.

    Raises:
        StoreError: bus or state is out of reach.
    """
    broadcasts = await registry.broadcasts.all()
    began = await registry.beginnings()
    live = await presence.members(bus, presence.CAMERA)
    viewers = await sessions.counts(bus, [each.slug for each in broadcasts])
    now_us = time.time_ns() // 1000
    return [
        BroadcastState(
            broadcast=each,
            phase=phase(each, programme(each.cameras, live, None), began.get(each.slug), now_us),
            live=[name for name in each.cameras if name in live],
            viewers=viewers[each.slug],
        )
        for each in broadcasts
    ]
