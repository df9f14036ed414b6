"""The ladder: which renditions a camera has. The fact that its worker tells and everybody reads."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

SOUND: Final = "opus"
"""Name of the stream that carries a camera's sound."""
SOURCE: Final = "source"
"""Name of the rung that is the camera's own picture, passed through: its stream is the source's."""
DEFAULT_BPS: Final = 4_000_000
"""What viewers are taken to be able to receive before they have told, bits a second."""


@dataclass(frozen=True, slots=True)
class Rendition:
    """One rung."""

    name: str
    """Its height and a p, such as 720p; or `SOURCE`."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    fps: float
    """Frames a second."""
    bitrate_bps: int
    """What the encoder aims at, bits a second."""
    codec: str
    """RFC 6381 name."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """All renditions of a live camera."""

    video: tuple[Rendition, ...]
    """The rungs, the largest first; empty for a camera without a picture."""
    sound: bool
    """Whether there is sound."""

    def to_json(self) -> dict[str, Any]:
        """As it is told on the bus."""
        return {"video": [asdict(rendition) for rendition in self.video], "sound": self.sound}

    @classmethod
    def from_json(cls, fact: dict[str, Any]) -> Ladder:
        """The reverse of `to_json`."""
        return cls(tuple(Rendition(**item) for item in fact["video"]), fact["sound"])

    @property
    def default(self) -> Rendition | None:
        """The rung that viewers begin with: the largest that most can receive; None without any."""
        fits = (rung for rung in self.video if rung.bitrate_bps <= DEFAULT_BPS)
        return next(fits, self.video[-1] if self.video else None)

    def find(self, name: str) -> Rendition | None:
        """The rung called `name`; None if there is none."""
        return next((rung for rung in self.video if rung.name == name), None)
