"""One viewer's track: what a shared frame becomes for this viewer, before encryption. Pure.

Sequence numbers and time stamps go on without a gap over rung and camera switches. A replayed GOP
is squeezed into the time before the next live frame: the viewer's decoder runs through it at once
and stands at the live edge, instead of playing late for ever.
"""

from __future__ import annotations

import secrets
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from relay.webrtc.rtp import HeaderWriter, Payload, abs_send_time

if TYPE_CHECKING:
    from relay.edge.core import TrackParams
    from relay.edge.ring import Frame, Ring


@dataclass(slots=True)
class _Segment:
    """A run of sequence numbers that maps one-to-one onto a ring's packets."""

    ring: Ring
    first_sequence: int
    first_packet: int
    count: int
    base: int
    """Added to a live frame's time, or the time of a replay's first frame."""
    step: int
    """Ticks between a replay's frames; 0 for live frames."""
    first_frame: int
    send_time: bytes
    """Of a replay; empty for live frames, which carry their own."""

    def timestamp(self, frame: Frame) -> int:
        if self.step:
            return self.base + (frame.number - self.first_frame) * self.step
        return self.base + frame.rtp_time


class Outgoing:
    """State of one outgoing track."""

    SEGMENTS: Final = 8
    """Runs that retransmission can reach back to."""

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
        self._sequence = params.first_sequence
        self._rtx_sequence = secrets.randbits(15)
        self._offset = params.timestamp_offset
        self._last_timestamp: int | None = None
        self._segments: deque[_Segment] = deque(maxlen=self.SEGMENTS)
        self.packets = 0
        """Packets sent, retransmissions aside."""
        self.octets = 0
        """Bytes of payload in them."""

    def live(self, ring: Ring, frame: Frame) -> list[bytes]:
        """The packets of a frame that has just been pushed."""
        segment = self._segments[-1] if self._segments else None
        if (
            segment is None
            or segment.ring is not ring
            or segment.step
            or segment.first_packet + segment.count != frame.first
            or self._behind(segment.timestamp(frame))
        ):
            base = self._offset
            if self._behind(base + frame.rtp_time):
                assert self._last_timestamp is not None
                base = self._last_timestamp + 1 - frame.rtp_time
            segment = self._begin(ring, frame, base=base, step=0, send_time=b"")
        return self._emit(segment, frame, abs_send_time(frame.sent_at))

    def replay(self, ring: Ring, now: float) -> list[list[bytes]]:
        """The packets of the frames since the last keyframe, frame by frame."""
        gop = ring.gop()
        if not gop:
            return []
        room = ring.frame_ticks
        step = max(room // (len(gop) + 1), 1)
        base = self._offset + gop[-1].rtp_time + step
        if self._behind(base):
            assert self._last_timestamp is not None
            base = self._last_timestamp + 1
        sent = abs_send_time(now)
        segment = self._begin(ring, gop[0], base=base, step=step, send_time=sent)
        return [self._emit(segment, frame, sent) for frame in gop]

    def again(self, sequence: int, now: float) -> bytes | None:
        """The packet of a 16-bit sequence number once more, as RTX if that was negotiated.

        Without RTX it is the same packet to the last byte, so that encrypting it again repeats a
        cipher text instead of using a nonce twice.
        """
        extended = self._sequence - ((self._sequence - sequence) & 0xFFFF)
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
                sent = segment.send_time or abs_send_time(frame.sent_at)
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

    def rtp_time_at(self, now_us: int) -> int | None:
        """This track's RTP time at the wall clock `now_us`; None before the first frame."""
        segment = self._segments[-1] if self._segments else None
        frame = segment.ring.last if segment is not None else None
        if segment is None or frame is None:
            return None
        base = self._offset if segment.step else segment.base
        elapsed = (now_us - frame.captured_us) * segment.ring.clock // 1_000_000
        return base + frame.rtp_time + elapsed

    def _behind(self, timestamp: int) -> bool:
        return self._last_timestamp is not None and timestamp <= self._last_timestamp

    def _begin(
        self, ring: Ring, frame: Frame, *, base: int, step: int, send_time: bytes
    ) -> _Segment:
        segment = _Segment(
            ring, self._sequence, frame.first, 0, base, step, frame.number, send_time
        )
        self._segments.append(segment)
        return segment

    def _emit(self, segment: _Segment, frame: Frame, send_time: bytes) -> list[bytes]:
        timestamp = segment.timestamp(frame)
        self._last_timestamp = timestamp
        packets = []
        for payload in frame.payloads:
            packets.append(self._packet(self._sequence, timestamp, payload, send_time))
            self._sequence += 1
            segment.count += 1
            self.octets += len(payload.data)
        self.packets += len(packets)
        return packets

    def _packet(self, sequence: int, timestamp: int, payload: Payload, sent: bytes) -> bytes:
        head = self._header.write(sequence, timestamp, marker=payload.marker, send_time=sent)
        return head + payload.data
