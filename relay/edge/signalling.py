"""What the gateway asks of an edge: to open sessions, to change them, to take note of hints.

Bodies are JSON of the gateway's making; what viewers wrote in them is checked here.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from relay.bus import presence
from relay.edge.adapt import Wish
from relay.edge.rights import Right
from relay.errors import (
    Invalid,
    NotFound,
    NotLive,
    Overloaded,
    PreconditionFailed,
    PreconditionRequired,
    ProtocolError,
)
from relay.media.ladder import Ladder
from relay.state.rights import Verdict
from relay.webrtc.sdp import Local, answer, fragment, parse_fragment, parse_offer

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis.asyncio import Redis

    from relay.edge.admission import Headroom
    from relay.edge.rights import Rights
    from relay.edge.roster import Roster
    from relay.edge.steering import Steering
    from relay.edge.viewer import Viewer
    from relay.webrtc.dtls import Fingerprint

_LADDER_WAIT_S: Final = 1.5
_LADDER_FRESH_S: Final = 0.2
"""A crowd that comes at once does not ask the bus twice for each of its viewers."""
_LADDERS: Final = 256
"""Cameras whose ladders are kept in mind, at the most."""


@dataclass(frozen=True)
class Signalling:
    """See the module."""

    bus: Redis
    """Where cameras and ladders are told."""
    roster: Roster
    """The sessions."""
    steering: Steering
    """What they are sent."""
    rights: Rights
    """Whether they may go on."""
    headroom: Headroom
    """Whether there may be more of them."""
    fingerprint: Fingerprint
    """Of the edge's certificate."""
    port: int
    """The edge's UDP port."""
    displace: Callable[[Viewer], None]
    """Ends a session whose network holds more than its share of those that are not connected."""
    ladders: dict[str, tuple[float, Ladder]] = field(default_factory=dict)
    """What live cameras had to offer a moment ago, and when that was, by the loop's clock."""

    async def open(self, body: dict[str, Any]) -> dict[str, Any]:
        """Open a session: `sdp`, `broadcast`, `camera`, `host` to advertise, and hints (`hint`);
        `viewer` names who watches, if that is known, `network` where from, as a hash; `right` says
        by what right, as in `edge.rights`.

        Answers `session`, the answer's `sdp`, and its `etag`.

        Raises:
            Invalid: the offer is malformed or cannot be served, or there is no such rendition.
            NotLive: the camera sends nothing at the moment.
            Overloaded: another viewer would be one too many.
        """
        roster = self.roster
        if not self.headroom.admits(roster.connected, roster.connecting):
            raise Overloaded("this edge has no room for another viewer")
        try:
            offer = parse_offer(body["sdp"])
        except ProtocolError as error:
            raise Invalid(str(error)) from None
        camera = str(body["camera"])
        ladder = await self._ladder(camera)
        wish = _wish(body, Wish(), camera, ladder)
        now = asyncio.get_running_loop().time()
        viewer = self.roster.add(
            broadcast=str(body["broadcast"]), camera=camera, offer=offer, now=now
        )
        viewer.person = str(body.get("viewer") or "")
        viewer.right = Right.from_json(body.get("right"))
        viewer.network = str(body.get("network") or "")
        entered, victim = roster.pool.enter(viewer, viewer.network)
        if victim is not None:
            self.displace(victim)
        if not entered:
            roster.remove(viewer)
            raise Overloaded("this edge has no room for another viewer")
        self.steering.seat(viewer, ladder, wish, now)
        local = Local(
            credentials=viewer.ice.local,
            fingerprint=self.fingerprint,
            host=str(body["host"]),
            port=self.port,
            ssrcs=viewer.ssrcs,
        )
        return {"session": viewer.id, "sdp": answer(offer, local), "etag": viewer.etag}

    async def patch(self, body: dict[str, Any]) -> dict[str, Any]:
        """Take a trickle fragment: `session`, `fragment`, and the `etag` that If-Match named.

        Answers nothing for candidates, which an ICE-lite agent does not need; for an ICE restart
        (RFC 9725 section 4.3.2) our new `fragment` and `etag`, and the same ones again to who asks
        again because they were lost.

        Raises:
            NotFound: there is no such session.
            Invalid: the fragment is malformed.
            PreconditionRequired, PreconditionFailed: a restart without the session's present ETag.
        """
        viewer = self.session(body)
        try:
            remote = parse_fragment(str(body["fragment"]))
        except ProtocolError as error:
            raise Invalid(str(error)) from None
        etag = None if body["etag"] is None else str(body["etag"]).strip('"')
        former = viewer.ice.former
        repeated = former is not None and etag == former[0].ufrag
        # Readers that send `If-Match: *` trickle too: what tells a restart is new credentials.
        if remote is None or (remote.ufrag == viewer.ice.remote.ufrag and not repeated):
            return {}
        if etag is None:
            raise PreconditionRequired("an ICE restart needs If-Match")
        if remote.ufrag != viewer.ice.remote.ufrag:
            if etag not in ("*", viewer.etag):
                raise PreconditionFailed("the session has another ETag by now")
            viewer.restart(remote)
            self.roster.mux.add(viewer, viewer.ice.local.ufrag)
        return {"fragment": fragment(viewer.ice.local), "etag": viewer.etag}

    async def hint(self, body: dict[str, Any]) -> dict[str, Any]:
        """Take note of what a player asks for: `session`, and those of `rendition`, `height`,
        `hidden` and `data_saver` that have changed, as in `adapt.Wish`; with `pace` it tells that
        pictures queue up on their way to it, as in `Steering.slowed`.

        Raises:
            NotFound: there is no such session.
            Invalid: there is no such rendition.
        """
        viewer = self.session(body)
        wish = _wish(body, viewer.wish, viewer.camera, viewer.ladder)
        now = asyncio.get_running_loop().time()
        self.steering.wish(viewer, wish, now)
        if body.get("pace") is not None:
            self.steering.slowed(viewer, float(body["pace"]), now)
        return {}

    def session(self, body: dict[str, Any]) -> Viewer:
        """The session that a body names.

        Raises:
            NotFound: there is no such session.
        """
        viewer = self.roster.find(str(body["session"]))
        now = asyncio.get_running_loop().time()
        if viewer is None or self.rights.verdict(viewer, now) is not Verdict.YES:
            raise NotFound("there is no such session")
        return viewer

    async def _ladder(self, camera: str) -> Ladder:
        loop = asyncio.get_running_loop()
        known = self.ladders.get(camera)
        if known is not None and loop.time() - known[0] < _LADDER_FRESH_S:
            return known[1]
        deadline = loop.time() + _LADDER_WAIT_S
        while True:
            # A ladder alone is not enough: it outlives its camera, as its last pictures do.
            live = await presence.get(self.bus, presence.CAMERA, camera)
            fact = await presence.get(self.bus, presence.LADDER, camera)
            if live is not None and fact is not None:
                if len(self.ladders) >= _LADDERS:
                    self.ladders.clear()
                ladder = Ladder.from_json(fact)
                self.ladders[camera] = loop.time(), ladder
                return ladder
            if live is None or loop.time() > deadline:
                raise NotLive(f"camera {camera!r} is not live")
            await asyncio.sleep(0.05)  # its worker is about to begin


def _wish(body: dict[str, Any], before: Wish, camera: str, ladder: Ladder | None) -> Wish:
    """What a body's hints make of what was asked for before."""
    rung = body.get("rendition", before.rung)
    if rung is not None and ladder is not None and ladder.video and ladder.find(rung) is None:
        names = ", ".join(rendition.name for rendition in ladder.video)
        raise Invalid(f"camera {camera!r} has no rendition {rung!r}; it has {names}")
    return Wish(
        rung=rung,
        height=body.get("height", before.height),
        hidden=body.get("hidden", before.hidden),
        data_saver=body.get("data_saver", before.data_saver),
    )
