"""A viewer as the twin knows it: its keys, its tracks, and what it has told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pylibsrtp

from relay.edge.core import ViewerStats
from relay.edge.datagrams import Path
from relay.edge.repeats import Repeats
from relay.edge.track import Track
from relay.media.codecs import Kind
from relay.media.timebase import VIDEO_CLOCK
from relay.webrtc.rtp import ntp

if TYPE_CHECKING:
    from relay.edge.core import TrackParams
    from relay.webrtc import rtcp
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

    def kind_of(self, ssrc: int) -> Kind | None:
        """Of which of its tracks this is the SSRC."""
        kinds = {track.out.params.ssrc: kind for kind, track in self.tracks.items()}
        return kinds.get(ssrc)

    def note(self, report: rtcp.Report, now: float) -> Kind | None:
        """Take note of what it reports at the Unix time `now`; of which track that was."""
        kind = self.kind_of(report.ssrc)
        match kind:
            case Kind.VIDEO:
                self.highest, self.lost = report.highest, report.lost
                self.jitter_ms = report.jitter / (VIDEO_CLOCK / 1000)
            case Kind.AUDIO:
                self.sound_highest, self.sound_lost = report.highest, report.lost
        if report.last_sr:
            middle = (ntp(now) >> 16) & 0xFFFFFFFF
            trip = (middle - report.last_sr - report.delay) & 0xFFFFFFFF
            if trip < 1 << 22:  # 64 s; more is a clock that stepped
                self.rtt_s = trip / 65536
        return kind

    @property
    def next_sequence(self) -> int:
        """Sequence number that its picture's next packet takes; 0 if it has none."""
        video = self.tracks.get(Kind.VIDEO)
        return 0 if video is None else video.out.sequence

    def stats(self, now: float) -> ViewerStats:
        """Its counters, at the monotonic time `now`."""
        return ViewerStats(
            packets=sum(track.out.packets for track in self.tracks.values()),
            octets=sum(track.out.octets for track in self.tracks.values()),
            requested=self.requested,
            resent=self.resent,
            highest=self.highest,
            lost=self.lost,
            rtt_s=self.rtt_s,
            heard_at=self.heard_at,
            jitter_ms=self.jitter_ms,
            sound_highest=self.sound_highest,
            sound_lost=self.sound_lost,
            checked_s=None if self.checked is None else now - self.checked,
        )
