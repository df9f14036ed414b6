"""One viewer's track: what a shared frame becomes for this viewer, before encryption. Pure.

Sequence numbers and time stamps go on without a gap over rung and camera switches. A replayed GOP
is squeezed into the time before the next live frame: the viewer's decoder runs through it at once
and stands at the live edge, instead of playing late for ever.

Time stamps are the frames' own plus `_home`, which stays as it is for as long as they go on as the
clock does. Where they do not, because another camera's clock is another or a stream has begun anew,
`_home` moves so that the viewer sees no jump: one that shows a frame by its time stamp would stand
still, or race, for as long.
"""

from __future__ import annotations

import secrets
from collections import deque
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final

from relay.webrtc.rtp import HeaderWriter, Payload, abs_send_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from relay.edge.core import TrackParams
    from relay.edge.pacing import Pace
    from relay.edge.ring import Frame, Ring


@dataclass(frozen=True, slots=True)
class Course:
    """When a replay's packets, and those of the frames in its wake, are sent."""

    began: float
    """When it begins, Unix seconds. Without a pace: before when nothing is sent."""
    first_byte: int = 0
    """Bytes of the stream before it."""
    pace: Pace | None = None
    """How fast it goes; None: as fast as it can."""

    def at(self, frame: Frame, index: int) -> float:
        """When packet `index` of a frame goes out, Unix seconds."""
        if self.pace is None:
            return self.began
        return self.began + self.pace.at(max(frame.before[index] - self.first_byte, 0))


