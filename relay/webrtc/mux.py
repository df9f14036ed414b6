"""Many WebRTC sessions on one UDP port: which session a datagram belongs to. Sans-IO.

Routing keys: STUN requests go by our user name fragment in them; answers to ours, DTLS and SRTP go
by the sender's address, once a STUN check from there was authenticated. All else is a stray: it is
counted and forgotten.
"""

from __future__ import annotations

from collections import Counter
from enum import Enum
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from relay.webrtc.ice import is_response, local_ufrag

if TYPE_CHECKING:
    from relay.webrtc.ice import Address

S = TypeVar("S")


class Protocol(Enum):
    """What a datagram is, by its first byte (RFC 7983)."""

    STUN = "stun"
    DTLS = "dtls"
    SRTP = "srtp"
    OTHER = "other"


def classify(datagram: bytes) -> Protocol:
    """The protocol of a datagram."""
    if not datagram:
        return Protocol.OTHER
    first = datagram[0]
    if first < 4:
        return Protocol.STUN
    if 20 <= first < 64:
        return Protocol.DTLS
    if 128 <= first < 192:
        return Protocol.SRTP
    return Protocol.OTHER


class Mux(Generic[S]):
    """Finds sessions by fragment and by address."""

    MAX_ADDRESSES: Final = 8
    """Addresses that one session may hold; the one that was bound longest ago is forgotten."""

    def __init__(self) -> None:
        self._by_ufrag: dict[str, S] = {}
        self._by_address: dict[Address, S] = {}
        self._addresses: dict[S, list[Address]] = {}
        self._ufrags: dict[S, list[str]] = {}
        self.strays: Counter[str] = Counter()
        """Datagrams that belonged to no session, by protocol."""

    def __len__(self) -> int:
        return len(self._addresses)

    def add(self, session: S, ufrag: str) -> None:
        """Take up a session; again with another fragment at an ICE restart, from which on it has
        both until `settle`.
        """
        held = self._ufrags.setdefault(session, [])
        if len(held) > 1:  # a restart that was never completed
            del self._by_ufrag[held.pop()]
        held.append(ufrag)
        self._by_ufrag[ufrag] = session
        self._addresses.setdefault(session, [])

    def settle(self, session: S) -> None:
        """Forget all fragments of a session but the newest."""
        held = self._ufrags[session]
        for old in held[:-1]:
            del self._by_ufrag[old]
        del held[:-1]

    def bind(self, session: S, address: Address) -> bool:
        """Accept DTLS and SRTP for `session` from `address`, which STUN has authenticated; whether
        the address was another session's.
        """
        owner = self._by_address.get(address)
        if owner is not None:
            self._addresses[owner].remove(address)
        held = self._addresses[session]
        held.append(address)
        self._by_address[address] = session
        if len(held) > self.MAX_ADDRESSES:
            del self._by_address[held.pop(0)]
        return owner not in (None, session)

    def keep(self, session: S, address: Address) -> None:
        """An address of `session` is still in use; harmless if it is another's by now."""
        if self._by_address.get(address) is session:
            self.bind(session, address)

    def remove(self, session: S) -> None:
        """Forget a session; harmless if it is not known."""
        for ufrag in self._ufrags.pop(session, ()):
            del self._by_ufrag[ufrag]
        for address in self._addresses.pop(session, ()):
            del self._by_address[address]

    def route(self, datagram: bytes, address: Address) -> tuple[Protocol, S] | None:
        """The protocol and session of a datagram, or None for a stray."""
        protocol = classify(datagram)
        if protocol is Protocol.STUN:
            if is_response(datagram):
                session = self._by_address.get(address)
            else:
                ufrag = local_ufrag(datagram)
                session = None if ufrag is None else self._by_ufrag.get(ufrag)
        elif protocol is Protocol.OTHER:
            session = None
        else:
            session = self._by_address.get(address)
        if session is None:
            self.strays[protocol.value] += 1
            return None
        return protocol, session
