"""An edge: one UDP port, its sessions, and the calls that open and close them.

The asyncio shell around mux, sessions and core: it moves datagrams, runs DTLS handshakes, keeps
the clock, and tells the bus who is watching.
"""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from relay.bus import presence, sessions
from relay.bus.client import connect, connect_blocking
from relay.bus.rpc import Callee
from relay.edge.admission import FULL_LOAD, Headroom, Usage
from relay.edge.choice import make_core
from relay.edge.core import Estimate, KeyframeWanted, Left
from relay.edge.rendition import Feeds, KeyframeWishes
from relay.edge.viewer import State, Viewer
from relay.errors import (
    Invalid,
    NotFound,
    NotLive,
    Overloaded,
    PreconditionFailed,
    PreconditionRequired,
    ProtocolError,
    StoreError,
)
from relay.log import logger
from relay.media.codecs import Kind
from relay.media.ladder import SOUND, Ladder
from relay.webrtc.dtls import Certificate, Dtls
from relay.webrtc.mux import Mux, Protocol
from relay.webrtc.sdp import Local, answer, fragment, parse_fragment, parse_offer

if TYPE_CHECKING:
    from collections.abc import Callable

    from relay.config import CoreName
    from relay.edge.core import Core
    from relay.webrtc.ice import Address

_SOCKET_BUFFER: Final = 8 << 20
_TICK_S: Final = 0.05
_LATE_SMOOTH: Final = 0.1
_REAP_S: Final = 1.0
_LADDER_WAIT_S: Final = 1.5


