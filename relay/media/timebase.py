"""Clock rates and the camera's timeline. The only place where time stamps are rescaled."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

VIDEO_CLOCK: Final = 90_000
"""Ticks a second of `Unit.pts`, and of RTP video (RFC 6184 section 5.1)."""
OPUS_CLOCK: Final = 48_000
"""Ticks a second of RTP audio (RFC 7587 section 4.1)."""
MICROSECONDS: Final = 1_000_000

MAX_JUMP: Final = 5 * VIDEO_CLOCK
"""A track that begins further than this from the others is stamped anew."""
MAX_STEP_BACK: Final = VIDEO_CLOCK // 2
"""Time stamps that step back by more are stamped anew; by less, decoding times are held."""
MAX_STEP_AHEAD: Final = VIDEO_CLOCK
"""Time stamps that run ahead of their arrival by more, all at once, are stamped anew."""
STANDSTILL: Final = VIDEO_CLOCK // 2
"""A track that goes on for so long, and whose time stamps do not, is stamped by arrival."""
_CRAWL: Final = 8
"""Time stamps stand still, too, if they go on by no more than one part in so many of the time."""
_PAUSE: Final = VIDEO_CLOCK // 5
"""Units further apart than this arrive after a pause, in which no clock can be judged."""


def rescale(value: int, source: int, target: int) -> int:
    """Convert `value` from `source` to `target` ticks a second, rounding half up."""
    return (2 * value * target + source) // (2 * source)


def ticks_to_us(ticks: int) -> int:
    """90 kHz ticks as microseconds."""
    return rescale(ticks, VIDEO_CLOCK, MICROSECONDS)


def us_to_ticks(us: int) -> int:
    """Microseconds as 90 kHz ticks."""
    return rescale(us, MICROSECONDS, VIDEO_CLOCK)


class Unwrapper:
    """Extends a counter of `bits` bits to one that does not wrap.

    Each value is taken as the one nearest to the last: a step back over the wrap stays one.
    """

    def __init__(self, bits: int = 32) -> None:
        self._modulus = 1 << bits
        self._last: int | None = None

    def __call__(self, value: int) -> int:
        """The unwrapped value; the first one is returned as it is."""
        if self._last is not None:
            half = self._modulus // 2
            value = self._last + ((value - self._last + half) % self._modulus) - half
        self._last = value
        return value


class Timeline:
    """Puts a source's time stamps onto the camera's one monotonic timeline.

    The timeline's zero is the Unix epoch, so that a publisher that comes back, or an ingest process
    that was restarted, goes on from the wall clock, and all cameras share one axis. Between anchors
    the source's own clock rules. A track whose clock steps is anchored anew, where the timeline
    stands: viewers would else see nothing until the clock is back where it was. The other track,
    when it makes the same step, takes that anchor as well, so that sound and picture stay in sync.
    A track whose clock stands still while its units come is placed where the timeline stands when
    each arrives.
    """

    def __init__(self, *, not_before: int = 0) -> None:
        self._floor = not_before
        self._anchor: int | None = None
        self._tracks: dict[str, _Track] = {}
        self._latest: tuple[int, int] | None = None
        self.restamps = 0
        """How often a step was stamped anew."""

    def place(self, track: str, dts: int, now_us: int) -> tuple[int, int]:
        """Place one unit of `track`.

        `dts` is the source's own, 90 kHz, unwrapped. Returns what to add to the unit's time stamps
        to get the timeline's, and its dts there, which never decreases within a track.
        """
        known = self._tracks.get(track)
        if known is None:
            offset, floor, interval = self._join(dts, now_us), self._floor, MAX_JUMP
            since, active = dts, 0
        else:
            step = dts - known.dts
            elapsed = us_to_ticks(now_us - known.came_us)
            offset, floor, interval = known.offset, known.placed, max(step, 0)
            # Pictures that come once in many seconds, and then at once, are no step.
            ahead = max(MAX_STEP_AHEAD, 2 * known.interval)
            if step < -MAX_STEP_BACK or step - elapsed > ahead:
                offset = self._step(dts, known.placed + elapsed, now_us)
                interval = known.interval
                self.restamps += 1
                since, active = dts, 0
            else:
                since, active = known.judge(dts, elapsed)
            if active >= STANDSTILL:
                offset = self._here(now_us) - dts
                self.restamps += known.active < STANDSTILL
        placed = max(dts + offset, floor)
        self._tracks[track] = _Track(dts, placed, offset, now_us, interval, since, active)
        if self._latest is None or placed >= self._latest[0]:
            self._latest = (placed, now_us)
        return offset, placed

    def _join(self, dts: int, now_us: int) -> int:
        """The offset of a track that begins."""
        here = self._here(now_us)
        # A source's clock that drifts takes the timeline away from the wall clock, by seconds over
        # hours, and one that sends what it had stored is ahead of it: either may be meant.
        near, far = sorted((here, us_to_ticks(now_us)))
        if self._anchor is None or not near - MAX_JUMP <= dts + self._anchor <= far + MAX_JUMP:
            self._anchor = here - dts
        return self._anchor

    def _step(self, dts: int, due: int, now_us: int) -> int:
        """The offset of a track whose clock has stepped; without the step it would be at `due`."""
        here = self._here(now_us)
        if self._anchor is not None:
            at = dts + self._anchor
            if min(abs(at - here), abs(at - due)) <= MAX_STEP_BACK:
                return self._anchor  # the other track has made this step
        self._anchor = here - dts
        return self._anchor

    def _here(self, now_us: int) -> int:
        """Where the timeline stands: behind its latest unit, by the time since that came."""
        if self._latest is None:
            return max(us_to_ticks(now_us), self._floor + 1)
        latest, came_us = self._latest
        return latest + max(1, us_to_ticks(now_us - came_us))


@dataclass(frozen=True, slots=True)
class _Track:
    """The last unit of a track; ticks of 90 kHz."""

    dts: int
    """On the source's own clock."""
    placed: int
    """On the timeline."""
    offset: int
    """What is added to the track's time stamps."""
    came_us: int
    """When it arrived, µs since the epoch."""
    interval: int
    """How far its dts was from that of the one before."""
    since: int
    """The dts at which the source's clock was last seen to go on."""
    active: int
    """For how long units have come since, without their pauses."""

    def judge(self, dts: int, elapsed: int) -> tuple[int, int]:
        """The next unit's `since` and `active`."""
        active = self.active + min(max(elapsed, 0), _PAUSE)
        progress = dts - self.since
        return (dts, 0) if progress * _CRAWL > active else (self.since, active)


