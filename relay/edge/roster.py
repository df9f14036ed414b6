"""The sessions of one edge: found by number, by name, and by the datagrams that belong to them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from relay.edge.viewer import State, Viewer
from relay.log import pool_is_full
from relay.pool import Pool, Size
from relay.webrtc.mux import Mux

if TYPE_CHECKING:
    from collections.abc import Iterator

    from relay.webrtc.sdp import Offer

SESSIONS: Final = Size(unproven=1024, proven=16_384)
"""Sessions that are not connected, each for 20 s at the most, and connected ones."""


class Roster:
    """See the module."""

    def __init__(self, edge: str) -> None:
        self._edge = edge
        self.pool: Pool[Viewer] = Pool("sessions", SESSIONS, pool_is_full)
        """Their places, shared out by network."""
        self._next = 0
        self._by_number: dict[int, Viewer] = {}
        self._by_id: dict[str, Viewer] = {}
        self._connecting: set[int] = set()
        self._watching: Counter[tuple[str, str]] = Counter()
        """Connected sessions of each person who is known, by broadcast."""
        self.mux: Mux[Viewer] = Mux()
        """Whose datagrams are whose."""
        self.refused = 0
        """Checks that named a session and were not authentic, or came from nowhere."""
        self.connected = 0
        """Number of viewers that are connected."""

    def __len__(self) -> int:
        return len(self._by_number)

    def __iter__(self) -> Iterator[Viewer]:
        return iter(list(self._by_number.values()))

    @property
    def made(self) -> int:
        """Number of sessions that have ever been."""
        return self._next

    @property
    def connecting(self) -> int:
        """Number of viewers whose handshakes cost the loop's time at the moment."""
        return len(self._connecting)

    def add(self, *, broadcast: str, camera: str, offer: Offer, now: float) -> Viewer:
        """A new session."""
        viewer = Viewer.make(
            edge=self._edge,
            number=self._next,
            broadcast=broadcast,
            camera=camera,
            offer=offer,
            now=now,
        )
        self._next += 1
        self._by_number[viewer.number] = viewer
        self._by_id[viewer.id] = viewer
        self.mux.add(viewer, viewer.ice.local.ufrag)
        return viewer

    def get(self, number: int) -> Viewer | None:
        """The viewer of this number in the core."""
        return self._by_number.get(number)

    def find(self, session: str) -> Viewer | None:
        """The viewer of this session."""
        return self._by_id.get(session)

    def advance(self, viewer: Viewer, state: State) -> None:
        """Move a viewer on to `state`, and keep the counts."""
        change = (state is State.CONNECTED) - (viewer.state is State.CONNECTED)
        self.connected += change
        if viewer.person and change:
            who = viewer.person, viewer.broadcast
            self._watching[who] += change
            if not self._watching[who]:
                del self._watching[who]
        viewer.advance(state)
        if state in (State.CHECKED, State.HANDSHAKING):
            self._connecting.add(viewer.number)
        else:
            self._connecting.discard(viewer.number)

    def watches(self, viewer: Viewer) -> bool:
        """Whether who watches in this session is known, and connected in any of the broadcast's."""
        return (viewer.person, viewer.broadcast) in self._watching

    def remove(self, viewer: Viewer) -> None:
        """Forget a session."""
        self.pool.leave(viewer)
        self.mux.remove(viewer)
        del self._by_number[viewer.number]
        del self._by_id[viewer.id]
