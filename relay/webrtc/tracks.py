"""What can be sent to a media description of an offer: which codec, with which parameters. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from relay.media.codecs import Kind
from relay.webrtc.description import FEEDBACK
from relay.webrtc.rtp import Extensions

if TYPE_CHECKING:
    from relay.webrtc.description import Format, Section

EXTENSIONS: Final = {
    "abs_send_time": "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    "playout_delay": "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
    "mid": "urn:ietf:params:rtp-hdrext:sdes:mid",
}
"""URIs of the header extensions that we write, by their names in `Extensions`."""
_EXTMAP: Final = re.compile(r"(\d{1,4})(?:/(\w+))? +(\S+)")


@dataclass(frozen=True, slots=True)
class Track:
    """One track that the viewer takes."""

    kind: Kind
    """Sound or picture."""
    mid: str
    """The media description's identification."""
    payload_type: int
    """Of its packets."""
    parameters: str
    """The codec's format parameters, to answer with."""
    feedback: tuple[str, ...]
    """The RTCP feedback that was offered and that we understand."""
    rtx_payload_type: int | None
    """Of retransmissions (RFC 4588); None where they were not offered."""
    extensions: Extensions
    """Header extensions to use."""


def objection(part: Section) -> str:
    """Why nothing can be sent to a media description, for whoever wrote the offer."""
    if part.kind not in ("video", "audio"):
        return "other media: only video and audio are sent"
    if not _wants(part):
        return f"{part.kind}: it does not receive"
    if part.first("rtcp-mux") is None:
        return f"{part.kind}: it needs a=rtcp-mux"
    if part.kind == "audio":
        return "audio: it needs opus/48000/2"
    if any(f.name == "h264" for f in part.rtp_formats()):
        return "video: it needs H.264 with packetization-mode=1"
    return "video: it needs H264/90000"


def _wants(part: Section) -> bool:
    # Port 0 refuses a description, unless it is there as part of a bundle only.
    present = part.port != 0 or part.first("bundle-only") is not None
    return present and part.first("sendonly") is None and part.first("inactive") is None


def choose_track(part: Section) -> Track | None:
    """What is sent to a media description; None if nothing can be, see `objection`."""
    if not _wants(part) or part.first("rtcp-mux") is None:
        return None
    formats = part.rtp_formats()
    codec = _codec(part.kind, formats)
    if codec is None:
        return None
    known: dict[str, int | None] = dict.fromkeys(EXTENSIONS)
    known.update(_extensions(part))
    if part.kind == "audio":
        known["playout_delay"] = None
    return Track(
        kind=Kind(part.kind),
        mid=part.first("mid") or "",
        payload_type=codec.payload_type,
        parameters=_answered(codec),
        feedback=tuple(kind for kind in FEEDBACK if kind in codec.feedback),
        rtx_payload_type=_rtx(codec, formats) if part.kind == "video" else None,
        extensions=Extensions(known["abs_send_time"], known["playout_delay"], known["mid"]),
    )


def _codec(kind: str, formats: list[Format]) -> Format | None:
    if kind == "audio":
        return next((f for f in formats if f.name == "opus"), None)
    if kind != "video":
        return None
    h264 = [f for f in formats if f.name == "h264" and _mode(f) in ("0", "1")]
    return min(h264, key=lambda f: (_mode(f) == "0", _profile_rank(f)), default=None)


def _mode(codec: Format) -> str:
    """The packetization mode (RFC 6184 section 8.1); 0 where none is named."""
    return codec.parameters.get("packetization-mode", "0")


def _answered(codec: Format) -> str:
    """The format parameters to answer with.

    What offers mode 0, or names none, as GStreamer does, takes mode 1 all the same.
    """
    if codec.name != "h264" or _mode(codec) == "1":
        return codec.fmtp
    named = (item.strip() for item in codec.fmtp.split(";"))
    others = [item for item in named if item and not item.lower().startswith("packetization-mode")]
    return ";".join([*others, "packetization-mode=1"])


def _profile_rank(codec: Format) -> int:
    """Orders H.264 profiles: what our encoder makes first, then what decodes it as well."""
    level_id = codec.parameters.get("profile-level-id", "420000").lower()
    constrained = bool(int(level_id[2], 16) & 4) if re.match("42[0-9a-f]", level_id) else False
    if constrained:
        return 0
    return {"42": 1, "4d": 2, "64": 3}.get(level_id[:2], 4)


def _rtx(codec: Format, formats: list[Format]) -> int | None:
    apt = str(codec.payload_type)
    return next(
        (f.payload_type for f in formats if f.name == "rtx" and f.parameters.get("apt") == apt),
        None,
    )


def _extensions(part: Section) -> dict[str, int]:
    """Ids of the header extensions that we write."""
    names = {uri: name for name, uri in EXTENSIONS.items()}
    found: dict[str, int] = {}
    for value in part.all("extmap"):
        match = _EXTMAP.match(value)
        if match is None or match[3] not in names or match[2] in ("sendonly", "inactive"):
            continue
        number = int(match[1])
        # One-byte header extensions end at id 14 (RFC 8285 section 4.2).
        if 0 < number < 15 and number not in found.values():
            found.setdefault(names[match[3]], number)
    return found
