"""Where an RTMP session may stand and what may follow, and the codes of refusals."""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Final


class State(Enum):
    """Where a session stands."""

    HANDSHAKE = "handshake"
    CONNECTING = "connecting"
    """The handshake is done; `connect` has to come."""
    IDLE = "idle"
    """Connected, and not publishing."""
    PENDING = "pending"
    """A publish waits for `accept` or `refuse`."""
    PUBLISHING = "publishing"
    CLOSED = "closed"


NEXT: Final[dict[State, frozenset[State]]] = {
    State.HANDSHAKE: frozenset({State.CONNECTING, State.CLOSED}),
    State.CONNECTING: frozenset({State.IDLE, State.CLOSED}),
    State.IDLE: frozenset({State.PENDING, State.CLOSED}),
    State.PENDING: frozenset({State.PUBLISHING, State.CLOSED}),
    State.PUBLISHING: frozenset({State.IDLE, State.CLOSED}),
    State.CLOSED: frozenset(),
}


class Refusal(StrEnum):
    """Codes that a publish is refused or ended with."""

    UNAUTHORIZED = "NetStream.Publish.Unauthorized"
    BAD_NAME = "NetStream.Publish.BadName"
    REJECTED = "NetStream.Publish.Rejected"
