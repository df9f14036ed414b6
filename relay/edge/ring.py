"""One stream's recent packets, packetised once and shared by all its viewers.

Holds all frames since the last keyframe, which is what a joiner is shown first, and at least the
last second, which is what a viewer may ask for again. Bounded in packets: of a stream that never
sends a keyframe the oldest packets are dropped.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import accumulate, islice, pairwise
from typing import TYPE_CHECKING, Final

from relay.edge.pacing import OVERHEAD, Slices, plan
from relay.media.codecs import Kind
from relay.media.timebase import OPUS_CLOCK, VIDEO_CLOCK, rescale
from relay.webrtc.rtp import Payload, packetise_h264, packetise_opus

if TYPE_CHECKING:
    from relay.media.unit import Unit


@dataclass(slots=True)
class Frame:
    """One access unit as RTP payloads."""

    number: int
    """Counts the stream's frames."""
    first: int
    """Index of its first packet; counts the stream's packets."""
    payloads: list[Payload]
    """Its packets."""
    rtp_time: int
    """Its time in the stream's clock, unwrapped."""
    captured_us: int
    """When it was captured, µs since the epoch."""
    keyframe: bool
    """Whether decoding can begin here."""
    sent_at: float
    """When it was first sent, Unix seconds."""
    slices: Slices
    """How it is cut up."""
    before: list[int]
    """Bytes of the stream before each of its packets, and up to its end; with what packets have
    beside their payload.
    """

    def slice_at(self, index: int) -> float:
        """When its packet `index` is sent: the same for every viewer, to be repeatable."""
        return self.sent_at + index // self.slices.per_slice * self.slices.spacing_s


class Ring:
    """The recent frames of one stream."""

    LEAST_S: Final = 1.0
    MAX_PACKETS: Final = 8192
    RECENT: Final = 8
    """Frames by which the time to the next one is guessed."""
    LEAST_SPAN_S: Final = 0.5
    """A stream's rate is measured over at least so long."""

    def __init__(self, kind: Kind, *, paced: bool = False) -> None:
        """`paced`: large frames are spread."""
        self.kind = kind
        self._paced = paced
        self.clock = VIDEO_CLOCK if kind is Kind.VIDEO else OPUS_CLOCK
        self._frames: deque[Frame] = deque()
        self._packets: dict[int, tuple[Frame, Payload]] = {}
        self._next_number = 0
        self._next_packet = 0
        self._next_byte = 0
        self._last_keyframe = -1

    @property
    def last(self) -> Frame | None:
        """The newest frame."""
        return self._frames[-1] if self._frames else None

    @property
    def frame_ticks(self) -> int:
        """The least time between recent frames, in the stream's clock; a guess before there are
        two.
        """
        recent = list(islice(reversed(self._frames), self.RECENT))
        steps = [after.rtp_time - before.rtp_time for before, after in pairwise(reversed(recent))]
        return min([max(step, 1) for step in steps], default=self.clock // 50)

    @property
    def rate(self) -> float:
        """Bytes a second of what is here, by its own clock."""
        if not self._frames:
            return 0.0
        first, last = self._frames[0], self._frames[-1]
        span_s = (last.rtp_time - first.rtp_time + self.frame_ticks) / self.clock
        return (self._next_byte - first.before[0]) / max(span_s, self.LEAST_SPAN_S)

    def push(self, unit: Unit, now: float) -> Frame:
        """Packetise `unit` and keep it."""
        packetise = packetise_h264 if self.kind is Kind.VIDEO else packetise_opus
        payloads = packetise(unit.payload)
        rtp_time = rescale(unit.pts, VIDEO_CLOCK, self.clock)
        sizes = (len(payload.data) + OVERHEAD for payload in payloads)
        before = list(accumulate(sizes, initial=self._next_byte))
        frame = Frame(
            number=self._next_number,
            first=self._next_packet,
            payloads=payloads,
            rtp_time=rtp_time,
            captured_us=unit.captured_us,
            keyframe=unit.opens_gop and bool(payloads),
            sent_at=now,
            slices=self._cut(len(payloads), rtp_time, keyframe=unit.opens_gop),
            before=before,
        )
        self._next_number += 1
        self._next_packet += len(payloads)
        self._next_byte = before[-1]
        self._frames.append(frame)
        for index, payload in enumerate(payloads, frame.first):
            self._packets[index] = (frame, payload)
        if frame.keyframe:
            self._last_keyframe = frame.number
        self._trim(now)
        return frame

    def _cut(self, packets: int, rtp_time: int, *, keyframe: bool) -> Slices:
        if not self._paced:
            return Slices(max(packets, 1), 0.0)
        last = self.last
        ticks = rtp_time - last.rtp_time if last is not None else self.clock // 50
        return plan(packets, min(max(ticks, 0), self.clock // 5) / self.clock, keyframe=keyframe)

    def frame(self, number: int) -> Frame | None:
        """The frame of that number, if it is still here."""
        index = number - self._frames[0].number if self._frames else -1
        return self._frames[index] if 0 <= index < len(self._frames) else None

    def packet(self, index: int) -> tuple[Frame, Payload] | None:
        """The packet `index` and its frame, if they are still here."""
        return self._packets.get(index)

    @property
    def keyframe(self) -> Frame | None:
        """The last keyframe, if it is still here."""
        return self.frame(self._last_keyframe) if self._last_keyframe >= 0 else None

    def gop(self) -> list[Frame]:
        """The frames from the last keyframe on; empty if that is not here."""
        if not self._frames or self._last_keyframe < self._frames[0].number:
            return []
        skip = self._last_keyframe - self._frames[0].number
        return [frame for index, frame in enumerate(self._frames) if index >= skip]

    def clear(self) -> None:
        """Forget all frames."""
        self._frames.clear()
        self._packets.clear()

    def _trim(self, now: float) -> None:
        while len(self._frames) > 1:
            oldest = self._frames[0]
            needed = oldest.number >= self._last_keyframe >= 0 and self.kind is Kind.VIDEO
            fresh = oldest.sent_at > now - self.LEAST_S
            if (needed or fresh) and len(self._packets) <= self.MAX_PACKETS:
                return
            self._frames.popleft()
            for index in range(oldest.first, oldest.first + len(oldest.payloads)):
                del self._packets[index]
