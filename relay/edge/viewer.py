"""One viewer's session: from the offer to the end, as a state machine. No socket, no clock.

NEW ──authentic STUN──▶ CHECKED ──first DTLS──▶ HANDSHAKING ──keys, proven address──▶ CONNECTED
└──────────────┴──────────────────┴────────────────────┴──────────────────────────────▶ CLOSED
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Final

from relay.budget import Budget
from relay.edge.adapt import Adaptation, Wish
from relay.edge.core import TrackParams
from relay.edge.loss import LossMeter
from relay.ids import new_id
from relay.media.codecs import Kind
from relay.webrtc.ice import CONSENT_S, Credentials, IceLite
from relay.webrtc.reach import Reach

if TYPE_CHECKING:
    from collections.abc import Iterable

    from relay.edge.rendition import Feed
    from relay.edge.rights import Right
    from relay.media.ladder import Ladder
    from relay.webrtc.dtls import Dtls, SrtpKeys
    from relay.webrtc.ice import Address
    from relay.webrtc.sdp import Offer
    from relay.webrtc.tracks import Track

ESTABLISH_S: Final = 20.0
"""Sessions that are not connected after this long are forgotten."""
SILENT_S: Final = 6.0
"""Browsers check each path they use at least every 5 s or so (RFC 7675 section 5.1)."""
REPLAY_EVERY_S: Final = 1.0
"""A viewer gets its cached GOP again at most this often."""
DATAGRAMS: Final = (50.0, 200.0)
"""STUN and DTLS datagrams of a session that are looked at each second, and at once: each costs some
0.1 ms. Browsers send 20 checks a second on each of a few paths, for moments.
"""

SHORT_GOP: Final = 15
"""Frames since a keyframe that hardly take longer than a new one would."""
CONGESTED: Final = 0.1
"""Share of packets lost that tells of a full queue rather than of a bad path."""


class State(Enum):
    """Where a session stands."""

    NEW = "new"
    CHECKED = "checked"
    HANDSHAKING = "handshaking"
    CONNECTED = "connected"
    CLOSED = "closed"


_NEXT: Final = {
    State.NEW: {State.CHECKED, State.CLOSED},
    State.CHECKED: {State.HANDSHAKING, State.CLOSED},
    State.HANDSHAKING: {State.CONNECTED, State.CLOSED},
    State.CONNECTED: {State.CLOSED},
    State.CLOSED: set[State](),
}


@dataclass(eq=False, slots=True)
class Viewer:
    """A session. Times are the event loop's, in seconds."""

    number: int
    """Its number in the core."""
    id: str
    """Its name in URLs: the edge's name, a dot, and 128 random bits."""
    broadcast: str
    """Slug of the broadcast whose viewer this is; a camera's id when watched on its own."""
    camera: str
    """Id of the camera it watches."""
    offer: Offer
    """What was offered."""
    created: float
    """When."""
    ice: IceLite
    """Its ICE agent."""
    tracks: list[TrackParams]
    """What it is sent."""
    budget: Budget
    """STUN and DTLS datagrams that are looked at."""
    person: str = ""
    """Who watches, in this and perhaps other sessions; "": that is not known."""
    network: str = ""
    """Where from, as a hash; "": that is not known."""
    right: Right | None = None
    """By what right it was opened; None: whoever opened it sees to that."""
    state: State = State.NEW
    """Where it stands."""
    dtls: Dtls | None = None
    """Its DTLS association, once its first datagram has come."""
    address: Address | None = None
    """Where the handshake goes, and then media."""
    nominated: Address | None = None
    """The last one that it nominated."""
    reach: Reach = field(default_factory=Reach)
    """Which addresses receive what is sent to them."""
    keys: SrtpKeys | None = None
    """From the end of the handshake on."""
    confirmed: float = 0.0
    """When the last authentic STUN check came from `address`."""
    heard: float = 0.0
    """When the last authentic packet of any kind came."""
    feeds: dict[Kind, Feed] = field(default_factory=dict)
    """What it follows."""
    ladder: Ladder | None = None
    """What its camera offers, as far as was taken note of."""
    wish: Wish = field(default_factory=Wish)
    """What its player asks for."""
    adaptation: Adaptation | None = None
    """Decides its rung; None while there is no picture."""
    losses: LossMeter = field(default_factory=LossMeter)
    """What share of the picture's packets it loses."""
    switched: float | None = None
    """When it was told to go over to another rung, until that one's keyframe."""
    replayed: float = -REPLAY_EVERY_S
    """When it was last sent its cached GOP again."""

    @classmethod
    def make(
        cls, *, edge: str, number: int, broadcast: str, camera: str, offer: Offer, now: float
    ) -> Viewer:
        """A session for `offer`, with credentials and SSRCs of its own."""
        return cls(
            number=number,
            id=f"{edge}.{new_id()}",
            broadcast=broadcast,
            camera=camera,
            offer=offer,
            created=now,
            ice=IceLite(Credentials.make(), offer.remote),
            tracks=_all_track_params(offer.tracks),
            budget=Budget(*DATAGRAMS, now),
            heard=now,
        )

    def advance(self, state: State) -> None:
        """Move on to `state`, which must be one that can follow."""
        assert state in _NEXT[self.state], (self.state, state)
        self.state = state

    @property
    def outgoing(self) -> list[TrackParams]:
        """Its tracks as the core is to send them: a picture that sound goes with waits for that."""
        if Kind.AUDIO not in self.feeds:
            return self.tracks
        return [
            replace(track, extensions=replace(track.extensions, waits=track.kind is Kind.VIDEO))
            for track in self.tracks
        ]

    @property
    def counted(self) -> str:
        """What counts as one viewer: a page shows several cameras in as many sessions."""
        return self.person or self.id

    @property
    def etag(self) -> str:
        """Names the present ICE session (RFC 9725 section 4.3.1)."""
        return self.ice.local.ufrag

    def note_check(self, at: float) -> None:
        """Take note of an authentic check that came from where media goes."""
        self.confirmed = max(self.confirmed, at)
        self.heard = max(self.heard, at)

    def restart(self, remote: Credentials) -> None:
        """Begin a new ICE session; media goes on meanwhile."""
        self.ice.restart(Credentials.make(), remote)

    def moves(self, address: Address, now: float, *, nominated: bool) -> bool:
        """Whether media goes to `address` from now on, from where an authentic check has come.

        A viewer behind a router that forgot it does not know that its address is another one;
        where it does not repeat its nomination, the silence of the old one tells. Media follows
        only to where it is known to be received.
        """
        if nominated:
            self.nominated = address
        if address == self.address:
            return False
        if self.state is State.CONNECTED and not self.reach.knows(address):
            return False
        return address == self.nominated or now - self.confirmed > SILENT_S

    def question(self, address: Address) -> bytes | None:
        """What asks `address` to show that it receives; None if it is not to be asked now."""
        number = self.reach.question(address, self.ice.question_size())
        return None if number is None else self.ice.question(number)

    def expired(self, now: float) -> str | None:
        """Why the session has to end now, or None."""
        if self.state is State.CONNECTED:
            return "no consent for 30 s" if now - self.confirmed > CONSENT_S else None
        return "never connected" if now - self.created > ESTABLISH_S else None

    def may_replay(self, frames: int, now: float) -> bool:
        """Whether it may be sent its cached GOP of so many frames again; counts as done if so.

        Not if that is long and the path congested: it would lose that too, and a keyframe is less.
        """
        if now - self.replayed < REPLAY_EVERY_S:
            return False
        if frames > SHORT_GOP and self.losses.share > CONGESTED:
            return False
        self.replayed = now
        return True

    @property
    def ssrcs(self) -> dict[Kind, tuple[int, int]]:
        """For each track the SSRC of its media and of its retransmissions."""
        return {track.kind: (track.ssrc, track.rtx_ssrc) for track in self.tracks}


def _all_track_params(tracks: Iterable[Track]) -> list[TrackParams]:
    # All share one key: two with one SSRC would encrypt with one nonce (RFC 7714 section 8.4).
    wanted = list(tracks)
    ssrcs: set[int] = set()
    while len(ssrcs) < 2 * len(wanted):
        ssrcs.add(secrets.randbits(32) or 1)
    return [_track_params(track, ssrcs.pop(), ssrcs.pop()) for track in wanted]


def _track_params(track: Track, ssrc: int, rtx_ssrc: int) -> TrackParams:
    return TrackParams(
        kind=track.kind,
        ssrc=ssrc,
        payload_type=track.payload_type,
        rtx_ssrc=rtx_ssrc,
        rtx_payload_type=track.rtx_payload_type,
        extensions=track.extensions,
        mid=track.mid,
        first_sequence=secrets.randbits(15),
        timestamp_offset=secrets.randbits(32),
    )
