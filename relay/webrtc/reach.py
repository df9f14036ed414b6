"""Which of a session's addresses have shown that they receive what is sent to them. Sans-IO.

Anybody can write somebody else's address into a datagram, and what is sent there then floods one
who never asked. So a new address is asked for a random number, and until that has come back it is
sent at most three times the bytes that came from it, as in QUIC (RFC 9000 section 8.1).

Back-pressure: of what has to wait for that, the last `MAX_HELD` datagrams for each address are
kept; DTLS repeats its flights.
"""

from __future__ import annotations

import secrets
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from relay.webrtc.ice import Address

FACTOR: Final = 3
"""How many bytes an address may be sent for each that came from it."""
MAX_ADDRESSES: Final = 8
"""Addresses that are remembered, proven and not, each; the oldest is forgotten."""
MAX_HELD: Final = 8
"""Datagrams that wait for one address."""


class _Newcomer:
    """An address that has shown nothing yet."""

    __slots__ = ("budget", "held", "number")

    def __init__(self) -> None:
        self.number = secrets.token_bytes(12)
        self.budget = 0
        """Bytes that it may be sent."""
        self.held: deque[bytes] = deque(maxlen=MAX_HELD)


class Reach:
    """See the module."""

    __slots__ = ("_newcomers", "_proven", "flown")

    def __init__(self) -> None:
        self._newcomers: dict[Address, _Newcomer] = {}
        self._proven: dict[Address, None] = {}
        self.flown: set[Address] = set()
        """Where datagrams of the handshake have gone; one that was completed with a single address
        proves that one: what ends it depends on what was sent there.
        """

    def knows(self, address: Address) -> bool:
        """Whether an address is proven."""
        return address in self._proven

    def hear(self, address: Address, received: int, sent: int = 0) -> list[bytes]:
        """So many bytes have come from an address, and were answered by so many; what has waited
        and may be sent now.
        """
        if address in self._proven:
            return []
        newcomer = self._newcomers.get(address)
        if newcomer is None:
            newcomer = self._newcomers[address] = _Newcomer()
            if len(self._newcomers) > MAX_ADDRESSES:
                del self._newcomers[next(iter(self._newcomers))]
        newcomer.budget += FACTOR * received - sent
        return self._due(address, newcomer)

    def _due(self, address: Address, newcomer: _Newcomer) -> list[bytes]:
        due = []
        while newcomer.held and len(newcomer.held[0]) <= newcomer.budget:
            newcomer.budget -= len(newcomer.held[0])
            due.append(newcomer.held.popleft())
        if due:
            self._note_flight(address)
        return due

    def _note_flight(self, address: Address) -> None:
        if len(self.flown) < MAX_ADDRESSES:  # with two of them it already proves nothing
            self.flown.add(address)

    def takes(self, address: Address, datagram: bytes) -> bool:
        """Whether a datagram of the handshake may go to an address now; else it waits."""
        newcomer = self._newcomers.get(address)
        if newcomer is not None and (newcomer.held or newcomer.budget < len(datagram)):
            newcomer.held.append(datagram)
            return False
        if newcomer is not None:
            newcomer.budget -= len(datagram)
        elif address not in self._proven:
            return False  # forgotten for newer ones
        self._note_flight(address)
        return True

    def question(self, address: Address, size: int) -> bytes | None:
        """The number to ask an address for in a datagram of this size; None if it is proven or is
        not to be sent that much now.
        """
        newcomer = self._newcomers.get(address)
        if newcomer is None or newcomer.budget < size:
            return None
        newcomer.budget -= size
        return newcomer.number

    def asked(self, address: Address) -> bytes | None:
        """The number that proves an address; None if it is not to be proven."""
        newcomer = self._newcomers.get(address)
        return None if newcomer is None else newcomer.number

    def prove(self, address: Address) -> list[bytes]:
        """An address is proven; what has waited for that."""
        newcomer = self._newcomers.pop(address, None)
        self._proven[address] = None
        if len(self._proven) > MAX_ADDRESSES:
            del self._proven[next(iter(self._proven))]
        if newcomer is None or not newcomer.held:
            return []
        self._note_flight(address)
        return list(newcomer.held)
