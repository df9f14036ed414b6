"""Offers as the clients of the field make them, for any credentials and fingerprint.

`Recipe` describes an offer's parts; `chromium`, `firefox` and `safari` are recipes written after
what those browsers send (Chromium's whole offer is in `tests/captures/offer_chromium.sdp`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

CHROMIUM = (Path(__file__).parents[1] / "captures" / "offer_chromium.sdp").read_bytes().decode()
"""What Chromium 156 offers for `addTransceiver('video')` and `('audio')`, both recvonly."""

UFRAG, PASSWORD = "vwr1", "viewer-password-of-24ch+"
FINGERPRINT = ":".join(["AB"] * 32)

URIS = {
    "abs_send_time": "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    "playout_delay": "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
    "mid": "urn:ietf:params:rtp-hdrext:sdes:mid",
    "transport_cc": "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    "level": "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
}
FEEDBACK = ("goog-remb", "transport-cc", "ccm fir", "nack", "nack pli")


@dataclass(frozen=True)
class Codec:
    """One format of a media description."""

    payload_type: int
    name: str
    parameters: str = ""
    feedback: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        number = self.payload_type
        made = [f"a=rtpmap:{number} {self.name}"]
        made += [f"a=rtcp-fb:{number} {kind}" for kind in self.feedback]
        if self.parameters:
            made.append(f"a=fmtp:{number} {self.parameters}")
        return made


def h264(payload_type: int, profile: str = "42e01f", mode: int = 1, **changes: object) -> Codec:
    """An H.264 format in Chromium's spelling."""
    parameters = f"level-asymmetry-allowed=1;packetization-mode={mode};profile-level-id={profile}"
    return replace(Codec(payload_type, "H264/90000", parameters, FEEDBACK), **changes)  # type: ignore[arg-type]


def rtx(payload_type: int, apt: int) -> Codec:
    """Retransmissions of the format `apt`."""
    return Codec(payload_type, "rtx/90000", f"apt={apt}")


OPUS = Codec(111, "opus/48000/2", "minptime=10;useinbandfec=1", ("transport-cc",))


@dataclass(frozen=True)
class Media:
    """One media description."""

    kind: str
    mid: str | None
    codecs: tuple[Codec, ...]
    extensions: dict[str, int | str] = field(default_factory=dict)
    direction: str | None = "recvonly"
    port: int = 9
    profile: str = "UDP/TLS/RTP/SAVPF"
    transport: bool = True
    """Whether it has ICE credentials, fingerprint and setup of its own."""
    extra: tuple[str, ...] = ("a=rtcp-mux", "a=rtcp-rsize")


@dataclass(frozen=True)
class Recipe:
    """An offer."""

    media: tuple[Media, ...]
    bundle: tuple[str, ...] | None = None
    """The group's mids; None: all, in order; empty: there is no group."""
    setup: str = "actpass"
    ufrag: str = UFRAG
    password: str = PASSWORD
    fingerprint: str = FINGERPRINT
    session: tuple[str, ...] = ()
    """More lines on the session's level."""
    session_transport: bool = False
    """Whether the fingerprint stands on the session's level, as in Firefox."""

    def text(self) -> str:
        """The offer itself."""
        mids = self.bundle
        if mids is None:
            mids = tuple(media.mid for media in self.media if media.mid is not None)
        lines = ["v=0", "o=- 4611732418 2 IN IP4 127.0.0.1", "s=-", "t=0 0"]
        if mids:
            lines.append(f"a=group:BUNDLE {' '.join(mids)}")
        if self.session_transport:
            lines.append(f"a=fingerprint:sha-256 {self.fingerprint}")
        lines += self.session
        for media in self.media:
            lines += self._section(media)
        return "\r\n".join(lines) + "\r\n"

    def _section(self, media: Media) -> list[str]:
        formats = " ".join(str(codec.payload_type) for codec in media.codecs)
        formats = formats or "webrtc-datachannel"
        lines = [f"m={media.kind} {media.port} {media.profile} {formats}", "c=IN IP4 0.0.0.0"]
        if media.transport:
            lines += [f"a=ice-ufrag:{self.ufrag}", f"a=ice-pwd:{self.password}"]
            lines.append(f"a=setup:{self.setup}")
            if not self.session_transport:
                lines.append(f"a=fingerprint:sha-256 {self.fingerprint}")
        if media.mid is not None:
            lines.append(f"a=mid:{media.mid}")
        lines += [f"a=extmap:{number} {URIS[name]}" for name, number in media.extensions.items()]
        if media.direction is not None:
            lines.append(f"a={media.direction}")
        lines += media.extra
        for codec in media.codecs:
            lines += codec.lines()
        return lines

    def but(self, **changes: object) -> Recipe:
        """The same with other fields."""
        return replace(self, **changes)  # type: ignore[arg-type]

    def each(self, **changes: object) -> Recipe:
        """The same with other fields in every media description."""
        return self.but(media=tuple(replace(m, **changes) for m in self.media))  # type: ignore[arg-type]

    def only(self, *kinds: str) -> Recipe:
        """The same with only the media of these kinds."""
        return self.but(media=tuple(m for m in self.media if m.kind in kinds))


