"""What an RTMP session tells its owner."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

from relay.media.aac import AacConfig
from relay.media.codecs import Codec, Kind

if TYPE_CHECKING:
    from relay.ingest.rtmp.amf import Value
    from relay.media.h264 import AvcConfig


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PublishRequested:
    """The peer asks to publish; to be answered with `Session.accept` or `Session.refuse`."""

    app: str
    """The address's path without the key, such as `live`."""
    stream_key: str = field(repr=False)
    """The secret that says which camera this is; empty if none was given."""
    tc_url: str
    """The URL that the peer connected to, without key, query, user or password; may be empty."""
    encoder: str
    """The program's name as it says itself (`flashVer`); may be empty."""
    four_cc: tuple[str, ...]
    """Codecs that it offers in Enhanced RTMP, by their FourCC; `*` is any."""


@dataclass(frozen=True, slots=True)
class MetaData:
    """`onMetaData`. What it promises need not come true."""

    values: dict[str, Value]
    """The encoder's names and values as they are."""

    @property
    def device(self) -> str:
        """What the camera calls itself, the same each time it comes; empty if it does not.

        GoPros give their model as `creator` and their serial number as `encoder`; other encoders
        their program's name and version as `encoder`.
        """
        names = (self.values.get("creator"), self.values.get("encoder"))
        return " ".join(name for name in names if isinstance(name, str) and name)

    @property
    def zero_us(self) -> int | None:
        """When time stamp zero was captured, µs since the epoch; None where that is not told.

        `creation_time` is FFmpeg's name for it; in a file that is sent it tells of another day, and
        is found out by that.
        """
        told = self.values.get("creation_time")
        if not isinstance(told, str):
            return None
        try:
            at = datetime.fromisoformat(told)
        except ValueError:
            return None
        return None if at.tzinfo is None else (at - _EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class ConfigChanged:
    """A track's codec is configured, for the first time or anew. Media after it is of this form."""

    config: AvcConfig | AacConfig
    """The parameter sets, or the AudioSpecificConfig."""

    @property
    def codec(self) -> Codec:
        """Whose configuration this is."""
        return Codec.AAC if isinstance(self.config, AacConfig) else Codec.H264


@dataclass(frozen=True, slots=True)
class MediaVideo:
    """One picture."""

    codec: Codec
    """Says what the payload is."""
    dts_ms: int
    """Decoding time on the source's own clock, milliseconds; does not wrap, may step back."""
    cts_ms: int
    """Presentation time less decoding time, milliseconds; may be negative."""
    keyframe: bool
    """Whether decoding can begin here."""
    payload: bytes = field(repr=False)
    """The access unit, in its codec's form."""


@dataclass(frozen=True, slots=True)
class MediaAudio:
    """One audio frame."""

    codec: Codec
    """Says what the payload is."""
    dts_ms: int
    """Time on the source's own clock, the same as video's, milliseconds; does not wrap."""
    payload: bytes = field(repr=False)
    """The frame, in its codec's form."""


@dataclass(frozen=True, slots=True)
class MediaFault:
    """One media message could not be used; the session goes on."""

    kind: Kind | None
    """Whether it was sound or picture; None for metadata and messages that hold both."""
    reason: str
    """Why, for people."""
    codec: str = ""
    """The codec's name, if that is what cannot be used."""


@dataclass(frozen=True, slots=True)
class Unpublished:
    """The peer stopped publishing, or withdrew; the session may go on to publish again."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The session is over; nothing follows. What `take_output` still holds is to be sent first."""

    reason: str
    """Why, for people."""


Event: TypeAlias = (
    PublishRequested
    | MetaData
    | ConfigChanged
    | MediaVideo
    | MediaAudio
    | MediaFault
    | Unpublished
    | Ended
)
