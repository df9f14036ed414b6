"""Which pictures become keyframes. Pure."""

from __future__ import annotations

from typing import Final

from relay.media.timebase import VIDEO_CLOCK

KEYFRAME_EVERY: Final = 2 * VIDEO_CLOCK
KEYFRAME_WISH_EVERY: Final = VIDEO_CLOCK // 4
"""Keyframes that are asked for come this far apart at the least, 90 kHz."""


class KeyframeClock:
    """Decides which pictures become keyframes, for all rungs together."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._wished = False

    def wish(self) -> None:
        """Ask for a keyframe soon."""
        self._wished = True

    def due(self, pts: int) -> bool:
        """Whether the picture at `pts` becomes a keyframe; counts as one if so."""
        since = None if self._last is None else pts - self._last
        if (
            since is None
            or since < 0
            or since >= KEYFRAME_EVERY
            or (self._wished and since >= KEYFRAME_WISH_EVERY)
        ):
            self._last = pts
            self._wished = False
            return True
        return False

    def restart(self) -> None:
        """Make a keyframe of the next picture: it goes to other encoders."""
        self._last = None


class RungKeyframes:
    """Gives one rung the keyframes that its own viewers need, between those of all rungs."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._wished = False

    def wish(self) -> None:
        """Ask for a keyframe soon."""
        self._wished = True

    def due(self, pts: int, *, of_all: bool) -> bool:
        """Whether the rung makes a keyframe of the picture at `pts`, which may be one of all."""
        since = None if self._last is None else pts - self._last
        wanted = self._wished and (since is None or not 0 <= since < KEYFRAME_WISH_EVERY)
        # The first one becomes a keyframe in any case.
        if of_all or wanted or since is None:
            self._last, self._wished = pts, False
            return True
        return False
