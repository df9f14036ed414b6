"""What is known of a camera's source from its units, none of them decoded. Pure.

A publication is one connection of one encoder (`Unit.publication`). Size, rate, and whether it can
be passed through begin anew with each, because another encoder may be anything.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

from relay.camera.ladder import plan, shown_size
from relay.camera.passthrough import PassThrough
from relay.camera.rate import FrameRate
from relay.media.codecs import Kind
from relay.media.ladder import SOURCE, Ladder, Rendition
from relay.media.timebase import VIDEO_CLOCK

if TYPE_CHECKING:
    from relay.media.unit import Unit

_SILENT: Final = 2 * VIDEO_CLOCK
"""A publication without sound for this long has none."""
_ODDEST: Final = 4


class Source:
    """See the module."""

    def __init__(self) -> None:
        self.publications = 0
        """How many have begun."""
        self._publication: int | None = None
        self.less = 0
        """By how many steps the ladder is smaller than it could be (`strain`)."""
        self._sound = False
        self._begin()

    def _begin(self) -> None:
        self.through = PassThrough()
        """Whether it can be shown as it is."""
        self._rate = FrameRate()
        self._began: int | None = None
        self._elapsed = 0
        self._heard = False
        self._found: tuple[int, int] | None = None
        self._keyframe_at: int | None = None
        self._rung: Rendition | None = None
        self._planned: tuple[tuple[int, int], float, int] | None = None
        self._plan: list[Rendition] = []
        self.gop = 0
        """For how long there has been no keyframe, 90 kHz; between keyframes it grows."""
        self.longest_gop = 0
        """The longest that there was in this publication."""

    def watch(self, unit: Unit) -> None:
        """Take note of the next unit."""
        if unit.publication != self._publication:
            self._publication = unit.publication
            self.publications += 1
            self._begin()
        if self._began is None:
            self._began = unit.dts
        if unit.kind is Kind.VIDEO:
            self.through.watch(unit)
            sps = self.through.sps
            self._rate.add(unit.dts, None if sps is None else sps.fps)
            if unit.keyframe or self._keyframe_at is None:
                self._keyframe_at = unit.dts
            self.gop = max(0, unit.dts - self._keyframe_at)
            self.longest_gop = max(self.longest_gop, self.gop)
        self._elapsed = unit.dts - self._began
        if not self._heard and self._elapsed > _SILENT:
            self._sound = False

    def hear(self, publication: int) -> None:
        """Take note that sound of a publication could be decoded."""
        if publication == self._publication:
            self._heard = self._sound = True

    def see(self, width: int, height: int) -> None:
        """Take note of the size of a decoded picture, as it is shown: what the stream says of
        itself may be unreadable.
        """
        self._found = width, height

    @property
    def size(self) -> tuple[int, int] | None:
        """Its picture's size, in square pixels; None while it is not known."""
        sps = self.through.sps
        if sps is None:
            return self._found
        aspect = Fraction(*sps.pixel_aspect)
        width, height = shown_size(
            sps.width, sps.height, aspect if 1 / _ODDEST <= aspect <= _ODDEST else Fraction(1)
        )
        return (height, width) if self.through.orientation.turns % 2 else (width, height)

    @property
    def fps(self) -> float | None:
        """Its pictures a second; None while that is not known."""
        return self._rate.value

    def ladder(self) -> Ladder | None:
        """What it can be offered as; None while that is not known, and what was told stays."""
        size, fps = self.size, self.fps
        if size is None or fps is None:
            is_new = self.publications > 1 and self._elapsed <= _SILENT
            return None if is_new or size is not None or not self._heard else Ladder((), sound=True)
        passed = self._passed_through(fps)
        return Ladder((*([passed] if passed else []), *self.plan(size, fps)), self._sound)

    def plan(self, size: tuple[int, int], fps: float) -> list[Rendition]:
        """The rungs for pictures of this size; the same list as long as they are the same."""
        key = (size, fps, self.less)
        if self._planned != key:
            self._planned, self._plan = key, plan(*size, fps, less=self.less)
        return self._plan

    def _passed_through(self, fps: float) -> Rendition | None:
        sps, bps = self.through.sps, self.through.bps
        if self.through.refusal is not None or sps is None or bps is None:
            self._rung = None
            return None
        told = bps if self._rung is None else self._rung.bitrate_bps
        # A ladder that changed every second would tell nobody more.
        steady = 0.6 * told < bps < 1.2 * told
        self._rung = Rendition(
            name=SOURCE,
            width=sps.width,
            height=sps.height,
            fps=fps,
            bitrate_bps=told if steady else bps,
            codec=sps.codec_string,
        )
        return self._rung
