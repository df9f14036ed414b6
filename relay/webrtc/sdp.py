"""Offers and answers (RFC 8829, RFC 9143) of viewers, who only receive. Pure.

Answers have one candidate, because ours is an ICE-lite agent with one port.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from relay.errors import ProtocolError
from relay.media.codecs import Kind
from relay.webrtc.description import KNOWN, MAX_SIZE, known_section, parse
from relay.webrtc.dtls import Fingerprint
from relay.webrtc.ice import Credentials
from relay.webrtc.tracks import EXTENSIONS, choose_track, objection

if TYPE_CHECKING:
    from relay.webrtc.description import Description, Section
    from relay.webrtc.tracks import Track

CNAME: Final = "eva-relay"
MAX_CREDENTIAL: Final = 256
"""Characters of a user name fragment or a password (RFC 8839 section 5.4)."""

_FINGERPRINT: Final = re.compile(r"(\S+) +([0-9A-Fa-f:]+)")
_TOLD: Final = 4
"""Of so many media descriptions a viewer is told why they cannot be served."""


@dataclass(frozen=True, slots=True)
class Media:
    """One media description of the offer, taken or not."""

    kind: str
    """`video`, `audio`, `application` …"""
    profile: str
    """The transport profile, such as UDP/TLS/RTP/SAVPF."""
    formats: str
    """The offered formats, as they stand in the offer."""
    mid: str | None
    """Its identification, if it has one."""
    reduced_size: bool
    """Whether RTCP may come in reduced size (RFC 5506)."""
    track: Track | None
    """What is sent there; None: it is refused."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a viewer offers."""

    media: tuple[Media, ...]
    """All media descriptions, in order."""
    bundle: tuple[str, ...]
    """Identifications of the taken ones in their group's order; empty without a group."""
    remote: Credentials
    """The viewer's ICE credentials."""
    fingerprints: tuple[Fingerprint, ...]
    """Of the viewer's certificate."""
    passive: bool
    """Whether the viewer insists on being the DTLS server."""

    @property
    def tracks(self) -> list[Track]:
        """The tracks that are taken."""
        return [media.track for media in self.media if media.track is not None]


def parse_offer(text: str) -> Offer:
    """Read an offer.

    Raises:
        ProtocolError: malformed, without ICE or DTLS, or nothing in it that we can send.
    """
    description = parse(text)
    plan = _plan(description.session.text, tuple(part.text for part in description.media))
    if not plan.carriers:
        why = "; ".join(dict.fromkeys(objection(part) for part in description.media[:_TOLD]))
        raise ProtocolError(
            f"the offer has no H.264 or Opus that it would receive, bundled: {why or 'no media'}"
        )
    carrier = _carrier(description, plan)
    return Offer(
        media=plan.media,
        bundle=plan.bundle,
        remote=_credentials(description, carrier),
        fingerprints=_fingerprints(description, carrier),
        passive=description.first(carrier, "setup") == "passive",
    )


@dataclass(frozen=True, slots=True)
class _Plan:
    """What of an offer is the same for all viewers with the same browser."""

    media: tuple[Media, ...]
    """As in `Offer`."""
    bundle: tuple[str, ...]
    """As in `Offer`."""
    carriers: tuple[int, ...]
    """Places of the descriptions whose transport may be used, the first choice first; none where
    nothing is taken.
    """


@lru_cache(KNOWN)
def _plan(session: str, media: tuple[str, ...]) -> _Plan:
    parts = [known_section(text) for text in media]
    taken, bundle = _served(known_section(session), parts)
    described = tuple(
        Media(
            kind=part.kind,
            profile=part.profile,
            formats=part.formats,
            mid=part.first("mid"),
            reduced_size=part.first("rtcp-rsize") is not None,
            track=taken.get(index),
        )
        for index, part in enumerate(parts)
    )
    return _Plan(
        media=described,
        bundle=tuple(mid for mid, index in bundle.items() if index in taken),
        carriers=(*(i for i in bundle.values() if i in taken), *taken, *bundle.values()),
    )


def _served(session: Section, parts: list[Section]) -> tuple[dict[int, Track], dict[str, int]]:
    """The tracks that one transport can carry, by their place, and the group that they are in.

    The group (RFC 9143) is its identifications in order, each with the place of its description.
    Without a group only one description can be served: a picture, if there is one.
    """
    tracks = {index: track for index, part in enumerate(parts) if (track := choose_track(part))}
    places: dict[str, int] = {}
    for index, part in enumerate(parts):
        places.setdefault(part.first("mid") or "", index)
    for group in session.all("group"):
        semantics, *mids = group.split() or [""]
        bundle = {mid: places[mid] for mid in mids if mid in places}
        served = {index: tracks[index] for index in sorted(bundle.values()) if index in tracks}
        if semantics == "BUNDLE" and served:
            # The first of a kind: reversed, so that it overwrites those behind it.
            first = {track.kind: index for index, track in reversed(served.items())}
            return {index: served[index] for index in sorted(first.values())}, bundle
    alone = [index for index in tracks if parts[index].port != 0]
    alone.sort(key=lambda index: tracks[index].kind is not Kind.VIDEO)
    return {index: tracks[index] for index in alone[:1]}, {}


def _carrier(description: Description, plan: _Plan) -> Section:
    """The description whose transport is used: the first of the group that is taken.

    One that is part of a bundle only has none of its own (RFC 9143 section 6).
    """
    parts = [description.media[index] for index in plan.carriers]
    return next((part for part in parts if description.first(part, "ice-ufrag")), parts[0])


