"""Our side of a session, for tests of answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relay.webrtc.dtls import Fingerprint
from relay.webrtc.ice import Credentials
from relay.webrtc.sdp import Local

if TYPE_CHECKING:
    from relay.webrtc.sdp import Offer

FINGERPRINT = ":".join(["0F"] * 32)


def local_for(offer: Offer) -> Local:
    """The same credentials and SSRCs for every offer."""
    numbers = {track.kind: (1000 + 10 * i, 1001 + 10 * i) for i, track in enumerate(offer.tracks)}
    return Local(
        credentials=Credentials("edge", "edge-password-of-24-char"),
        fingerprint=Fingerprint("sha-256", FINGERPRINT),
        host="192.0.2.7",
        port=8189,
        ssrcs=numbers,
    )
