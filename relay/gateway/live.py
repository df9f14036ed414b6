"""What is going on right now, as this gateway knows it: cameras, ladders, edges, viewers.

Read once a second and whenever a camera comes or goes; every change is told to the pages that show
it. Handlers read from here, so that a page costs no more than a look. What pages were told is
remembered, so that whatever an outage of the bus swallowed is made good with the next reading.
"""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from relay.audience import ratings
from relay.audience.ballots import SERIES_S
from relay.bus import faults, keys, presence, sessions
from relay.bus.events import publish, subscribe
from relay.bus.faults import WITHOUT_PICTURE, Fault, History
from relay.director.phase import begins, phase, takes_votes
from relay.director.switch import programme
from relay.errors import StoreError
from relay.gateway.hub import End, message_kind
from relay.gateway.kept import Kept
from relay.gateway.shows import Shows
from relay.log import logger
from relay.media.ladder import Ladder
from relay.state import course

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from redis.asyncio import Redis

    from relay.audience.ratings import Rating
    from relay.bus.events import Event
    from relay.gateway.hub import Hub, Message
    from relay.state.models import Broadcast, Camera
    from relay.state.registry import Registry
    from relay.state.rights import Phase, Show

_POLL_S: Final = 1.0
_GATHER_S: Final = 0.02
"""What changes within this is read together."""
_EDGE_LOOK_S: Final = 0.1
_EDGE_LOOKS: Final = 30
"""An edge that died is replaced in the time of so many looks."""
DELETED: Final = End(4404, "the broadcast was deleted")


