"""Large frames and replays are spread: a link of 4 Mb/s with a queue of 64 KB loses none of them.

What a core sends is put into that link at the times that it says (abs-send-time). The native core
works in real time, the twin in a made-up one.
"""

from __future__ import annotations

import heapq
import time
from collections import Counter
from contextlib import closing
from itertools import count, pairwise
from typing import TYPE_CHECKING, Protocol

import pytest

from relay.edge.fanout import PythonCore
from relay.media.codecs import Kind
from tests.edge.cores import CORES, native_core
from tests.support import feedback
from tests.support.link import Impairment, Link
from tests.support.stage import FRAME_S, NOW, Stage, track

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from relay.edge.core import Core
    from tests.support.stage import Seat

HOME = Impairment(rate_bps=4e6, queue_bytes=64_000)
GOP = 30
KEYFRAME, PICTURE = 45_000, 9_200
"""Bytes: together 2.5 Mb/s, and with headers 2.7."""


class Clock(Protocol):
    """A core's, and its streams'."""

    now: float

    def make(self, sock: socket.socket) -> Core:
        """A core that goes by it."""

    def wait_until(self, at: float) -> None:
        """Let time pass."""


class MadeUp:
    """The twin's."""

    def __init__(self) -> None:
        self.now = NOW
        self._order = count()
        self._todo: list[tuple[float, int, Callable[[float], None]]] = []

    def make(self, sock: socket.socket) -> Core:
        return PythonCore(sock, self._later)

    def _later(self, at: float, then: Callable[[float], None]) -> None:
        heapq.heappush(self._todo, (at, next(self._order), then))

    def wait_until(self, at: float) -> None:
        while self._todo and self._todo[0][0] <= at:
            self.now, _, then = heapq.heappop(self._todo)
            then(self.now)
        self.now = at


class Real:
    """The native core's."""

    @property
    def now(self) -> float:
        return time.time()

    def make(self, sock: socket.socket) -> Core:
        return native_core(sock)

    def wait_until(self, at: float) -> None:
        time.sleep(max(at - time.time(), 0.0))


class Show:
    """A stream that has run for some time, and somebody who watches it."""

    def __init__(self, clock: Clock, frames: int) -> None:
        self.clock = clock
        self.stage = Stage(clock.make)
        self.video = self.stage.open()
        # Without RTX send times are those of the plan, whatever keeps the thread from it.
        self.seat = self.stage.seat(track(Kind.VIDEO, rtx=None))
        self._next = 0
        self._began = clock.now - frames * FRAME_S
        self.play(frames)

    def play(self, frames: int, size: int | None = None) -> None:
        """Go on."""
        for _ in range(frames):
            keyframe = self._next % GOP == 0
            self._next += 1
            at = self._began + self._next * FRAME_S
            self.clock.wait_until(at)
            self.stage.now = at
            bytes_ = size or (KEYFRAME if keyframe else PICTURE)
            unit = self.stage.unit(self.video, keyframe=keyframe, size=bytes_)
            self.stage.push(self.video, unit)

    def join(self) -> None:
        """The viewer begins to watch."""
        self.stage.now = self.clock.now
        self.seat.watch(self.video, at_once=True)

    def end(self) -> None:
        """Let all be sent."""
        self.clock.wait_until(self.clock.now + 0.1)
        self.stage.core.flush()
        self.seat.receive()
        self.seat.check_continuity()

    def close(self) -> None:
        self.stage.close()


def times(seat: Seat) -> list[float]:
    """When its packets were sent, since the first of them."""
    stamps = [int.from_bytes(packet.extensions[2], "big") for packet in seat.packets]
    return [(stamp - stamps[0]) % 2**24 / 2**18 for stamp in stamps]


def through(seat: Seat, impairment: Impairment) -> Link:
    """A link that was sent all that has come."""
    link = Link(1, impairment)
    for at, datagram in zip(times(seat), seat.sealed, strict=True):
        link.put(datagram, at)
    return link


@pytest.fixture(params=sorted(CORES))
def clock(request: pytest.FixtureRequest) -> Clock:
    return MadeUp() if request.param == "python" else Real()


@pytest.mark.parametrize("phase", [3, 11, 16, 24, 29])
def test_a_join_fits_through_a_home_router(
    clock: Clock, phase: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(Show(clock, GOP + phase)) as show:
        seat = show.seat
        show.join()
        show.play(36)
        show.end()
        link = through(seat, HOME)
        first = [p for p in seat.packets if p.timestamp == seat.packets[0].timestamp]
        picture_s = times(seat)[len(first) - 1]
        with capsys.disabled():
            print(
                f"\n{type(show.stage.core).__name__}, phase {phase} of {GOP}: "
                f"{link.counts['dropped']} of {len(seat.packets)} lost, {picture_s * 1e3:.0f} ms"
            )
        assert seat.pictures()[0] == GOP
        assert seat.pictures()[-1] == GOP + phase + 35
        assert link.counts["dropped"] <= 3
        assert picture_s < 0.02
        assert max(after - before for before, after in pairwise(times(seat))) < 0.15


def test_what_is_sent_again_to_who_cannot_decode_fits_too(clock: Clock) -> None:
    with closing(Show(clock, GOP)) as show:
        seat = show.seat
        seat.watch(show.video)
        show.play(GOP + 15)
        show.stage.core.flush()
        assert show.stage.core.replay(seat.number, clock.now)
        assert show.stage.core.replay(seat.number, clock.now), "which changes nothing"
        show.play(36)
        show.end()
        pictures = seat.pictures()
        assert pictures[:46] == [*range(GOP, 2 * GOP + 15), 2 * GOP]
        assert pictures.count(2 * GOP) == 2
        assert pictures[-1] == 2 * GOP + 50
        assert through(seat, HOME).counts["dropped"] <= 3


def test_who_is_known_to_receive_more_has_caught_up_sooner(clock: Clock) -> None:
    took = []
    for bps in (None, 20_000_000):
        with closing(Show(clock, GOP + 12)) as show:
            seat = show.seat
            if bps is not None:
                seat.tell(feedback.remb(bps, seat.tracks[Kind.VIDEO].ssrc))
            show.stage.core.flush()
            show.join()
            show.play(30)
            show.end()
            squeezed = [t for t in seat.timestamps() if t - seat.timestamps()[0] < 3000]
            packets = [p for p in seat.packets if (p.timestamp - squeezed[0]) % 2**32 < 3000]
            took.append(times(seat)[len(packets) - 1])
    assert took[1] < 0.12 < 0.2 < took[0]


@pytest.mark.parametrize("size", [11_000, 26_000, 100_000])
def test_a_large_frame_is_out_within_half_a_frames_time(clock: Clock, size: int) -> None:
    with closing(Show(clock, 2 * GOP)) as show:
        seat = show.seat
        seat.watch(show.video)
        show.play(3, size=size)
        show.end()
        for frame in seat.frames():
            sent = Counter(int.from_bytes(p.extensions[2], "big") for p in frame)
            assert len(sent) == -(-len(frame) // 5)
            assert max(sent.values()) == 5
            assert (max(sent) - min(sent)) % 2**24 / 2**18 <= FRAME_S / 2


def test_a_keyframe_is_cut_where_an_ordinary_frame_is_not(clock: Clock) -> None:
    with closing(Show(clock, 2 * GOP)) as show:
        seat = show.seat
        seat.watch(show.video)
        show.play(3, size=8_000)
        show.end()
        assert [len({p.extensions[2] for p in frame}) for frame in seat.frames()] == [2, 1, 1]
