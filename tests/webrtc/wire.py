"""A DTLS association of ours and one of OpenSSL's, joined by a wire that may lose datagrams."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from relay.webrtc.dtls import Certificate, Dtls, Fingerprint
from tests.support.dtls_peer import DtlsPeer, certificate_fingerprint
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from relay.webrtc.dtls import SrtpKeys


class Wire:
    """See the module."""

    def __init__(
        self,
        certificate: Certificate,
        peer: DtlsPeer,
        *,
        fingerprints: list[Fingerprint] | None = None,
        lost: Callable[[str, int], bool] = lambda _side, _number: False,
        server: bool = True,
    ) -> None:
        """`lost` says of each side's datagrams, which are numbered from 1, whether it is lost."""
        self.peer = peer
        self.lost = lost
        self.sent = {"ours": 0, "theirs": 0}
        self.goodbyes = 0
        fingerprints = fingerprints or [certificate_fingerprint()]
        self.ours = Dtls(certificate, fingerprints, self._to_peer, self._closed, server=server)

    def _closed(self) -> None:
        self.goodbyes += 1

    def _arrives(self, side: str) -> bool:
        self.sent[side] += 1
        return not self.lost(side, self.sent[side])

    def _to_peer(self, datagram: bytes) -> None:
        if self._arrives("ours"):
            self.from_peer(self.peer.receive(datagram))

    def from_peer(self, datagrams: list[bytes]) -> None:
        """Datagrams on their way to us."""
        for datagram in datagrams:
            if self._arrives("theirs"):
                self.ours.receive(datagram)

    async def connect(self, timeout_s: float = 10.0) -> SrtpKeys:
        """Shake hands; the peer repeats its flights when they are due."""
        repeating = asyncio.create_task(self._repeat())
        self.from_peer(self.peer.advance())
        try:
            keys = await self.ours.handshake(timeout_s)
            await eventually(lambda: self.peer.keys, "the peer's keys", timeout_s)
        finally:
            repeating.cancel()
        return keys

    async def _repeat(self) -> None:
        while True:
            wait = self.peer.timeout()
            await asyncio.sleep(0.01 if wait is None else max(wait, 0.001))
            self.from_peer(self.peer.repeat())
