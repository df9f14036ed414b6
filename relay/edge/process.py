"""An edge: one UDP port, its sessions, and the calls that open and close them.

The asyncio shell around mux, sessions and core: it moves datagrams, runs DTLS handshakes, keeps
the clock, and tells the bus who is watching.
"""

from __future__ import annotations

import asyncio
import math
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from relay.bus import presence
from relay.bus.client import connect, connect_blocking
from relay.bus.rpc import Callee
from relay.edge.admission import FULL_LOAD, Headroom, Usage
from relay.edge.attendance import Attendance
from relay.edge.choice import make_core
from relay.edge.contact import Contact
from relay.edge.core import Behind, KeyframeWanted, Left, Report
from relay.edge.rendition import Bus, Feeds, KeyframeWishes
from relay.edge.replays import Replays
from relay.edge.rights import Rights
from relay.edge.roster import Roster
from relay.edge.signalling import Signalling
from relay.edge.steering import Steering
from relay.edge.telling import Telling
from relay.edge.viewer import State, Viewer
from relay.edge.waits import waited_s
from relay.errors import StoreError
from relay.log import logger
from relay.media.codecs import Kind
from relay.process import trim_memory
from relay.webrtc.dtls import Certificate

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from relay.config import CoreName
    from relay.edge.core import Core, CoreEvent

_SOCKET_BUFFER: Final = 8 << 20
_TICK_S: Final = 0.05
_LATE_SMOOTH: Final = 0.1
_REAP_S: Final = 0.5
_FAREWELL_S: Final = 1.0
"""Time for the bus to hear, at the end, who has gone."""
_TRIM_S: Final = 15.0