class Reordering:
    """Judges how far presentation may be from decoding: a stray picture that claims to be shown in
    seconds would shut out all that come before then.

    No picture waits for more than 16 others (ITU-T H.264 section A.3.1), whose span is known from
    those before; it may double, as rates do that vary.
    """

    _PICTURES: Final = 16
    _ALWAYS: Final = VIDEO_CLOCK // 2

    def __init__(self) -> None:
        self._decoded: deque[int] = deque(maxlen=self._PICTURES + 1)

    def allows(self, dts: int, offset: int) -> bool:
        """Whether the next picture may be shown `offset` after its decoding."""
        self._decoded.append(dts)
        span = dts - self._decoded[0]
        return abs(offset) <= min(max(2 * span, self._ALWAYS), MAX_JUMP)


class CaptureClock:
    """Estimates when a unit was captured from its time stamp and its arrival.

    Packets arrive late by a varying delay but never early, so the smallest (arrival - time stamp)
    is the best guess of the offset. It follows the source's drift up to 500 ppm either way.
    """

    _RISE_PPM: Final = 500

    def __init__(self) -> None:
        self._offset_us: int | None = None
        self._at_us = 0

    def captured_us(self, dts: int, now_us: int) -> int:
        """The capture time, µs since the epoch, of a unit with `dts` (90 kHz) that arrives now."""
        stamp_us = ticks_to_us(dts)
        offset = now_us - stamp_us
        if self._offset_us is None or abs(offset - self._offset_us) > MICROSECONDS * 5:
            self._offset_us = offset
        else:
            risen = self._offset_us + max(0, now_us - self._at_us) * self._RISE_PPM // MICROSECONDS
            self._offset_us = min(offset, risen)
        self._at_us = now_us
        return stamp_us + self._offset_us


class ToldClock:
    """What a source tells of its capture clock: when its time stamp zero was captured.

    It is believed of a unit that then took no longer than `MAX_LATENCY_US` to arrive: a source
    whose clock is wrong, or that has begun to count anew, is not. People are shown "behind the
    camera" only once all units of `PROOF_US` were believed; nothing else hangs on that.
    """

    MAX_LATENCY_US: Final = 5 * MICROSECONDS
    NOISE_US: Final = 50_000
    """Two clocks that are kept by NTP differ by less: a unit may seem to come so much too early."""
    PROOF_US: Final = 2 * MICROSECONDS

    def __init__(self, zero_us: int) -> None:
        """`zero_us` is µs since the epoch."""
        self._zero_us = zero_us
        self._since_us: int | None = None
        self._until_us = 0

    @property
    def is_proven(self) -> bool:
        """Whether the clock has fitted to the arrivals for a while, the latest one included."""
        return self._since_us is not None and self._until_us - self._since_us >= self.PROOF_US

    def tell(self, zero_us: int) -> None:
        """Take what the source tells anew; what it has proven stays."""
        self._zero_us = zero_us

    def captured_us(self, pts: int, now_us: int) -> int | None:
        """The capture time of a unit with `pts` on the source's own clock (90 kHz) that arrives
        now, µs since the epoch; None if that cannot be.
        """
        captured = self._zero_us + ticks_to_us(pts)
        if not -self.NOISE_US <= now_us - captured <= self.MAX_LATENCY_US:
            self._since_us = None
            return None
        if self._since_us is None:
            self._since_us = now_us
        self._until_us = now_us
        return min(captured, now_us)
