"""A camera's pictures since its last keyframe, and those that wait to be decoded. Pure.

Both are bounded: where there is more, it is forgotten up to the next keyframe. Pictures that wait
for long are forgotten when another keyframe comes, because decoding can begin there.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from relay.media.access_unit import recovery_pictures
from relay.media.timebase import VIDEO_CLOCK

if TYPE_CHECKING:
    from relay.media.unit import Unit

FRESH: Final = VIDEO_CLOCK // 2
"""Pictures that are older than this, 90 kHz behind the newest one, are decoded and not shown. Less
than that comes at once from every camera whose link stalls for a moment."""
MAX_UNITS: Final = 4096
MAX_BYTES: Final = 32 << 20


class Gop:
    """The pictures since the last keyframe: what decoding begins with.

    A keyframe from which pictures are right only some time later (`recovery_pictures`) does not
    end those before it until then: who begins with those sees a picture at once.
    """

    def __init__(self) -> None:
        self.units: list[Unit] = []
        """The keyframe, and what came after it; empty until there is one."""
        self._bytes = 0
        self._next: tuple[int, int] | None = None
        """Where the next keyframe stands, and of how many units they are when it is the one."""

    def add(self, unit: Unit) -> None:
        """Take note of the next picture."""
        if unit.opens_gop:
            self._open(unit)
        elif not self.units:
            return
        self._bytes += len(unit.payload)
        if len(self.units) < MAX_UNITS and self._bytes <= MAX_BYTES:
            self.units.append(unit)
        else:
            self.units, self._next = [], None
        if self._next is not None and len(self.units) >= self._next[1]:
            del self.units[: self._next[0]]
            self._bytes = sum(len(each.payload) for each in self.units)
            self._next = None

    def _open(self, unit: Unit) -> None:
        more = recovery_pictures(unit.payload)
        if not more or not self.units:
            self.units, self._bytes, self._next = [], 0, None
        elif self._next is None:
            self._next = len(self.units), len(self.units) + 1 + more


class Pending:
    """Pictures that wait to be decoded."""

    def __init__(self) -> None:
        self.dropped = 0
        """Pictures that were forgotten."""
        self._units: deque[Unit] = deque()
        self._bytes = 0
        self._wants_keyframe = False
        self._newest = 0

    def __len__(self) -> int:
        return len(self._units)

    def begin(self, units: list[Unit]) -> None:
        """Begin anew with these."""
        self._units.clear()
        self._bytes, self._wants_keyframe = 0, False
        for unit in units:
            self.add(unit)

    def add(self, unit: Unit) -> None:
        """Add the next picture."""
        self._newest = unit.dts
        is_full = len(self._units) >= MAX_UNITS or self._bytes + len(unit.payload) > MAX_BYTES
        is_behind = self._units and self._is_stale(self._units[0])
        # After a keyframe that is right only later, what was left out would be missed.
        if is_full or (is_behind and unit.opens_gop and not recovery_pictures(unit.payload)):
            self.dropped += len(self._units)
            self._units.clear()
            self._bytes, self._wants_keyframe = 0, is_full
        if self._wants_keyframe and not unit.opens_gop:
            self.dropped += 1
            return
        self._wants_keyframe = False
        self._units.append(unit)
        self._bytes += len(unit.payload)

    def take(self, at_most: int) -> list[tuple[Unit, bool]]:
        """What to decode next, and whether it is shown: all that is stale, up to a number, and one
        that is not.
        """
        taken: list[tuple[Unit, bool]] = []
        while self._units and len(taken) < at_most and (not taken or not taken[-1][1]):
            unit = self._units.popleft()
            self._bytes -= len(unit.payload)
            taken.append((unit, not self._is_stale(unit)))
        return taken

    def _is_stale(self, unit: Unit) -> bool:
        return self._newest - unit.dts > FRESH