def open_socket(host: str, port: int) -> socket.socket:
    """A bound, non-blocking UDP socket with large buffers."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        sock.setsockopt(socket.SOL_SOCKET, option, _SOCKET_BUFFER)
    given = sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) // 2  # Linux tells it doubled
    if given < _SOCKET_BUFFER:
        logger().info("the system allows UDP small buffers", bytes=given, wanted=_SOCKET_BUFFER)
    sock.bind((host, port))
    return sock


def _later(at: float, then: Callable[[float], None]) -> None:
    delay_s = max(at - time.time(), 0.0)
    asyncio.get_running_loop().call_later(delay_s, lambda: then(time.time()))


class Edge:
    """One edge process's work."""

    def __init__(
        self,
        *,
        name: str,
        bus_url: str,
        sock: socket.socket,
        core: CoreName = "auto",
        full_load: float = FULL_LOAD,
        cpus: float = math.inf,
    ) -> None:
        """`name` is its name on the bus, unique among the edges of its time; from `full_load` of
        a CPU, or of the `cpus` that it has, it takes no more viewers.

        Raises:
            OperatorError: `core` is not there.
        """
        self.name = name
        self._bus = connect(bus_url)
        self._blocking = connect_blocking(bus_url)
        self._core: Core = make_core(sock, core, _later)
        self._feeds = Feeds(self._core, Bus(bus_url, self._bus))
        self._wishes = KeyframeWishes(self._bus)
        self._steering = Steering(self._core, self._feeds, self._wishes)
        self._replays, self._roster = Replays(), Roster(name)
        self._rights = Rights(self._bus, self._blocking, self._roster, self._end)
        self._attendance = Attendance(self._bus, self._aside)
        self._certificate = Certificate.make()
        self._headroom = Headroom(full_load, cpus)
        self._signalling = Signalling(
            bus=self._bus,
            roster=self._roster,
            steering=self._steering,
            rights=self._rights,
            headroom=self._headroom,
            fingerprint=self._certificate.fingerprint,
            port=sock.getsockname()[1],
            displace=lambda viewer: self._aside(self._end(viewer, "others need its place")),
        )
        self._telling = Telling(
            name=name,
            bus=self._bus,
            core=self._core,
            roster=self._roster,
            feeds=self._feeds,
            steering=self._steering,
            headroom=self._headroom,
        )
        self._contact = Contact(
            core=self._core,
            roster=self._roster,
            steering=self._steering,
            attendance=self._attendance,
            certificate=self._certificate,
            aside=self._aside,
            end=self._end,
        )
        self._late_s = self._next_trim = 0.0
        self._made = (0, 0)
        """Sessions ever made, at the last trim but one and at the last."""
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, ready: Callable[[], None]) -> None:
        """Serve until cancelled; `ready` is called once viewers can come."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._core.fileno(), self._contact.readable)
        methods = {
            "open": self._signalling.open,
            "patch": self._signalling.patch,
            "hint": self._signalling.hint,
            "close": self.close,
        }
        callee = Callee(self._bus, self._blocking, self.name, methods)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(callee.run())
                tasks.create_task(self._keep_time())
                tasks.create_task(self._rights.run())
                tasks.create_task(self._telling.run(ready))
        finally:
            loop.remove_reader(self._core.fileno())
            await self._stop()

    async def _stop(self) -> None:
        for viewer in self._roster:
            await self._end(viewer, "the edge stops")
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_FAREWELL_S)
        await self._feeds.stop()
        self._core.stop()
        with suppress(StoreError):
            await presence.withdraw(self._bus, presence.EDGE, self.name)
        await self._bus.aclose()
        await self._blocking.aclose()

    async def close(self, body: dict[str, Any]) -> dict[str, Any]:
        """Close the session `session`.

        Raises:
            NotFound: there is none.
        """
        await self._end(self._signalling.session(body), "closed by its viewer")
        return {}

    # --- time ------------------------------------------------------------------------------

    async def _keep_time(self) -> None:
        loop = asyncio.get_running_loop()
        next_reaping = 0.0
        while True:
            due = loop.time() + _TICK_S
            await asyncio.sleep(_TICK_S)
            now = loop.time()
            self._late_s += _LATE_SMOOTH * (now - due - self._late_s)
            for event in self._core.tick(time.time()):
                self._heed(event, now)
            self._steering.tick(now)
            if now >= next_reaping:
                next_reaping = now + _REAP_S
                await self._reap(now)
                self._measure(now)

    def _heed(self, event: CoreEvent, now: float) -> None:
        if isinstance(event, Behind):
            feed = self._feeds.find(event.stream)
            if feed is not None:
                self._wishes.ask(feed.camera, feed.rendition, now)
            return
        viewer = self._roster.get(event.viewer)
        if viewer is None:
            return
        match event:
            case KeyframeWanted():
                self._keyframe(viewer, now)
            case Report():
                self._steering.report(viewer, event, now)
            case Left():
                self._contact.left(viewer)

    async def _reap(self, now: float) -> None:
        for viewer in self._roster:
            if viewer.expired(now) is not None and viewer.state is State.CONNECTED:
                self._contact.note_checks(viewer, now)
            reason = viewer.expired(now)
            if reason is not None:
                await self._end(viewer, reason)
        await self._feeds.reap(now)
        if now >= self._next_trim:
            self._next_trim = now + _TRIM_S
            await self._trim()

    async def _trim(self) -> None:
        """Give back what handshakes leave: holes of some 60 KB, which nothing else is as large as.

        That takes some 20 ms, and is left out while there are no handshakes. The last ones free
        theirs only after a while, hence the second time.
        """
        before, self._made = self._made, (self._made[1], self._roster.made)
        if before[0] != self._roster.made:
            await asyncio.to_thread(trim_memory)

    def _measure(self, now: float) -> None:
        counters = self._core.counters()
        loop_wait_s, core_wait_s = waited_s()
        usage = Usage(
            loop_cpu_s=time.thread_time(),
            process_cpu_s=time.process_time(),
            loop_wait_s=loop_wait_s,
            core_wait_s=core_wait_s,
            packets=counters["packets_sent"],
            failures=counters["socket_full"],
            served=counters["frames_served"],
            late=counters["frames_late"],
            dropped=counters["frames_dropped"],
            late_s=max(self._late_s, 0.0),
        )
        self._headroom.measure(now, usage, self._roster.connected)

    def _keyframe(self, viewer: Viewer, now: float) -> None:
        feed = viewer.feeds.get(Kind.VIDEO)
        if feed is None:
            return
        if (
            feed.fresh
            and viewer.may_replay(feed.gop_frames, now)
            and self._replays.take(feed.gop_frames, now)
            and self._core.replay(viewer.number, time.time())
        ):
            return
        self._wishes.ask(feed.camera, feed.rendition, now)

    # --- ends ------------------------------------------------------------------------------

    async def _end(self, viewer: Viewer, reason: str) -> None:
        if viewer.state is State.CLOSED:
            return
        was_connected = viewer.state is State.CONNECTED
        self._roster.advance(viewer, State.CLOSED)
        self._steering.release(viewer, asyncio.get_running_loop().time())
        self._core.remove_viewer(viewer.number)
        if viewer.dtls is not None:
            await viewer.dtls.stop()
        self._roster.remove(viewer)
        logger().info(
            "viewer gone",
            session=viewer.id,
            broadcast=viewer.broadcast,
            reason=reason,
            stranger=viewer.network,
        )
        if was_connected and not self._roster.watches(viewer):
            self._attendance.note(viewer.broadcast, viewer.counted, present=False)

    def _aside(self, work: Coroutine[None, None, None]) -> None:
        """Do something that the clock does not wait for; a few at most are of one session."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