def without_rtx(recipe: Recipe) -> Recipe:
    """The same without retransmission formats."""
    return recipe.but(
        media=tuple(
            replace(m, codecs=tuple(c for c in m.codecs if not c.name.startswith("rtx/")))
            for m in recipe.media
        )
    )


CHROMIUM_LIKE = Recipe(
    (
        Media(
            "video",
            "0",
            (
                Codec(96, "VP8/90000", "", FEEDBACK),
                rtx(97, 96),
                h264(102, "42001f"),
                rtx(103, 102),
                h264(104, "42e01f", mode=0),
                rtx(107, 104),
                h264(108, "42e01f"),
                rtx(109, 108),
            ),
            {"abs_send_time": 2, "transport_cc": 4, "playout_delay": 5, "mid": 9},
        ),
        Media("audio", "1", (OPUS,), {"level": 14, "abs_send_time": 2, "mid": 9}),
    ),
    session=("a=extmap-allow-mixed", "a=msid-semantic: WMS"),
)

FIREFOX_LIKE = Recipe(
    (
        Media(
            "audio",
            "0",
            (
                Codec(109, "opus/48000/2", "maxplaybackrate=48000;stereo=1;useinbandfec=1"),
                Codec(101, "telephone-event/8000", "0-15"),
            ),
            {"level": 1, "mid": 3},
            extra=("a=end-of-candidates", "a=rtcp-mux"),
        ),
        Media(
            "video",
            "1",
            (
                Codec(120, "VP8/90000", "max-fs=12288;max-fr=60", FEEDBACK),
                rtx(124, 120),
                h264(
                    126,
                    parameters="profile-level-id=42e01f;level-asymmetry-allowed=1;"
                    "packetization-mode=1",
                ),
                rtx(127, 126),
                h264(97, parameters="profile-level-id=42e01f;level-asymmetry-allowed=1"),
                rtx(98, 97),
            ),
            {"mid": 3, "abs_send_time": 4, "playout_delay": "6/recvonly", "transport_cc": 7},
            extra=("a=end-of-candidates", "a=rtcp-mux", "a=rtcp-rsize"),
        ),
    ),
    session=("a=sendrecv", "a=ice-options:trickle", "a=msid-semantic:WMS *"),
    session_transport=True,
)
"""Firefox: sound first, the fingerprint once for all, formats' parameters in its own order."""

SAFARI_LIKE = Recipe(
    (
        Media("audio", "audio", (OPUS,), {"level": 1, "abs_send_time": 2, "mid": 4}),
        Media(
            "video",
            "video",
            (
                h264(96, "640c1f"),
                rtx(97, 96),
                h264(98, "42e01f"),
                rtx(99, 98),
                Codec(100, "VP8/90000", "", FEEDBACK),
                rtx(101, 100),
            ),
            {"abs_send_time": 2, "transport_cc": 3, "mid": 4, "playout_delay": 5},
        ),
        Media(
            "application",
            "data",
            (),
            profile="UDP/DTLS/SCTP",
            direction=None,
            extra=("a=sctp-port:5000",),
        ),
    ),
)
