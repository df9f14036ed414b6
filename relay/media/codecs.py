"""The one table of codecs; nothing else in the tree switches on a codec's name."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Kind(StrEnum):
    """What a viewer does with a track."""

    VIDEO = "video"
    AUDIO = "audio"


class Codec(IntEnum):
    """A codec, by the number that stands on the wire (`bus.wire`)."""

    H264 = 1
    """ITU-T H.264; payloads are one access unit in Annex B form, SPS and PPS before keyframes."""
    AAC = 2
    """MPEG-4 AAC; payloads are one frame behind its configuration (`media.aac`)."""
    OPUS = 3
    """Opus, 48 kHz; payloads are one packet (RFC 6716)."""

    @property
    def kind(self) -> Kind:
        """Whether this is sound or picture."""
        return Kind.VIDEO if self is Codec.H264 else Kind.AUDIO

    @property
    def ffmpeg(self) -> str:
        """FFmpeg's name of the decoder."""
        return {Codec.H264: "h264", Codec.AAC: "aac", Codec.OPUS: "opus"}[self]