def _credentials(description: Description, carrier: Section) -> Credentials:
    ufrag = description.first(carrier, "ice-ufrag")
    password = description.first(carrier, "ice-pwd")
    if not ufrag or not password:
        raise ProtocolError("the offer has no ICE credentials")
    return _bounded(ufrag, password)


def _bounded(ufrag: str, password: str) -> Credentials:
    if max(len(ufrag), len(password)) > MAX_CREDENTIAL:
        raise ProtocolError(f"ICE credentials of more than {MAX_CREDENTIAL} characters")
    return Credentials(ufrag, password)


def _fingerprints(description: Description, carrier: Section) -> tuple[Fingerprint, ...]:
    found = []
    for value in description.all(carrier, "fingerprint"):
        match = _FINGERPRINT.fullmatch(value)
        if match is None:
            raise ProtocolError("the offer has a malformed DTLS fingerprint")
        found.append(Fingerprint(match[1], match[2]))
    if not found:
        raise ProtocolError("the offer has no DTLS fingerprint")
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Local:
    """Our side of a session."""

    credentials: Credentials
    """Our ICE credentials."""
    fingerprint: Fingerprint
    """Of our certificate."""
    host: str
    """Address to send to: an IP address or a name."""
    port: int
    """UDP port to send to."""
    ssrcs: dict[Kind, tuple[int, int]] = field(default_factory=dict)
    """For each track the SSRC of its media and of its retransmissions."""


def answer(offer: Offer, local: Local) -> str:
    """The answer to `offer`."""
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    if offer.bundle:
        lines.append(f"a=group:BUNDLE {' '.join(offer.bundle)}")
    lines += ["a=ice-lite", "a=msid-semantic: WMS *"]
    for media in offer.media:
        if media.track is None:
            lines += [f"m={media.kind} 0 {media.profile} {media.formats}", "c=IN IP4 0.0.0.0"]
            lines += ["a=inactive", *_mid_line(media)]
        else:
            lines += _media_lines(media, media.track, local, passive=not offer.passive)
    return "\r\n".join(lines) + "\r\n"


def _mid_line(media: Media) -> list[str]:
    return [] if media.mid is None else [f"a=mid:{media.mid}"]


def parse_fragment(text: str) -> Credentials | None:
    """The ICE credentials of a trickle fragment (RFC 8840 section 9); None if it has none.

    Raises:
        ProtocolError: it has a user name fragment and no password, or longer ones than may be.
    """
    found = {}
    for line in text[:MAX_SIZE].splitlines():
        name, _, value = line.strip().partition(":")
        if name in ("a=ice-ufrag", "a=ice-pwd"):
            found[name] = value
    if "a=ice-ufrag" not in found:
        return None
    if "a=ice-pwd" not in found:
        raise ProtocolError("the fragment has a user name fragment and no password")
    return _bounded(found["a=ice-ufrag"], found["a=ice-pwd"])


def fragment(local: Credentials) -> str:
    """Our answer to a fragment that restarts ICE; address and port stay as they are."""
    return f"a=ice-lite\r\na=ice-ufrag:{local.ufrag}\r\na=ice-pwd:{local.password}\r\n"


def _media_lines(media: Media, track: Track, local: Local, *, passive: bool) -> list[str]:
    ssrc, rtx_ssrc = local.ssrcs[track.kind]
    pt, rtx = track.payload_type, track.rtx_payload_type
    codec = "H264/90000" if track.kind is Kind.VIDEO else "opus/48000/2"
    fmt = f"{pt}" if rtx is None else f"{pt} {rtx}"
    lines = [
        f"m={media.kind} 9 {media.profile} {fmt}",
        "c=IN IP4 0.0.0.0",
        f"a=candidate:1 1 udp 2130706431 {local.host} {local.port} typ host",
        "a=end-of-candidates",
        f"a=ice-ufrag:{local.credentials.ufrag}",
        f"a=ice-pwd:{local.credentials.password}",
        f"a=fingerprint:{local.fingerprint.algorithm} {local.fingerprint.value}",
        f"a=setup:{'passive' if passive else 'active'}",
        *_mid_line(media),
        "a=sendonly",
        f"a=msid:{CNAME} {track.kind}",
        "a=rtcp-mux",
        *(["a=rtcp-rsize"] if media.reduced_size else []),
        f"a=rtpmap:{pt} {codec}",
    ]
    for name, uri in EXTENSIONS.items():
        number = getattr(track.extensions, name)
        if number is not None:
            lines.append(f"a=extmap:{number} {uri}")
    if track.parameters:
        lines.append(f"a=fmtp:{pt} {track.parameters}")
    lines += [f"a=rtcp-fb:{pt} {kind}" for kind in track.feedback]
    if rtx is not None:
        lines += [f"a=rtpmap:{rtx} rtx/90000", f"a=fmtp:{rtx} apt={pt}"]
        lines.append(f"a=ssrc-group:FID {ssrc} {rtx_ssrc}")
    # Chromium takes the first SSRC that is described for the one of the media.
    lines.append(f"a=ssrc:{ssrc} cname:{CNAME}")
    if rtx is not None:
        lines.append(f"a=ssrc:{rtx_ssrc} cname:{CNAME}")
    return lines
