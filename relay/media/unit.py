"""`Unit`, the one currency between all stages."""

from __future__ import annotations

from dataclasses import dataclass

from relay.media.codecs import Codec, Kind


@dataclass(frozen=True, slots=True)
class Unit:
    """One encoded access unit."""

    codec: Codec
    """What the payload is; see `Codec` for each one's form."""
    pts: int
    """Presentation time on the camera's timeline, 90 kHz."""
    dts: int
    """Decoding time on the camera's timeline, 90 kHz; never decreases within a track."""
    captured_us: int
    """When the camera saw or heard it, as well as the relay knows: µs since the Unix epoch."""
    keyframe: bool
    """Whether decoding can begin here. Every audio unit is one."""
    payload: bytes
    """The access unit."""
    publication: int = 0
    """Which publication of its camera a source's unit is of, 0 to 255. Another number is another
    connection, perhaps of another encoder: nothing that was learnt before holds."""

    @property
    def kind(self) -> Kind:
        """Sound or picture."""
        return self.codec.kind

    @property
    def opens_gop(self) -> bool:
        """Whether a viewer of pictures can begin here."""
        return self.keyframe and self.codec.kind is Kind.VIDEO
