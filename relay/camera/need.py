"""What of a camera has to be decoded now. Pure.

Nothing is decoded for nobody: of pictures keyframes alone, one every few seconds, for stills. A
source whose keyframes are far apart is decoded all the time, because what began with the last one
would take too long to come to now, and stills would be old.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from relay.media.ladder import SOUND
from relay.media.timebase import VIDEO_CLOCK

if TYPE_CHECKING:
    from collections.abc import Collection

    from relay.camera.source import Source

NEAR: Final = 5 * VIDEO_CLOCK
"""Keyframes that are no further apart than this, 90 kHz, are near enough to begin from."""


@dataclass(frozen=True, slots=True)
class Need:
    """See the module."""

    rungs: frozenset[str]
    """The rungs to encode."""
    pictures: bool
    """Whether all pictures are decoded; else keyframes alone, when a still is due."""
    sound: bool
    """Whether sound is decoded and encoded."""

    @property
    def idle(self) -> bool:
        """Whether nobody waits for anything that this camera sends."""
        return not self.pictures and not self.sound


NOTHING: Final = Need(frozenset(), pictures=False, sound=False)


def need(wanted: Collection[str], source: Source) -> Need:
    """What is needed of a source of which these renditions are to be made."""
    rungs = frozenset(wanted) - {SOUND}
    far = max(source.gop, source.longest_gop) > NEAR
    return Need(rungs, pictures=bool(rungs) or far, sound=SOUND in wanted)
