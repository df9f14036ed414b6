"""Reads session descriptions (RFC 8866): lines, media descriptions, formats. Pure.

Linear in the text's length, whatever a stranger sends, and bounded in how much is made of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from relay.errors import ProtocolError

MAX_SIZE: Final = 16_384
"""Characters of a description; browsers send some 6 KB."""
MAX_MEDIA: Final = 16
"""Media descriptions; browsers send one for each track."""
MAX_REPEATS: Final = 64
"""Lines of one attribute in a section."""
MAX_FEEDBACK: Final = 256
"""The same of `a=rtcp-fb`, of which browsers send several for each format: Chromium 156 77."""

# Nothing that ends a line anywhere: what is read here may stand in an answer.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
# What is another in every session; the rest is the same for all viewers with the same browser.
_MOVING: Final = re.compile(
    r"\n(?:a=(ice-ufrag|ice-pwd|fingerprint|candidate|ssrc|ssrc-group|msid):|o=)([^\n]*)"
)
KNOWN: Final = 64
"""Sections of descriptions that are kept in mind, for the next viewer with the same browser."""
_MEDIA: Final = re.compile(r"(\S+) (\d{1,5})(?:/\d+)? (\S+) (\S.*)")
_RTPMAP: Final = re.compile(r"(\d{1,3}) +([^/\s]+)/(\d{1,9})(?:/(\d{1,2}))?")
_PAYLOAD_TYPES: Final = frozenset((*range(64), *range(96, 128)))
"""RFC 5761 section 4: the others look like RTCP on a port that carries both."""
FEEDBACK: Final = ("nack", "nack pli", "ccm fir", "goog-remb", "rrtr")
"""The RTCP feedback that we understand."""


@dataclass(slots=True)
class Format:
    """One RTP format of a media description."""

    payload_type: int
    """0 to 63 or 96 to 127."""
    name: str
    """The encoding's name in lower case, such as h264."""
    clock: int
    """Ticks a second."""
    channels: int
    """Channels of sound; 1 where none are named."""
    fmtp: str = ""
    """The format's parameters as they stand in the description."""
    feedback: set[str] = field(default_factory=set)
    """Which of `FEEDBACK` may be used."""

    @property
    def parameters(self) -> dict[str, str]:
        """`fmtp` by name, in lower case."""
        pairs = (item.partition("=") for item in self.fmtp.split(";"))
        return {name.strip().lower(): value.strip() for name, _, value in pairs}


@dataclass(slots=True)
class Section:
    """The session's own lines, or a media description."""

    kind: str = ""
    """`video`, `audio`, `application` …"""
    port: int = 0
    """0: refused, or part of a bundle only."""
    profile: str = ""
    """The transport profile, such as UDP/TLS/RTP/SAVPF."""
    formats: str = ""
    """As they stand in the description."""
    attributes: dict[str, list[str]] = field(default_factory=dict)
    """Values of the `a=` lines by name; those without a value have an empty one."""
    text: str = ""
    """All of it but what is another in every session."""

    def first(self, name: str) -> str | None:
        """The first value of an attribute; None where it is missing."""
        values = self.attributes.get(name)
        return values[0] if values else None

    def all(self, name: str) -> list[str]:
        """All values of an attribute."""
        return self.attributes.get(name, [])

    def rtp_formats(self) -> list[Format]:
        """The formats that have an `a=rtpmap` and can share a port with RTCP, in order."""
        known: dict[str, Format] = {}
        for value in self.all("rtpmap"):
            match = _RTPMAP.match(value)
            if match is not None and int(match[1]) in _PAYLOAD_TYPES:
                made = Format(int(match[1]), match[2].lower(), int(match[3]), int(match[4] or 1))
                known.setdefault(match[1], made)
        for value in self.all("fmtp"):
            number, _, parameters = value.partition(" ")
            if number in known:
                known[number].fmtp = parameters.strip()
        everywhere: set[str] = set()
        for value in self.all("rtcp-fb"):
            number, _, kind = value.partition(" ")
            if kind in FEEDBACK and number == "*":
                everywhere.add(kind)
            elif kind in FEEDBACK and number in known:
                known[number].feedback.add(kind)
        found = []
        for number in self.formats.split():
            entry = known.pop(number, None)
            if entry is not None:
                entry.feedback |= everywhere
                found.append(entry)
        return found


@dataclass(frozen=True, slots=True)
class Description:
    """A session description."""

    session: Section
    """What stands before the first media description."""
    media: list[Section]
    """The media descriptions, in order."""

    def first(self, section: Section, name: str) -> str | None:
        """An attribute of a media description, or else the session's."""
        value = section.first(name)
        return self.session.first(name) if value is None else value

    def all(self, section: Section, name: str) -> list[str]:
        """All values of a media description's attribute, or else the session's."""
        return section.all(name) or self.session.all(name)


def parse(text: str) -> Description:
    """Read a description; lines of types and attributes that nobody asks for do no harm.

    Raises:
        ProtocolError: it is too long, or no session description.
    """
    if len(text) > MAX_SIZE:
        raise ProtocolError(f"SDP of more than {MAX_SIZE} characters")
    head, *rest = text.replace("\r", "\n").split("\nm=", MAX_MEDIA + 1)
    if len(rest) > MAX_MEDIA:
        raise ProtocolError(f"SDP with more than {MAX_MEDIA} media descriptions")
    if head.partition("\n")[0].rstrip() != "v=0":
        raise ProtocolError("malformed SDP: it does not begin with v=0")
    return Description(_section(head), [_section(f"m={part}") for part in rest])


def _section(text: str) -> Section:
    parts = _MOVING.split(text)
    known = known_section("".join(parts[::3]))
    names, values = parts[1::3], parts[2::3]
    _check("".join(values))
    attributes = known.attributes.copy()
    own: dict[str, list[str]] = {}
    for name, value in zip(names, values, strict=True):
        if name is not None:
            own.setdefault(name, []).append(value.rstrip())
    _check_repeats(own)
    attributes |= own
    return Section(known.kind, known.port, known.profile, known.formats, attributes, known.text)


def _check_repeats(attributes: dict[str, list[str]]) -> None:
    for name, values in attributes.items():
        if len(values) > (MAX_FEEDBACK if name == "rtcp-fb" else MAX_REPEATS):
            raise ProtocolError(f"SDP with {len(values)} lines of the attribute {name[:32]!r}")


def _check(text: str) -> None:
    if _CONTROL.search(text):
        raise ProtocolError("SDP with control characters")


@lru_cache(KNOWN)
def known_section(text: str) -> Section:
    """The section of this `text`, without what is another in every session; not to be changed.

    Raises:
        ProtocolError: it has control characters, or a media description of another form.
    """
    _check(text)
    section = Section(text=text)
    for raw in text.split("\n"):
        line = raw.rstrip()
        if line.startswith("m="):
            match = _MEDIA.fullmatch(line[2:])
            if match is None:
                raise ProtocolError("malformed SDP: a media description of another form")
            section.kind, section.profile, section.formats = match[1], match[3], match[4]
            section.port = int(match[2])
        elif line.startswith("a="):
            name, _, value = line[2:].partition(":")
            section.attributes.setdefault(name, []).append(value)
    _check_repeats(section.attributes)
    return section
