"""A session's way to its media: checks of its addresses, its handshake, and where it moves to."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from relay.edge.viewer import State, Viewer
from relay.errors import ProtocolError
from relay.log import logger
from relay.webrtc.dtls import Certificate, Dtls
from relay.webrtc.ice import is_response
from relay.webrtc.mux import Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from relay.edge.attendance import Attendance
    from relay.edge.core import Core
    from relay.edge.roster import Roster
    from relay.edge.steering import Steering
    from relay.webrtc.ice import Address, Check


@dataclass(frozen=True)
class Contact:
    """See the module."""

    core: Core
    """Reads and sends datagrams."""
    roster: Roster
    """The sessions."""
    steering: Steering
    """What they are sent."""
    attendance: Attendance
    """Is told who has come."""
    certificate: Certificate
    """The edge's."""
    aside: Callable[[Coroutine[None, None, None]], None]
    """Does something that nobody waits for."""
    end: Callable[[Viewer, str], Coroutine[None, None, None]]
    """Ends a session, for a reason."""

    def readable(self) -> None:
        """Take the datagrams that the core has not handled itself."""
        now = asyncio.get_running_loop().time()
        for datagram, address in self.core.read(time.time()):
            routed = self.roster.mux.route(datagram, address)
            if routed is None:
                continue
            protocol, viewer = routed
            if not viewer.budget.spend(now):
                self.roster.refused += 1
            elif protocol is Protocol.STUN:
                self._check(viewer, datagram, address)
            elif protocol is Protocol.DTLS:
                self._dtls(viewer, datagram, address)

    def _check(self, viewer: Viewer, datagram: bytes, address: Address) -> None:
        if not address[1]:  # nothing can be sent to port 0
            self.roster.refused += 1
            return
        try:
            if is_response(datagram):
                if not viewer.reach.knows(address):  # who was asked twice may answer twice
                    viewer.ice.confirm(datagram, viewer.reach.asked(address))
                    self._prove(viewer, address)
                return
            check = viewer.ice.check(datagram, address)
        except ProtocolError:
            self.roster.refused += 1
            return
        self.core.send(check.reply, address)
        if check.valid:
            self._heed(viewer, check, len(datagram), address)

    def _heed(self, viewer: Viewer, check: Check, size: int, address: Address) -> None:
        now = asyncio.get_running_loop().time()
        if check.renewed:
            self.roster.mux.settle(viewer)
        if viewer.state is State.CONNECTED:
            self.note_checks(viewer, now)
            if check.renewed:
                self.core.answer_checks(viewer.number, *viewer.ice.proven)
        viewer.heard = now
        taken_back = self.roster.mux.bind(viewer, address) and viewer.address == address
        self._send_all(viewer.reach.hear(address, size, len(check.reply)), address)
        # The answer goes first: a peer may wait for it with all else.
        question = viewer.question(address)
        if question is not None:
            self.core.send(question, address)
        if viewer.state is State.NEW:
            self.roster.advance(viewer, State.CHECKED)
            viewer.address = address
            if viewer.offer.passive:  # it waits for us to begin
                self._shake_hands(viewer)
        elif viewer.moves(address, now, nominated=check.nominated) or taken_back:
            self._move(viewer, address, now)
        if viewer.address == address:
            viewer.confirmed = now

    def _prove(self, viewer: Viewer, address: Address) -> None:
        """An address receives what is sent to it: what was held back for it goes out."""
        self._send_all(viewer.reach.prove(address), address)
        now = asyncio.get_running_loop().time()
        if viewer.state is State.CONNECTED and viewer.moves(address, now, nominated=False):
            self._move(viewer, address, now)
        self._begin(viewer)

    def _move(self, viewer: Viewer, address: Address, now: float) -> None:
        viewer.address, viewer.confirmed, viewer.nominated = address, now, None
        if viewer.state is State.CONNECTED:
            self.core.move_viewer(viewer.number, address)
            self.steering.moved(viewer, now)
        else:
            self._begin(viewer)

    def note_checks(self, viewer: Viewer, now: float) -> None:
        """Take note of the checks that the core has answered."""
        age_s = self.core.stats(viewer.number).checked_s
        if age_s is not None and viewer.address is not None:
            viewer.note_check(now - age_s)
            self.roster.mux.keep(viewer, viewer.address)

    def _dtls(self, viewer: Viewer, datagram: bytes, address: Address) -> None:
        self._send_all(viewer.reach.hear(address, len(datagram)), address)
        dtls = self._shake_hands(viewer) if viewer.dtls is None else viewer.dtls
        dtls.receive(datagram)

    def _shake_hands(self, viewer: Viewer) -> Dtls:
        self.roster.advance(viewer, State.HANDSHAKING)
        viewer.dtls = Dtls(
            self.certificate,
            list(viewer.offer.fingerprints),
            send=lambda data: self._send_dtls(viewer, data),
            closed=lambda: self.left(viewer),
            server=not viewer.offer.passive,
        )
        self.aside(self._connect(viewer, viewer.dtls))
        return viewer.dtls

    def _send_dtls(self, viewer: Viewer, datagram: bytes) -> None:
        if viewer.address is not None and viewer.reach.takes(viewer.address, datagram):
            self.core.send(datagram, viewer.address)

    async def _connect(self, viewer: Viewer, dtls: Dtls) -> None:
        try:
            viewer.keys = await dtls.handshake()
            if viewer.address is not None and viewer.reach.flown == {viewer.address}:
                self._prove(viewer, viewer.address)
            self._begin(viewer)
        except ProtocolError as error:
            await self.end(viewer, str(error))
        except Exception:  # noqa: BLE001 - what one peer can bring about ends its session only
            logger().exception("a handshake has failed", session=viewer.id, stranger=viewer.network)
            await self.end(viewer, "its handshake has failed")

    def _begin(self, viewer: Viewer) -> None:
        """Let media begin, once there are keys and an address that receives it."""
        keys, address = viewer.keys, viewer.address
        if viewer.state is not State.HANDSHAKING or keys is None or address is None:
            return
        if not viewer.reach.knows(address):
            return
        if not self.roster.pool.prove(viewer):
            self.aside(self.end(viewer, "its network has all the viewers that one may have"))
            return
        self.core.add_viewer(viewer.number, address, keys, viewer.outgoing)
        self.core.answer_checks(viewer.number, *viewer.ice.proven)
        self.roster.advance(viewer, State.CONNECTED)
        self.steering.start(viewer)
        logger().info(
            "viewer connected",
            session=viewer.id,
            broadcast=viewer.broadcast,
            camera=viewer.camera,
            srtp=keys.profile,
            stranger=viewer.network,
        )
        self.attendance.note(viewer.broadcast, viewer.counted, present=True)

    def _send_all(self, datagrams: list[bytes], address: Address) -> None:
        for datagram in datagrams:
            self.core.send(datagram, address)

    def left(self, viewer: Viewer) -> None:
        """A viewer has said goodbye."""
        self.aside(self.end(viewer, "its viewer left"))
