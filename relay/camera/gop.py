"""A camera's pictures since its last keyframe, and those that wait to be decoded. Pure.

Both are bounded: where there is more, it is forgotten up to the next keyframe. Pictures that wait
for long are forgotten when another keyframe comes, because decoding can begin there.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from relay.media.timebase import VIDEO_CLOCK

if TYPE_CHECKING:
    from relay.media.unit import Unit

FRESH: Final = VIDEO_CLOCK // 2
"""Pictures that are older than this, 90 kHz behind the newest one, are decoded and not shown. Less
than that comes at once from every camera whose link stalls for a moment."""
MAX_UNITS: Final = 4096
MAX_BYTES: Final = 32 << 20


class Gop:
    """The pictures since the last keyframe: what decoding begins with."""

    def __init__(self) -> None:
        self.units: list[Unit] = []
        """The keyframe, and what came after it; empty until there is one."""
        self._bytes = 0

    def add(self, unit: Unit) -> None:
        """Take note of the next picture."""
        if unit.opens_gop:
            self.units, self._bytes = [], 0
        elif not self.units:
            return
        self._bytes += len(unit.payload)
        if len(self.units) < MAX_UNITS and self._bytes <= MAX_BYTES:
            self.units.append(unit)
        else:
            self.units = []


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
        if is_full or (unit.opens_gop and self._units and self._is_stale(self._units[0])):
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
