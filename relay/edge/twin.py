"""What the Python twin keeps of a viewer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pylibsrtp

from relay.edge.datagrams import Path
from relay.edge.outgoing import Outgoing
from relay.edge.repeats import Repeats

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


class Track:
    """A viewer's track and what it follows."""

    def __init__(self, params: TrackParams) -> None:
        self.out = Outgoing(params)
        self.stream: int | None = None
        self.next_stream: int | None = None
        self.next_report = 0.0


class TwinViewer:
    """A viewer of the twin."""

    def __init__(
        self, number: int, address: Address, keys: SrtpKeys, tracks: list[TrackParams]
    ) -> None:
        self.number = number
        self.path = Path(address)
        self.send = _session(keys, keys.send, pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
        self.receive = _session(keys, keys.receive, pylibsrtp.Policy.SSRC_ANY_INBOUND)
        self.tracks = {params.kind: Track(params) for params in tracks}
        self.requested = 0
        self.resent = 0
        self.highest = 0
        self.lost = 0
        self.times: dict[int, tuple[int, float]] = {}
        """Each source's last XR reference time, and when that came."""
        self.rtt_s: float | None = None
        self.heard_at = 0.0
        self.ice: IceLite | None = None
        self.checked: float | None = None
        """When a consent check was answered last, monotonic seconds."""
        self.sources: set[int] = set()
        """SSRCs that it has reported with: libsrtp keeps a stream for each."""
        self.present: set[int] = set()
        """SSRCs that it reports with, and that have not said goodbye."""
        self.repeats = Repeats()