@dataclass(slots=True)
class _Segment:
    """A run of sequence numbers that maps one-to-one onto a ring's packets."""

    ring: Ring
    first_sequence: int
    first_packet: int
    count: int
    base: int
    """Added to a live frame's time; the time stamp of a replay's first frame."""
    step: int
    """Ticks between a replay's frames; 0 for live frames."""
    first_frame: int
    course: Course

    def timestamp(self, frame: Frame) -> int:
        if self.step:
            return self.base + (frame.number - self.first_frame) * self.step
        return self.base + frame.rtp_time

    def sent_at(self, frame: Frame, index: int) -> float:
        """When a packet of the frame is sent: the same each time it is asked, so that the packet
        can be repeated.
        """
        if self.step or self.course.pace is not None:
            return self.course.at(frame, index)
        return max(frame.slice_at(index), self.course.began)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a frame's packets go in the viewer's stream."""

    frame: Frame
    """The frame."""
    sequence: int
    """Of its first packet, with the roll-over counter above 16 bits."""
    segment: _Segment
    """The run that it belongs to."""


class Outgoing:
    """State of one outgoing track."""

    SEGMENTS: Final = 8
    """Runs that retransmission can reach back to."""
    SLACK_S: Final = 1.0
    """A frame of the same stream may come this much too early before its clock has jumped."""
    SWITCH_SLACK_S: Final = 0.1
    """The same for the first frame of another stream; for rungs of one camera it is near 0."""
    MAX_LATE_S: Final = 10.0
    """Frames may come this late, and those after them in time again."""

    def __init__(self, params: TrackParams) -> None:
        self.params = params
        self._header = HeaderWriter(params.ssrc, params.payload_type, params.extensions, params.mid)
        self._rtx_header = (
            None
            if params.rtx_payload_type is None
            else HeaderWriter(
                params.rtx_ssrc, params.rtx_payload_type, params.extensions, params.mid
            )
        )
        self.sequence = params.first_sequence
        """The next packet's, with the count of its wraps above 16 bits."""
        self._rtx_sequence = secrets.randbits(15)
        self._home = params.timestamp_offset
        self._reference: tuple[int, float] | None = None
        """The last frame's time stamp by `_home`, and when it was sent."""
        self._late_s = 0.0
        """How late that was, by the frames before it."""
        self.jumps = 0
        """How often `_home` has moved: sender reports from before do not hold any more."""
        self._last_timestamp = -1
        self._replayed = 0.0
        """When the last packet of a replay was sent, Unix seconds."""
        self._segments: deque[_Segment] = deque(maxlen=self.SEGMENTS)
        self._oldest = params.first_sequence
        """Packets before this one are not sent again."""
        self.packets = 0
        """Packets sent, retransmissions aside."""
        self.octets = 0
        """Bytes of payload in them."""

    def live(self, ring: Ring, frame: Frame, course: Course | None = None) -> Place:
        """Give a frame that keeps its time stamp its place; takes up its sequence numbers. `course`
        is that of the replay in whose wake it is sent.
        """
        natural = self._place(ring, frame)
        segment = self._segments[-1] if self._segments else None
        going_on = (
            segment is not None
            and segment.ring is ring
            and not segment.step
            and segment.first_packet + segment.count == frame.first
            and segment.course == (course or segment.course)
            and (course is None) == (segment.course.pace is None)
        )
        if natural > self._last_timestamp:
            base = self._home
        else:  # a replay took longer than the frame before this one
            base = self._last_timestamp + 1 - frame.rtp_time
            if going_on and segment is not None:
                base = max(base, segment.base)
        if segment is None or not going_on or segment.base != base:
            # Frames that came during a replay are sent after it.
            course = course or Course(self._replayed)
            segment = self._begin(ring, frame, base=base, step=0, course=course)
        return self._take(segment, frame)

    def begin_replay(self, ring: Ring, gop: list[Frame], course: Course) -> None:
        """Begin a replay of these frames."""
        step = max(ring.frame_ticks // (len(gop) + 1), 1)
        base = max(self._place(ring, gop[-1]) + step, self._last_timestamp + 1)
        self._begin(ring, gop[0], base=base, step=step, course=course)

    def replayed(self, frame: Frame) -> Place:
        """Give the next frame of a replay its place; takes up its sequence numbers."""
        return self._take(self._segments[-1], frame)

    def _place(self, ring: Ring, frame: Frame) -> int:
        """The frame's time stamp by `_home`, which is moved first if the clock has jumped."""
        natural = self._home + frame.rtp_time
        if self._reference is not None:
            then, at = self._reference
            elapsed_s = frame.sent_at - at
            early_s = (natural - then) / ring.clock - elapsed_s
            if self._segments and self._segments[-1].ring is not ring:
                slack = self.SWITCH_SLACK_S
                jumped = early_s < -slack or early_s > self._late_s + slack
            else:
                jumped = natural < then or early_s > self._late_s + self.SLACK_S
            if jumped:
                natural = then + round(max(elapsed_s, 0.0) * ring.clock)
                self._home = natural - frame.rtp_time
                self.jumps += 1
            else:
                self._late_s = min(max(self._late_s - early_s, 0.0), self.MAX_LATE_S)
        self._reference = natural, frame.sent_at
        return natural

    def packet(self, place: Place, index: int, now: float | None = None) -> bytes:
        """A packet of a frame that has its place.

        With RTX it is never sent again as it is, and says that it is sent `now`, if that is known.
        """
        segment, frame = place.segment, place.frame
        if now is None or self._rtx_header is None:
            now = segment.sent_at(frame, index)
        sent = abs_send_time(now)
        timestamp = segment.timestamp(frame)
        return self._packet(place.sequence + index, timestamp, frame.payloads[index], sent)

    def again(self, sequence: int, now: float, unsent: int | None = None) -> bytes | None:
        """The packet of a 16-bit sequence number once more, as RTX if that was negotiated; None for
        numbers from `unsent` on, whose packets are still to be sent first.

        Without RTX it is the same packet to the last byte, so that encrypting it again repeats a
        cipher text instead of using a nonce twice.
        """
        extended = self.sequence - ((self.sequence - sequence) & 0xFFFF)
        if extended < self._oldest or (unsent is not None and extended >= unsent):
            return None
        for segment in reversed(self._segments):
            index = extended - segment.first_sequence
            if not 0 <= index < segment.count:
                continue
            found = segment.ring.packet(segment.first_packet + index)
            if found is None:
                return None
            frame, payload = found
            timestamp = segment.timestamp(frame)
            if self._rtx_header is None:
                place = segment.first_packet + index - frame.first
                sent = abs_send_time(segment.sent_at(frame, place))
                return self._packet(extended, timestamp, payload, sent)
            self._rtx_sequence += 1
            head = self._rtx_header.write(
                self._rtx_sequence,
                timestamp,
                marker=payload.marker,
                send_time=abs_send_time(now),
            )
            return head + (sequence & 0xFFFF).to_bytes(2, "big") + payload.data
        return None

    def let_go(self) -> None:
        """Send nothing again of what was sent so far."""
        self._oldest = self.sequence

    def recent(self, size: int, now: float, unsent: int | None = None) -> Iterator[bytes]:
        """The latest packets once more as RTX, newest first, until they have `size` bytes.

        None where RTX was not negotiated.
        """
        if self._rtx_header is None:
            return
        for back in count(1):
            last = (self.sequence if unsent is None else unsent) - back
            packet = self.again(last, now, unsent) if size > 0 else None
            if packet is None:
                return
            size -= len(packet)
            yield packet

    def rtp_time_at(self, now_us: int) -> int | None:
        """This track's RTP time at the wall clock `now_us`; None before the first frame."""
        segment = self._segments[-1] if self._segments else None
        frame = segment.ring.last if segment is not None else None
        if segment is None or frame is None:
            return None
        base = self._home if segment.step else segment.base
        elapsed = (now_us - frame.captured_us) * segment.ring.clock // 1_000_000
        return base + frame.rtp_time + elapsed

    def _begin(self, ring: Ring, frame: Frame, *, base: int, step: int, course: Course) -> _Segment:
        segment = _Segment(ring, self.sequence, frame.first, 0, base, step, frame.number, course)
        self._segments.append(segment)
        return segment

    def _take(self, segment: _Segment, frame: Frame) -> Place:
        place = Place(frame, self.sequence, segment)
        self._last_timestamp = segment.timestamp(frame)
        if segment.step or segment.course.pace is not None:
            self._replayed = segment.sent_at(frame, len(frame.payloads) - 1)
        segment.count += len(frame.payloads)
        self.sequence += len(frame.payloads)
        self.packets += len(frame.payloads)
        self.octets += sum(len(payload.data) for payload in frame.payloads)
        return place

    def _packet(self, sequence: int, timestamp: int, payload: Payload, sent: bytes) -> bytes:
        head = self._header.write(sequence, timestamp, marker=payload.marker, send_time=sent)
        return head + payload.data
