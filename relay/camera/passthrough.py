"""Whether a camera's own H.264 can be shown as it is, as the ladder's top rung. Pure.

Browsers show no B-frames over WebRTC, joiners wait for keyframes, and links have limits. A source
is taken at its word (its SPS) at first and watched from then on; what it does wrong ends it.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from relay.errors import MediaError
from relay.media import h264, sei
from relay.media.sps import parse_sps
from relay.media.timebase import VIDEO_CLOCK

if TYPE_CHECKING:
    from relay.media.sps import Sps
    from relay.media.unit import Unit

MAX_GOP: Final = 4 * VIDEO_CLOCK
MAX_BPS: Final = 8_000_000
MAX_HEIGHT: Final = 1080
_PROFILES: Final = frozenset({66, 77, 100})
_SECOND: Final = VIDEO_CLOCK
_SECONDS: Final = 8
"""A source is measured over so many: one with a keyframe has several times the bytes of the next,
and a ladder that followed each would send viewers from rung to rung."""


class PassThrough:
    """Watches a source; `refusal` says why it cannot be passed through."""

    def __init__(self) -> None:
        self.refusal: str | None = "no keyframe yet"
        """Why not; None while it can be."""
        self.sps: Sps | None = None
        """What the source says of itself; None where that cannot be read."""
        self.orientation = sei.UPRIGHT
        """How it is to be turned and mirrored before it is shown."""
        self.bps: int | None = None
        """What it has taken in its last seconds, bits a second; None in its first."""
        self._final = False
        self._keyframe_at: int | None = None
        self._last_pts: int | None = None
        self._seconds: deque[tuple[int, int]] = deque(maxlen=_SECONDS)
        """How long each lasted, in ticks, and how many bytes came in it. Drops the oldest."""
        self._second_at: int | None = None
        self._bytes = 0

    def watch(self, unit: Unit) -> bool:
        """Look at the next video unit; whether it may be passed through."""
        if unit.keyframe:
            self._look_at_parameters(unit)
        if self.refusal is None:
            reason = self._misbehaviour(unit)
            if reason is not None:
                self._refuse(reason)
        self._last_pts = unit.pts
        return self.refusal is None

    def _look_at_parameters(self, unit: Unit) -> None:
        self._keyframe_at = unit.dts
        try:
            self.sps, self.orientation = _sps_of(unit), sei.orientation(unit.payload)
            refusal = _objection(self.sps)
            if self.orientation != sei.UPRIGHT:
                refusal = "it is to be turned or mirrored, which browsers do not do"
        except MediaError as error:
            self.sps, refusal = None, str(error)
        if not self._final:
            self.refusal = refusal
        if h264.NAL_IDR not in map(h264.nal_type, h264.split_annexb(unit.payload)):
            self._refuse("its keyframes are recovery points, at which browsers cannot begin")

    def _misbehaviour(self, unit: Unit) -> str | None:
        if self._last_pts is not None and unit.pts < self._last_pts:
            return "it has B-frames"
        if self._keyframe_at is not None and unit.dts - self._keyframe_at > MAX_GOP:
            return f"its keyframes are more than {MAX_GOP // VIDEO_CLOCK} s apart"
        self._measure(unit)
        if self.bps is not None and self.bps > MAX_BPS:
            return f"it has {self.bps / 1e6:.1f} Mb/s, more than {MAX_BPS / 1e6:.0f}"
        return None

    def _measure(self, unit: Unit) -> None:
        if self._second_at is None:
            self._second_at = unit.dts
        lasted = unit.dts - self._second_at
        if lasted >= _SECOND:
            self._seconds.append((lasted, self._bytes))
            self._second_at, self._bytes = unit.dts, 0
            ticks, taken = (sum(column) for column in zip(*self._seconds, strict=True))
            self.bps = round(taken * 8 * VIDEO_CLOCK / ticks)
        self._bytes += len(unit.payload)

    def _refuse(self, reason: str) -> None:
        # A source that misbehaved once is not trusted again: viewers would see it come and go.
        self.refusal = reason
        self._final = True


def _sps_of(unit: Unit) -> Sps:
    for nal in h264.split_annexb(unit.payload):
        if h264.nal_type(nal) == h264.NAL_SPS:
            return parse_sps(nal)
    raise MediaError("its keyframes have no SPS")


def _objection(sps: Sps) -> str | None:
    unsure = sps.max_reorder is None and sps.profile != 66
    objections = (
        (
            sps.profile not in _PROFILES,
            f"profile {sps.profile} is not one that all browsers show",
        ),
        (unsure, "it does not say that it has no B-frames"),
        (sps.max_reorder, "it has B-frames"),
        (sps.interlaced, "it is interlaced, which not all browsers show"),
        (sps.pixel_aspect != (1, 1), "its pixels are not square"),
        (
            min(sps.width, sps.height) > MAX_HEIGHT,
            f"{sps.width}×{sps.height} is larger than {MAX_HEIGHT}p",
        ),
    )
    return next((reason for applies, reason in objections if applies), None)
