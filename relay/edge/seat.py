"""A viewer as the twin knows it: its keys, its tracks, and what it has told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pylibsrtp

from relay.edge.datagrams import Path
from relay.edge.repeats import Repeats
from relay.edge.track import Track

if TYPE_CHECKING:
    from relay.edge.core import TrackParams
    from relay.webrtc.dtls import SrtpKeys
    from relay.webrtc.ice import Address, IceLite

_PROFILES: Final = {
    "AEAD_AES_128_GCM": pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    "AEAD_AES_256_GCM": pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_256_GCM,
    "AES128_CM_SHA1_80": pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
}


def _session(keys: SrtpKeys, key: bytes, direction: int) -> pylibsrtp.Session:
    policy = pylibsrtp.Policy(key=key, ssrc_type=direction, srtp_profile=_PROFILES[keys.profile])
    policy.allow_repeat_tx = True
    policy.window_size = 1024
    return pylibsrtp.Session(policy)


class Seat:
    """See the module."""

    def __init__(
        self, number: int, address: Address, keys: SrtpKeys, tracks: list[TrackParams]
    ) -> None:
        self.number = number
        self.path = Path(address)
        self.send = _session(keys, keys.send, pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
        self.receive = _session(keys, keys.receive, pylibsrtp.Policy.SSRC_ANY_INBOUND)
        self.tracks = {params.kind: Track(params) for params in tracks}
        self.estimate: int | None = None
        """What it can receive, bits a second, as it has told last."""
        self.requested = 0
        self.resent = 0
        self.highest = 0
        self.lost = 0
        self.jitter_ms = 0.0
        self.sound_highest = 0
        self.sound_lost = 0
        self.times: dict[int, tuple[int, float]] = {}
        """Each source's last XR reference time, and when that came."""
        self.rtt_s: float | None = None
        self.heard_at = 0.0
        self.ice: IceLite | None = None
        """By which its consent checks are known; None: they are not answered here."""
        self.checked: float | None = None
        """When a consent check was answered last, monotonic seconds."""
        self.sources: set[int] = set()
        """SSRCs that it has reported with: libsrtp keeps a stream for each."""
        self.present: set[int] = set()
        """SSRCs that it reports with, and that have not said goodbye."""
        self.repeats = Repeats()
