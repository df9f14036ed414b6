"""The ladder: which renditions a camera has. The fact that its worker tells and everybody reads."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

SOUND: Final = "opus"
"""Name of the stream that carries a camera's sound."""


@dataclass(frozen=True, slots=True)
class Rendition:
    """One rung."""

    name: str
    """Its height and a p, such as 720p."""
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

    def find(self, name: str | None) -> Rendition | None:
        """The rung called `name`; the largest if no name is given; None if there is none."""
        return next((rung for rung in self.video if name in (None, rung.name)), None)
