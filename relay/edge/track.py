"""One track of a viewer, in the twin: what it follows, and its frames on their way out. Pure.

A frame whose sequence numbers are taken is always sent to its end: also where the viewer goes over
to another stream in the middle of it, else it would see a loss that there was not. Hence at most
one frame waits here, and of a replay the place that it has come to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from relay.edge.outgoing import Course, Outgoing, Place
from relay.edge.pacing import Pace

if TYPE_CHECKING:
    from relay.edge.core import TrackParams
    from relay.edge.ring import Frame, Ring

REPORT_S: Final = 1.0
"""Between two sender reports."""
REPORT_SOON_S: Final = 0.1
"""Between the first and the second; then twice as long each time."""
_REPORTS_SOON: Final = 8
MOST: Final = 10
"""Packets of a replay in one go, also where it is late."""


@dataclass(slots=True)
class _Chase:
    """A replay under way: it follows the ring's frames until it has caught up with the newest."""

    ring: Ring
    next: int
    """Number of the next frame."""
    squeezed: int
    """The last frame whose time is squeezed; later ones are live."""
    course: Course
    estimate: int | None
    """What its viewer can receive, bits a second."""

    def jump(self, due: float) -> bool:
        """Go on with the newest keyframe, which makes all before it needless, if there is one."""
        keyframe = self.ring.keyframe
        if keyframe is None or keyframe.number <= max(self.squeezed, self.next):
            return False
        self.next = keyframe.number
        if self.course.pace is not None:
            # The viewer has pictures to show meanwhile: this keyframe is in no hurry.
            pace = Pace.make(0, self.ring.rate, self.estimate)
            self.course = Course(due, keyframe.before[0], pace)
        return True


@dataclass(slots=True)
class _Partial:
    """A frame of which not all packets are sent."""

    place: Place
    sent: int = 0


class Track:
    """See the module. Times are Unix seconds."""

    def __init__(self, params: TrackParams) -> None:
        self.out = Outgoing(params)
        self.stream: int | None = None
        """What it follows."""
        self.next_stream: int | None = None
        """What it goes over to with the next keyframe of that."""
        self.next_report = 0.0
        """When its next sender report is due."""
        self._reports = 0
        """Sent since its clock jumped last, or since it began."""
        self._jumps = 0
        self._chase: _Chase | None = None
        self._partial: _Partial | None = None
        self._first_live = 0
        """Frames before this one were sent by a replay."""

    def report_due(self, now: float) -> bool:
        """Whether a sender report is due: by time, also if the clock was set back, or because what
        the last ones said of this track's clock is not true any more.
        """
        if self._jumps != self.out.jumps:
            self._jumps, self._reports = self.out.jumps, 0
            return True
        return not self.next_report - REPORT_S <= now < self.next_report

    def reported(self, now: float) -> None:
        """A report was sent. Receivers bring sound and picture together from the second one on, so
        that one follows soon.
        """
        self.next_report = now + min(REPORT_SOON_S * 2**self._reports, REPORT_S)
        self._reports = min(self._reports + 1, _REPORTS_SOON)

    @property
    def due(self) -> float | None:
        """When there is more to send; None: nothing waits."""
        if self._partial is not None:
            return self._due_of(self._partial)
        chase = self._chase
        frame = None if chase is None else chase.ring.frame(chase.next)
        return None if chase is None or frame is None else chase.course.at(frame, 0)

    @property
    def unsent(self) -> int | None:
        """The first sequence number that is taken and whose packet was not sent."""
        part = self._partial
        return None if part is None else part.place.sequence + part.sent

    @property
    def is_chasing(self) -> bool:
        """Whether a replay is under way."""
        return self._chase is not None

    def follow(self, stream: int | None) -> list[bytes]:
        """Follow a stream, or none, from now on; the rest of what it was in the middle of."""
        rest = self._settle()
        if self.stream != stream:
            self._first_live = 0
        self.stream, self.next_stream = stream, None
        return rest

    def begin_frame(self, ring: Ring, frame: Frame) -> list[bytes]:
        """A frame of what it follows has come: `serve` sends it. The rest of the one before it."""
        if self._chase is not None or frame.number < self._first_live or not frame.payloads:
            return []
        rest = self._settle()
        self._partial = _Partial(self.out.live(ring, frame))
        return rest

    def begin_chase(
        self, ring: Ring, now: float, estimate: int | None, *, paced: bool
    ) -> list[bytes]:
        """Let `serve` send the frames since the last keyframe, of which there are some; the rest of
        what it was in the middle of.
        """
        gop = ring.gop()
        rest = self._settle()
        keyframe = gop[0].before[-1] - gop[0].before[0]
        pace = Pace.make(keyframe, ring.rate, estimate) if paced else None
        course = Course(now, gop[0].before[0], pace)
        self.out.begin_replay(ring, gop, course)
        self._chase = _Chase(ring, gop[0].number, gop[-1].number, course, estimate)
        return rest

    def serve(self, now: float) -> list[bytes]:
        """What is due; of a replay that has a pace, `MOST` packets at the most."""
        packets: list[bytes] = []
        while self._partial is not None or self._take_next(now):
            part = self._partial
            assert part is not None
            frame = part.place.frame
            while part.sent < len(frame.payloads) and self._due_of(part) <= now:
                if len(packets) >= MOST and self._is_paced:
                    return packets
                packets.append(self.out.packet(part.place, part.sent, now))
                part.sent += 1
            if part.sent < len(frame.payloads):
                return packets
            self._end_frame(frame)
        return packets

    @property
    def _is_paced(self) -> bool:
        return self._chase is not None and self._chase.course.pace is not None

    def _due_of(self, part: _Partial) -> float:
        frame = part.place.frame
        if self._chase is not None:
            return self._chase.course.at(frame, part.sent)
        return frame.slice_at(part.sent)

    def _end_frame(self, frame: Frame) -> None:
        self._partial = None
        self._first_live = frame.number + 1
        if self._chase is not None:
            self._chase.next = frame.number + 1

    def _settle(self) -> list[bytes]:
        """End a replay, and the frame that is under way."""
        self._chase = None
        part = self._partial
        if part is None:
            return []
        frame = part.place.frame
        rest = range(part.sent, len(frame.payloads))
        self._end_frame(frame)
        return [self.out.packet(part.place, index) for index in rest]

    def _take_next(self, now: float) -> bool:
        """Take up the next frame of a replay, if it is due; end the replay if it has caught up, or
        cannot go on.
        """
        chase = self._chase
        if chase is None:
            return False
        frame = chase.ring.frame(chase.next)
        due = now if frame is None else chase.course.at(frame, 0)
        if due > now:
            return False
        if chase.jump(due):
            frame = chase.ring.frame(chase.next)
        if frame is None:
            self._end_chase(chase)
            return False
        if chase.next <= chase.squeezed:
            self._partial = _Partial(self.out.replayed(frame))
        else:
            self._partial = _Partial(self.out.live(chase.ring, frame, chase.course))
        return True

    def _end_chase(self, chase: _Chase) -> None:
        self._chase = None
        self._first_live = chase.next
        last = chase.ring.last
        if last is not None and last.number >= chase.next:
            # The ring went on without it: it waits for the next keyframe.
            stream, self.stream = self.stream, None
            self.next_stream = self.next_stream if self.next_stream is not None else stream