class Live:
    """See the module."""

    def __init__(
        self, *, state: Redis, bus: Redis, blocking: Redis, registry: Registry, hub: Hub
    ) -> None:
        self._state = state
        self._bus = bus
        self._blocking = blocking
        self._registry = registry
        self._hub = hub
        self._broadcasts: dict[str, Broadcast] = {}
        self._names: dict[str, Camera] = {}
        self._programmes: dict[str, str | None] = {}
        self._began: dict[str, int] = {}
        self._shows = Shows()
        self._viewers: dict[str, int] = {}
        self._ratings: dict[str, Message] = {}
        self._told: dict[str, dict[str, object]] = {}
        self._views: dict[str, Message] = {}
        self._changed = asyncio.Event()
        self.partner_origins: frozenset[str] = frozenset()
        """Origins of partners' sites."""
        self.partners: frozenset[str] = frozenset()
        """Ids of the partners."""
        self.series: Kept[str] = Kept(SERIES_S)
        """Ratings by moments, as JSON, until pages are told of a change."""
        self.read_at = -math.inf
        """When all of this was read last, by the monotonic clock."""
        self.cameras: dict[str, presence.Fact] = {}
        """Live cameras and what their ingest tells of them."""
        self.ladders: dict[str, Ladder] = {}
        """Their ladders."""
        self.faults: dict[str, list[Fault]] = {}
        """What is wrong with cameras."""
        self.histories: dict[str, History] = {}
        """What befell cameras within a day."""
        self.edges: dict[str, presence.Fact] = {}
        """Living edges and their load."""
        self.processes: dict[str, presence.Fact] = {}
        """Other processes and their counters."""

    async def run(self) -> None:
        """Keep up to date until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._poll())
            tasks.create_task(self._listen())

    async def changed(self) -> None:
        """The registry was changed: read it now, and have other gateways do so; those that cannot
        be told see it within a second.
        """
        with suppress(StoreError):
            await self.refresh()
        with suppress(StoreError):
            await publish(self._bus, keys.REGISTRY_EVENTS, {})

    async def refresh(self) -> None:
        """Read everything now, and tell what has changed.

        Raises:
            StoreError: bus or state is out of reach; what the other one says counts even so.
        """
        failures = []
        for read in (self._read_state, self._read_bus):
            try:
                await read()
            except StoreError as error:
                failures.append(error)
        try:
            await self._note_beginnings()
        except StoreError as error:
            failures.append(error)
        self._settle()
        if not failures:
            await self._shows.tell(self._bus, self._broadcasts.values(), self)
            self.read_at = time.monotonic()
        else:
            raise failures[0]

    # --- what handlers ask -------------------------------------------------------------------

    def programme(self, slug: str, cameras: Sequence[str]) -> str | None:
        """The camera on air in a broadcast."""
        before = self._programmes.get(slug)
        # One whose pictures can be shown goes before one whose worker has none yet.
        on_air = programme(cameras, self.ladders.keys() & self.cameras.keys(), before)
        on_air = on_air or programme(cameras, self.cameras, before)
        self._programmes[slug] = on_air
        return on_air

    def began(self, slug: str) -> int | None:
        """When a camera of a broadcast was first seen on air, µs since the epoch."""
        return self._began.get(slug)

    def phase(self, broadcast: Broadcast) -> Phase:
        """Where a broadcast stands now."""
        slug = broadcast.slug
        on_air = self.programme(slug, broadcast.cameras)
        return phase(broadcast, on_air, self.began(slug), time.time_ns() // 1000)

    def show(self, broadcast: Broadcast) -> Show:
        """What the rule of who may watch has to know of a broadcast."""
        return self._shows.show(broadcast, self.phase(broadcast))

    def takes_votes(self, broadcast: Broadcast) -> bool:
        """Whether a broadcast can be rated now."""
        slug = broadcast.slug
        on_air = self.programme(slug, broadcast.cameras)
        return takes_votes(broadcast, on_air, self.began(slug), time.time_ns() // 1000)

    def broadcast(self, slug: str) -> Broadcast | None:
        """A broadcast as it stood a second ago at the most; None: it is not known yet."""
        return self._broadcasts.get(slug)

    def released_by(self, camera: str) -> str | None:
        """The broadcast that let a camera go, if it is to stay away."""
        found = course.released_by(camera, self._broadcasts.values())
        return None if found is None else found.slug

    def showing(self, camera: str) -> list[Broadcast]:
        """The broadcasts that show a camera, as they stood a second ago at the most."""
        return [each for each in self._broadcasts.values() if camera in each.cameras]

    def viewers(self, slug: str) -> int:
        """The number of viewers of a broadcast."""
        return self._viewers.get(slug, 0)

    def camera(self, camera: str) -> dict[str, Any]:
        """A camera's live part, as pages get it."""
        ladder = self.ladders.get(camera)
        rungs = [] if ladder is None else ladder.to_json()["video"]
        kinds = {fault.kind for fault in self.faults.get(camera, ())}
        return {
            "live": camera in self.cameras,
            # A process of an earlier version does not tell.
            "clock": self.cameras.get(camera, {}).get("clock", "arrival"),
            "renditions": rungs,
            "no_picture": not rungs and not kinds.isdisjoint(WITHOUT_PICTURE),
            "seen_at": None if camera in self.cameras else self._seen_at(camera),
        }

    def _seen_at(self, camera: str) -> str | None:
        """When a camera was sent last, in whole seconds, as written in RFC 3339."""
        seen = self.histories.get(camera, History()).seen
        return None if seen is None else datetime.fromtimestamp(int(seen), UTC).isoformat()

    def views(self, cameras: Sequence[str]) -> list[Message]:
        """Where the operators of these cameras look, of those who have told since this gateway
        runs: the messages that pages got.
        """
        return [self._views[name] for name in cameras if name in self._views]

    async def living_edges(self) -> dict[str, presence.Fact]:
        """The edges; where there is none, the one that is being started in place of one that died.

        Raises:
            StoreError: the bus is out of reach.
        """
        for _ in range(_EDGE_LOOKS):
            if self.edges:
                break
            await asyncio.sleep(_EDGE_LOOK_S)
            self.edges = await presence.members(self._bus, presence.EDGE)
        return self.edges

    def shown(self, broadcast: Broadcast, cameras: Mapping[str, Camera], rating: Rating) -> None:
        """Note that a page was just given the present state: if it is the first to listen to this
        broadcast, that is what pages have been told.
        """
        slug = broadcast.slug
        if slug in self._told or slug not in self._hub.broadcasts:
            return
        self._ratings[slug] = ratings.event(rating)
        self._broadcasts[slug] = broadcast
        self._names.update(cameras)
        messages = {message_kind(message): message for message in self._messages(slug)}
        self._told[slug] = {"document": self._document(slug), **messages}

    # --- reading -----------------------------------------------------------------------------

    async def _read_state(self) -> None:
        listened = list(self._hub.broadcasts)
        before = dict(self._ratings)
        broadcasts = {
            broadcast.slug: broadcast for broadcast in await self._registry.broadcasts.all()
        }
        cameras = await self._registry.cameras.all()
        began = await self._registry.beginnings()
        partners = await self._registry.partners.all()
        generations = await self._registry.generations()
        found = await ratings.read_many(self._state, listened)
        for slug in set(listened) - set(broadcasts):
            # It may just have been created.
            created = await self._registry.broadcasts.find(slug)
            if created is None:
                self._hub.hang_up(slug, DELETED)
            else:
                broadcasts[slug] = created
        for slug, former in self._broadcasts.items():
            if broadcasts.get(slug) != former:
                self.series.forget(slug)  # it begins with its broadcast
        self._broadcasts, self._began = broadcasts, began
        self._shows.generations = generations
        self.partners = frozenset(partner.id for partner in partners)
        self.partner_origins = frozenset(o for partner in partners for o in partner.origins)
        self._names = {camera.id: camera for camera in cameras}
        for name in self._views.keys() - self._names.keys():
            del self._views[name]
        for slug, rating in found.items():
            # A vote that was told meanwhile is newer.
            if self._ratings.get(slug) is before.get(slug):
                self._ratings[slug] = ratings.event(rating)

    async def _read_bus(self) -> None:
        cameras = await presence.members(self._bus, presence.CAMERA)
        facts = await presence.members(self._bus, presence.LADDER)
        edges = await presence.members(self._bus, presence.EDGE)
        self._viewers = await sessions.counts(self._bus, list(self._broadcasts))
        self.processes = await presence.members(self._bus, presence.PROCESS)
        self.faults = await faults.by_camera(self._bus)
        self.histories = await faults.histories(self._bus, list(self._names))
        self.cameras, self.edges = cameras, edges
        self.ladders = {}
        for name, fact in facts.items():
            try:
                self.ladders[name] = Ladder.from_json(fact)
            except (LookupError, TypeError, ValueError) as error:  # of another version of the relay
                logger().warning("a ladder cannot be read", camera=name, error=repr(error))

    async def _note_beginnings(self) -> None:
        now_us = time.time_ns() // 1000
        new = {
            slug: now_us
            for slug, broadcast in self._broadcasts.items()
            if begins(broadcast, self.programme(slug, broadcast.cameras), self.began(slug), now_us)
        }
        if new:
            self._began.update(new)
            await self._registry.note_beginnings(new)

    # --- telling -----------------------------------------------------------------------------

    def _settle(self) -> None:
        listened = set(self._hub.broadcasts)
        for known in (self._told, self._ratings):
            for slug in known.keys() - listened:
                del known[slug]
        for slug in self._programmes.keys() - self._broadcasts.keys():
            del self._programmes[slug]
        for slug, broadcast in self._broadcasts.items():
            self.programme(slug, broadcast.cameras)
            if slug in self._told:
                self._tell_changes(slug)

    def _tell_changes(self, slug: str) -> None:
        told = self._told[slug]
        document = self._document(slug)
        if told.get("document") != document:
            told["document"] = document
            self._hub.renew(slug)
        for message in self._messages(slug):
            kind = message_kind(message)
            if told.get(kind) != message:
                told[kind] = message
                self._hub.tell(slug, message)

    def _document(self, slug: str) -> object:
        broadcast = self._broadcasts[slug]
        show = self.show(broadcast)
        rights = show.generation, show.partners
        return broadcast, rights, [self._names.get(camera) for camera in broadcast.cameras]

    def _messages(self, slug: str) -> list[Message]:
        broadcast = self._broadcasts[slug]
        on_air = self.programme(slug, broadcast.cameras)
        messages: list[Message] = [
            {"type": "camera", "id": name, **self.camera(name)} for name in broadcast.cameras
        ]
        messages.append({"type": "programme", "camera": on_air})
        messages.append({"type": "phase", "state": self.phase(broadcast)})
        messages.append({"type": "viewers", "count": self.viewers(slug)})
        if slug in self._ratings:
            messages.append(self._ratings[slug])
        return messages

    # --- keeping up --------------------------------------------------------------------------

    async def _poll(self) -> None:
        while True:
            self._changed.clear()
            try:
                await self.refresh()
            except StoreError as error:
                logger().warning("the gateway is blind", error=str(error))
            except Exception:  # noqa: BLE001 - one bad fact must not blind the gateway for good
                logger().exception("the gateway is blind")
            try:
                async with asyncio.timeout(_POLL_S):
                    await self._changed.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(_GATHER_S)

    async def _listen(self) -> None:
        channels = (
            *(keys.CAMERA_EVENTS, keys.REGISTRY_EVENTS, keys.EDGE_EVENTS),
            keys.ALL_BROADCAST_EVENTS,
        )
        interrupted = False
        async for heard in subscribe(self._blocking, *channels):
            if heard is None:
                self._changed.set()
                if interrupted:
                    # What was said meanwhile is missed: pages begin anew.
                    self.series.clear()
                    for slug in self._hub.broadcasts:
                        self._hub.renew(slug)
                interrupted = True
                continue
            channel, event = heard
            try:
                self._hear(channel, event)
            except (LookupError, TypeError) as error:  # of another version of the relay
                logger().warning("an event is left out", channel=channel, error=repr(error))

    def _hear(self, channel: str, event: Event) -> None:
        if channel in (keys.CAMERA_EVENTS, keys.REGISTRY_EVENTS):
            self._changed.set()
        elif channel == keys.EDGE_EVENTS:
            self.edges.pop(str(event["edge"]), None)
            self._hub.tell_all({"type": "edge_lost", "edge": event["edge"]})
        else:
            slug = keys.broadcast_of_channel(channel)
            if event["type"] == "rating_series":
                self.series.forget(slug)
            self._hub.tell(slug, event)
            if event["type"] == "rating" and slug in self._told:
                self._told[slug]["rating"] = self._ratings[slug] = event
            elif event["type"] == "view":
                self._views[str(event["camera"])] = event
