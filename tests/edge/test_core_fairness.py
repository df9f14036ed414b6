"""Turns: each viewer comes first at some time, and nobody's wishes cost the others."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from relay.edge import turns
from relay.edge.core import KeyframeWanted
from relay.media.codecs import Kind
from tests.support import feedback
from tests.support.rtp import Packet
from tests.support.stage import Seat, drain, track

if TYPE_CHECKING:
    from relay.edge.core import Core
    from tests.support.stage import Stage


@pytest.mark.parametrize("viewers", [2, 7, 100])
def test_the_order_of_viewers_changes_from_frame_to_frame(
    stage: Stage, core: Core, viewers: int
) -> None:
    """What a full socket drops is the last ones': it may not always be the same ones."""
    video = stage.open()
    seats = [stage.seat(track(Kind.VIDEO)) for _ in range(viewers)]
    hall = seats[0]
    for seat in seats:
        core.move_viewer(seat.number, hall.address)  # one socket keeps their order
        core.watch(seat.number, video, stage.now, at_once=False)
    firsts: Counter[int] = Counter()
    for number in range(3 * viewers):
        core.push(video, stage.unit(video, keyframe=number == 0, size=100), stage.now)
        order = list(dict.fromkeys(int.from_bytes(d[8:12], "big") for d in drain(hall.socket)))
        assert sorted(order) == sorted(seat.tracks[Kind.VIDEO].ssrc for seat in seats)
        firsts[order[0]] += 1
        stage.now += 1 / 30
    assert set(firsts.values()) == {3}


@pytest.mark.parametrize("viewers", [30, 60, 90])
def test_nobody_is_among_the_last_for_long(stage: Stage, core: Core, viewers: int) -> None:
    video = stage.open()
    seats = [stage.seat(track(Kind.VIDEO)) for _ in range(viewers)]
    for seat in seats:
        core.move_viewer(seat.number, seats[0].address)
        core.watch(seat.number, video, stage.now, at_once=False)
    among = Counter[int]()
    for number in range(viewers):
        core.push(video, stage.unit(video, keyframe=number == 0, size=100), stage.now)
        ssrcs = [int.from_bytes(d[8:12], "big") for d in drain(seats[0].socket)]
        last = set(ssrcs[-(viewers // 10) :])
        among = Counter({ssrc: among[ssrc] + 1 for ssrc in last})
        assert max(among.values()) <= 2
        stage.now += 1 / 30


@pytest.mark.parametrize("count", [1, 2, 7, 720, 990, 1320, 1980, 2640, 3960, 7919])
def test_turns_of_any_crowd(count: int) -> None:
    firsts = [turns.first(frame, count) for frame in range(count)]
    assert sorted(firsts) == list(range(count))
    tenth = -(-count // 10)
    for early, late in pairwise(firsts):
        assert count == 2 or tenth <= (late - early) % count <= count - tenth


@pytest.mark.parametrize("size", [1_000, 20_000, 60_000])
def test_a_probe_repeats_recent_packets(stage: Stage, core: Core, size: int) -> None:
    video = stage.open()
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(video)
    core.probe(seat.number, size, stage.now)
    assert drain(seat.socket) == [], "nothing was sent yet"
    stage.play(video, frames=25, size=4000)
    payloads = {p.sequence: p.payload for p in seat.media()}
    before = core.stats(seat.number), core.counters()
    core.probe(seat.number, size, stage.now)
    datagrams = drain(seat.socket)
    assert size <= sum(map(len, datagrams)) < size + 1300 + 20 * len(datagrams)
    for datagram in datagrams:
        seat.take(datagram)
    resent = seat.resent()
    newest = list(payloads)[::-1][: len(resent)]
    assert [number for number, _ in resent] == newest
    assert all(p.payload[2:] == payloads[number] for number, p in resent)
    assert (core.stats(seat.number), core.counters()) == before, "they are not the viewer's losses"
    stage.play(video, frames=3)
    seat.check_continuity()


def test_probes_end_with_what_there_is(stage: Stage, core: Core) -> None:
    video = stage.open()
    seat, plain = stage.seat(track(Kind.VIDEO)), stage.seat(track(Kind.VIDEO, rtx=None))
    deaf = stage.seat(track(Kind.AUDIO))
    for each in (seat, plain, deaf):
        each.watch(video)
    stage.play(video, frames=2)
    for each in (seat, plain, deaf):
        core.probe(each.number, 10_000_000, stage.now)
        each.receive()
    assert len(seat.resent()) == len(seat.media())
    assert not deaf.packets
    assert not plain.refused, "it would take the same packets for a replay attack"


def test_a_thousand_wishes_are_one_event_for_each_viewer(stage: Stage) -> None:
    """Which the edge makes one wish for each camera of."""
    video = stage.open()
    seats = [stage.seat(track(Kind.VIDEO)) for _ in range(10)]
    for seat in seats:
        seat.watch(video)
    stage.play(video)
    for seat in seats * 100:
        request = seat.seal(feedback.pli(seat.tracks[Kind.VIDEO].ssrc))
        seat.socket.sendto(request, stage.address)
    while stage.read():
        pass
    for _ in range(5):
        stage.read()
    events = stage.tick()
    assert len(events) == len(seats)
    assert set(events) == {KeyframeWanted(seat.number) for seat in seats}


def lossy_and_others(stage: Stage, video: int) -> tuple[Seat, list[Seat]]:
    seats = [stage.seat(track(Kind.VIDEO)) for _ in range(4)]
    for seat in seats:
        seat.watch(video)
    return seats[0], seats[1:]


def test_a_viewer_that_asks_for_everything_delays_nobody(stage: Stage, core: Core) -> None:
    """Its budget is spent; the rest of what it asks for is only counted."""
    video = stage.open()
    lossy, others = lossy_and_others(stage, video)
    stage.play(video, frames=30, size=20_000)
    numbers = [p.sequence for p in lossy.media()][-512:]
    ssrc = lossy.tracks[Kind.VIDEO].ssrc
    for _ in range(100):
        lossy.socket.sendto(lossy.seal(feedback.nack(ssrc, *numbers)), stage.address)
        stage.read()
    stage.play(video, frames=10, size=20_000)
    stats = core.stats(lossy.number)
    assert stats.requested == 100 * len(numbers)
    assert stats.resent <= 160
    for seat in others:
        assert seat.pictures() == list(range(40))
        seat.check_continuity()


def test_no_packet_is_lost_to_the_readers_of_counters(stage: Stage, core: Core) -> None:
    """They are read at any time, also from other threads."""
    video = stage.open()
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(video)
    for _ in range(50):
        stage.play(video)
        packets = core.stats(seat.number).packets
        assert packets == core.counters()["packets_sent"] == len(seat.packets)
    assert all(isinstance(packet, Packet) for packet in seat.packets)