def open_socket(host: str, port: int) -> socket.socket:
    """A bound, non-blocking UDP socket with large buffers."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        sock.setsockopt(socket.SOL_SOCKET, option, _SOCKET_BUFFER)
    sock.bind((host, port))
    return sock


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
    ) -> None:
        """`name` is its name on the bus, unique among the edges of its time; from `full_load` of
        a CPU on it takes no more viewers.

        Raises:
            OperatorError: `core` is not there.
        """
        self.name = name
        self._bus_url = bus_url
        self._bus = connect(bus_url)
        self._blocking = connect_blocking(bus_url)
        self._socket = sock
        self._core: Core = make_core(sock, core)
        self._feeds = Feeds(self._core, bus_url)
        self._wishes = KeyframeWishes(self._bus)
        self._mux: Mux[Viewer] = Mux()
        self._viewers: dict[int, Viewer] = {}
        self._by_id: dict[str, Viewer] = {}
        self._certificate = Certificate.make()
        self._headroom = Headroom(full_load)
        self._connecting: set[int] = set()
        """Viewers whose handshakes cost the loop's time at the moment."""
        self._connected = 0
        self._late_s = 0.0
        self._next = 0
        self._handshakes: set[asyncio.Task[None]] = set()
        self._refused = 0

    async def run(self, ready: Callable[[], None]) -> None:
        """Serve until cancelled; `ready` is called once viewers can come."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._core.fileno(), self._readable)
        methods = {"open": self.open, "patch": self.patch, "close": self.close}
        callee = Callee(self._bus, self._blocking, self.name, methods)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(callee.run())
                tasks.create_task(self._keep_time())
                tasks.create_task(self._tell(ready))
        finally:
            loop.remove_reader(self._core.fileno())
            await self._stop()

    async def _stop(self) -> None:
        for viewer in list(self._viewers.values()):
            await self._end(viewer, "the edge stops")
        await self._feeds.stop()
        self._core.stop()
        with suppress(StoreError):
            await presence.withdraw(self._bus, presence.EDGE, self.name)
        await self._bus.aclose()
        await self._blocking.aclose()

    # --- calls -----------------------------------------------------------------------------

    async def open(self, body: dict[str, Any]) -> dict[str, Any]:
        """Open a session: `sdp`, `broadcast`, `camera`, `rendition` or None, `host` to advertise.

        Answers `session` and the answer's `sdp`.

        Raises:
            Invalid: the offer is malformed or cannot be served, or there is no such rendition.
            NotLive: the camera sends nothing at the moment.
            Overloaded: another viewer would be one too many.
        """
        if not self._headroom.admits(self._connected, len(self._connecting)):
            raise Overloaded("this edge has no room for another viewer")
        try:
            offer = parse_offer(body["sdp"])
        except ProtocolError as error:
            raise Invalid(str(error)) from None
        camera = str(body["camera"])
        ladder = await self._ladder(camera)
        rung = ladder.find(body["rendition"])
        if rung is None and ladder.video:
            names = ", ".join(rendition.name for rendition in ladder.video)
            raise Invalid(f"camera {camera!r} has no such rendition; it has {names}")
        viewer = Viewer.make(
            edge=self.name,
            number=self._next,
            broadcast=str(body["broadcast"]),
            camera=camera,
            offer=offer,
            now=asyncio.get_running_loop().time(),
        )
        self._next += 1
        kinds = {track.kind for track in viewer.tracks}
        if rung is not None and Kind.VIDEO in kinds:
            viewer.feeds[Kind.VIDEO] = self._feeds.take(camera, rung.name, Kind.VIDEO)
        if ladder.sound and Kind.AUDIO in kinds:
            viewer.feeds[Kind.AUDIO] = self._feeds.take(camera, SOUND, Kind.AUDIO)
        self._viewers[viewer.number] = viewer
        self._by_id[viewer.id] = viewer
        self._mux.add(viewer, viewer.ice.local.ufrag)
        local = Local(
            credentials=viewer.ice.local,
            fingerprint=self._certificate.fingerprint,
            host=str(body["host"]),
            port=self._socket.getsockname()[1],
            ssrcs=viewer.ssrcs,
        )
        return {"session": viewer.id, "sdp": answer(offer, local), "etag": viewer.etag}

    async def patch(self, body: dict[str, Any]) -> dict[str, Any]:
        """Take a trickle fragment: `session`, `fragment`, and the `etag` that If-Match named.

        Answers nothing for candidates, which an ICE-lite agent does not need; for an ICE restart
        (RFC 9725 section 4.3.2) our new `fragment` and `etag`.

        Raises:
            NotFound: there is no such session.
            Invalid: the fragment is malformed.
            PreconditionRequired, PreconditionFailed: a restart without the session's present ETag.
        """
        viewer = self._by_id.get(str(body["session"]))
        if viewer is None:
            raise NotFound("there is no such session")
        try:
            remote = parse_fragment(str(body["fragment"]))
        except ProtocolError as error:
            raise Invalid(str(error)) from None
        # Readers that send `If-Match: *` trickle too: what tells a restart is new credentials.
        if remote is None or remote.ufrag == viewer.ice.remote.ufrag:
            return {}
        if body["etag"] is None:
            raise PreconditionRequired("an ICE restart needs If-Match")
        if body["etag"].strip('"') not in ("*", viewer.etag):
            raise PreconditionFailed("the session has another ETag by now")
        viewer.restart(remote)
        self._mux.add(viewer, viewer.ice.local.ufrag)
        return {"fragment": fragment(viewer.ice.local), "etag": viewer.etag}

    async def close(self, body: dict[str, Any]) -> dict[str, Any]:
        """Close the session `session`.

        Raises:
            NotFound: there is none.
        """
        viewer = self._by_id.get(str(body["session"]))
        if viewer is None:
            raise NotFound("there is no such session")
        await self._end(viewer, "closed by its viewer")
        return {}

    async def _ladder(self, camera: str) -> Ladder:
        deadline = time.monotonic() + _LADDER_WAIT_S
        while True:
            # A ladder alone is not enough: it outlives its camera, as its last pictures do.
            live = await presence.get(self._bus, presence.CAMERA, camera)
            fact = await presence.get(self._bus, presence.LADDER, camera)
            if live is not None and fact is not None:
                return Ladder.from_json(fact)
            if live is None or time.monotonic() > deadline:
                raise NotLive(f"camera {camera!r} is not live")
            await asyncio.sleep(0.05)  # its worker is about to begin

    # --- datagrams -------------------------------------------------------------------------

    def _readable(self) -> None:
        for datagram, address in self._core.read(time.time()):
            routed = self._mux.route(datagram, address)
            if routed is None:
                continue
            protocol, viewer = routed
            if protocol is Protocol.STUN:
                self._check(viewer, datagram, address)
            elif protocol is Protocol.DTLS:
                self._dtls(viewer, datagram)

    def _check(self, viewer: Viewer, datagram: bytes, address: Address) -> None:
        try:
            check = viewer.ice.check(datagram, address)
        except ProtocolError:
            self._refused += 1
            return
        self._core.send(check.reply, address)
        if not check.valid:
            return
        now = asyncio.get_running_loop().time()
        viewer.checked = viewer.heard = now
        self._mux.bind(viewer, address)
        if viewer.state is State.NEW:
            viewer.advance(State.CHECKED)
            self._connecting.add(viewer.number)
            viewer.address = address
        elif check.nominated and viewer.address != address:
            viewer.address = address
            if viewer.state is State.CONNECTED:
                self._core.move_viewer(viewer.number, address)

    def _dtls(self, viewer: Viewer, datagram: bytes) -> None:
        if viewer.dtls is None:
            viewer.advance(State.HANDSHAKING)
            viewer.dtls = Dtls(
                self._certificate,
                list(viewer.offer.fingerprints),
                send=lambda data: self._send_dtls(viewer, data),
                closed=lambda: self._left(viewer),
                server=not viewer.offer.passive,
            )
            task = asyncio.create_task(self._connect(viewer, viewer.dtls))
            self._handshakes.add(task)
            task.add_done_callback(self._handshakes.discard)
        viewer.dtls.receive(datagram)

    def _send_dtls(self, viewer: Viewer, datagram: bytes) -> None:
        if viewer.address is not None:
            self._core.send(datagram, viewer.address)

    async def _connect(self, viewer: Viewer, dtls: Dtls) -> None:
        try:
            srtp_keys = await dtls.handshake()
        except ProtocolError as error:
            await self._end(viewer, str(error))
            return
        for feed in viewer.feeds.values():
            await feed.primed.wait()
        if viewer.state is not State.HANDSHAKING or viewer.address is None:
            return
        viewer.advance(State.CONNECTED)
        self._connecting.discard(viewer.number)
        self._connected += 1
        self._core.add_viewer(viewer.number, viewer.address, srtp_keys, viewer.tracks)
        for feed in viewer.feeds.values():
            self._core.watch(viewer.number, feed.number, time.time(), at_once=feed.fresh)
        logger().info(
            "viewer connected",
            session=viewer.id,
            broadcast=viewer.broadcast,
            camera=viewer.camera,
            srtp=srtp_keys.profile,
        )
        with suppress(StoreError):
            await sessions.tell(self._bus, viewer.broadcast, {viewer.id: 0.0})

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
                viewer = self._viewers.get(event.viewer)
                if viewer is None:
                    continue
                match event:
                    case KeyframeWanted():
                        await self._keyframe(viewer, now)
                    case Estimate():
                        viewer.estimate_bps = event.bps
                    case Left():
                        self._left(viewer)
            if now >= next_reaping:
                next_reaping = now + _REAP_S
                await self._reap(now)
                self._measure(now)

    async def _reap(self, now: float) -> None:
        for viewer in list(self._viewers.values()):
            reason = viewer.expired(now)
            if reason is not None:
                await self._end(viewer, reason)
        await self._feeds.reap(now)

    def _measure(self, now: float) -> None:
        counters = self._core.counters()
        usage = Usage(
            loop_cpu_s=time.thread_time(),
            process_cpu_s=time.process_time(),
            packets=counters["packets_sent"],
            failures=counters["send_failures"],
            late_s=max(self._late_s, 0.0),
        )
        self._headroom.measure(now, usage)

    async def _keyframe(self, viewer: Viewer, now: float) -> None:
        # The cached GOP costs only this viewer; when it does not help, all get a keyframe.
        if not (viewer.may_replay(now) and self._core.replay(viewer.number, time.time())):
            await self._wishes.ask(viewer.camera, now)

    async def _tell(self, ready: Callable[[], None]) -> None:
        while True:
            try:
                await self._tell_once()
                ready()
            except StoreError as error:
                logger().warning("the bus does not hear of this edge", error=str(error))
            await asyncio.sleep(presence.INTERVAL_S)

    async def _tell_once(self) -> None:
        loop_now, wall_now = asyncio.get_running_loop().time(), time.time()
        silent: dict[str, dict[str, float]] = {}
        for viewer in self._viewers.values():
            if viewer.state is State.CONNECTED:
                heard = self._core.stats(viewer.number).heard_at
                quiet = min(loop_now - viewer.heard, wall_now - heard)
                silent.setdefault(viewer.broadcast, {})[viewer.id] = max(quiet, 0.0)
        fact = {
            "viewers": sum(map(len, silent.values())),
            "sessions": len(self._viewers),
            "load": round(self._headroom.load, 4),
            "full": self._headroom.full,
            "counters": self._core.counters(),
            "strays": dict(self._mux.strays),
            "refused": self._refused,
        }
        await presence.tell(self._bus, presence.EDGE, self.name, fact)
        for broadcast, ages in silent.items():
            await sessions.tell(self._bus, broadcast, ages)

    # --- ends ------------------------------------------------------------------------------

    def _left(self, viewer: Viewer) -> None:
        task = asyncio.create_task(self._end(viewer, "its viewer left"))
        self._handshakes.add(task)
        task.add_done_callback(self._handshakes.discard)

    async def _end(self, viewer: Viewer, reason: str) -> None:
        if viewer.state is State.CLOSED:
            return
        was_connected = viewer.state is State.CONNECTED
        viewer.advance(State.CLOSED)
        self._connecting.discard(viewer.number)
        self._connected -= was_connected
        self._core.remove_viewer(viewer.number)
        if viewer.dtls is not None:
            await viewer.dtls.stop()
        self._mux.remove(viewer)
        del self._viewers[viewer.number]
        del self._by_id[viewer.id]
        now = asyncio.get_running_loop().time()
        for feed in viewer.feeds.values():
            self._feeds.release(feed, now)
        logger().info("viewer gone", session=viewer.id, broadcast=viewer.broadcast, reason=reason)
        if was_connected:
            with suppress(StoreError):
                await sessions.withdraw(self._bus, viewer.broadcast, viewer.id)
