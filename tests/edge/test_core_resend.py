"""Packets that a viewer asks for again: from the shared ring, as RTX or byte for byte."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from relay.edge.fanout import PythonCore
from relay.media.codecs import Kind
from relay.webrtc.rtp import abs_send_time
from tests.support import feedback
from tests.support.reception import PROFILES
from tests.support.stage import drain, track

if TYPE_CHECKING:
    from relay.edge.core import Core
    from tests.support.stage import Seat, Stage


def ask(seat: Seat, *sequences: int, kind: Kind = Kind.VIDEO) -> None:
    """A NACK; time has gone on a little."""
    seat._stage.now += 0.01
    seat.tell(feedback.nack(seat.tracks[kind].ssrc, *(number % 65_536 for number in sequences)))


def ask_at_once(seat: Seat, *sequences: int) -> None:
    """The same, while time stands still."""
    seat.tell(feedback.nack(seat.tracks[Kind.VIDEO].ssrc, *sequences))


def watching(stage: Stage, **options: object) -> tuple[Seat, int]:
    """A viewer of a picture's stream, and the stream."""
    video = stage.open()
    seat = stage.seat(track(Kind.VIDEO, **options))  # type: ignore[arg-type]
    seat.watch(video)
    return seat, video


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_retransmissions_carry_the_number_and_the_payload(stage: Stage, profile: str) -> None:
    """RFC 4588 section 4."""
    video = stage.open()
    params = track(Kind.VIDEO)
    seat = stage.seat(params, profile=profile)
    seat.watch(video)
    stage.play(video, frames=10, size=4000)
    wanted = {p.sequence: p for p in seat.media()[7:30:3]}
    before = len(seat.packets)
    ask(seat, *wanted)
    resent = seat.resent()
    assert [number for number, _ in resent] == list(wanted)
    for number, packet in resent:
        original = wanted[number]
        assert packet.payload_type == params.rtx_payload_type
        assert packet.ssrc == params.rtx_ssrc
        assert packet.timestamp == original.timestamp
        assert packet.marker == original.marker
        assert packet.payload[2:] == original.payload
        sent, now = (
            int.from_bytes(t, "big") for t in (packet.extensions[2], abs_send_time(stage.now))
        )
        assert stage.is_now(stage.now + (sent - now) % 2**24 / 2**18)
        assert packet.extensions[9] == original.extensions[9]
    sequences = [packet.sequence for _, packet in resent]
    assert all((b - a) % 65_536 == 1 for a, b in pairwise(sequences))
    assert len(seat.packets) == before + len(wanted)


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_without_rtx_the_packet_is_the_same_to_the_last_byte(stage: Stage, profile: str) -> None:
    """A nonce may not be used for another text."""
    video = stage.open()
    seat = stage.seat(track(Kind.VIDEO, rtx=None), profile=profile)
    stage.play(video, frames=10)
    seat.watch(video, at_once=True)
    stage.play(video, frames=10)
    wanted = {p.sequence: sealed for p, sealed in zip(seat.packets, seat.sealed, strict=True)}
    for sequence, sealed in wanted.items():
        stage.now += 0.1
        request = feedback.nack(seat.tracks[Kind.VIDEO].ssrc, sequence)
        seat.socket.sendto(seat.seal(request), stage.address)
        stage.read()
        assert drain(seat.socket) == [sealed]


def test_frames_of_a_replay_can_be_asked_for(stage: Stage, core: Core) -> None:
    seat, video = watching(stage)
    stage.play(video, frames=40)
    core.replay(seat.number, stage.now)
    seat.receive()
    stage.play(video, frames=3)
    wanted = {p.sequence: p for p in seat.media()}
    recent = list(wanted)[-60:]
    ask(seat, *recent)
    assert [number for number, _ in seat.resent()] == recent
    for number, packet in seat.resent():
        assert packet.payload[2:] == wanted[number].payload
        assert packet.timestamp == wanted[number].timestamp


def test_packets_from_before_a_switch_can_be_asked_for(stage: Stage, core: Core) -> None:
    here, there = stage.open(), stage.open()
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(here)
    stage.play(here, there, frames=9, gop=10)
    seat.watch(there)
    stage.play(there, here, frames=4, gop=10)
    wanted = {p.sequence: p for p in seat.media()[12:36]}
    ask(seat, *wanted)
    assert {number: p.payload[2:] for number, p in seat.resent()} == {
        number: p.payload for number, p in wanted.items()
    }


def test_what_was_sent_before_it_fell_silent_is_not_sent_again(stage: Stage, core: Core) -> None:
    """It would stand before the next keyframe where a path has become narrow."""
    here, there = stage.open(), stage.open()
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(here)
    stage.play(here, there, frames=9, gop=10)
    old = seat.sequences()
    core.unwatch(seat.number, Kind.VIDEO)
    seat.watch(there, at_once=True)
    ask(seat, *old)
    assert seat.resent() == []
    new = seat.sequences()[len(old) :]
    ask(seat, *new)
    assert [number for number, _ in seat.resent()] == [number % 65_536 for number in new]


@pytest.mark.parametrize("rtx", [97, None])
def test_numbers_that_were_never_sent(stage: Stage, core: Core, rtx: int | None) -> None:
    seat, video = watching(stage, rtx=rtx, first_sequence=100)
    stage.play(video, frames=3)
    last = seat.sequences()[-1]
    ask(seat, 0, 99, last + 1, last + 2, last + 30_000, 60_000)
    assert seat.resent() == []
    assert core.stats(seat.number).requested == 6
    assert core.stats(seat.number).resent == 0
    stage.play(video, frames=3)
    seat.check_continuity()


def test_packets_that_have_left_the_ring(stage: Stage, core: Core) -> None:
    seat, video = watching(stage)
    stage.play(video, frames=1)
    old = seat.sequences()
    stage.play(video, frames=28)
    ask(seat, *old)
    assert len(seat.resent()) == len(old), "at least a second's packets are kept"
    stage.play(video, frames=60)
    seat.forget()
    ask(seat, *old)
    assert seat.resent() == []


def test_a_stream_that_has_ended_leaves_no_packets_behind(stage: Stage, core: Core) -> None:
    """A viewer's memory of what it was sent may not keep the stream's ring alive."""
    seat, video = watching(stage)
    stage.play(video, frames=3)
    sequences = seat.sequences()
    core.close_stream(video)
    ask(seat, *sequences)
    assert seat.resent() == []


@pytest.mark.parametrize("rtx", [97, None])
def test_one_viewers_losses_have_a_budget(stage: Stage, core: Core, rtx: int | None) -> None:
    """One Mb/s: a viewer behind a dead link, or a hostile one, may not eat the core."""
    seat, video = watching(stage, rtx=rtx)
    stage.play(video, frames=25, size=20_000)
    sequences = seat.sequences()
    assert len(sequences) > 300
    for _ in range(20):
        ask(seat, *sequences)
    resent = core.stats(seat.number).resent
    assert 100 <= resent <= 160, "a second's and 0.2 s' worth of packets of 1100 bytes"
    assert core.stats(seat.number).requested == 20 * len(sequences)
    assert core.counters()["retransmissions"] == resent
    # A second later there is a second's worth again.
    stage.now += 1
    ask(seat, *sequences)
    assert core.stats(seat.number).resent - resent >= 90


def test_asking_for_what_is_not_there_costs_as_well(stage: Stage, core: Core) -> None:
    """Looking for it takes the core's time."""
    seat, video = watching(stage, first_sequence=100)
    stage.play(video, frames=3)
    for start in range(30_000, 50_000, 100):
        ask_at_once(seat, *range(start, start + 100))
    ask_at_once(seat, seat.sequences()[0])
    assert seat.resent() == []
    stage.now += 1
    ask(seat, seat.sequences()[0])
    assert len(seat.resent()) == 1
    assert core.stats(seat.number).requested == 20_002


def test_the_budget_takes_no_numbers(stage: Stage) -> None:
    """A gap in the retransmissions' numbers would look like loss of them."""
    seat, video = watching(stage)
    stage.play(video, frames=25, size=20_000)
    sequences = seat.sequences()
    for _ in range(10):
        ask(seat, *sequences)
    stage.now += 1
    ask(seat, sequences[-1])
    numbers = [packet.sequence for _, packet in seat.resent()]
    assert all((b - a) % 65_536 == 1 for a, b in pairwise(numbers))


def test_one_message_gets_a_packet_once(stage: Stage) -> None:
    seat, video = watching(stage)
    stage.play(video, frames=3)
    [first, second, *_] = seat.sequences()
    ask(seat, first, second, first, first, second)
    assert [number for number, _ in seat.resent()] == [first % 65_536, second % 65_536]


def comes(seat: Seat, sequence: int, after_s: float) -> bool:
    """Whether a packet comes that is asked for after so long."""
    seat._stage.now += after_s
    before = len(seat.resent())
    ask_at_once(seat, sequence)
    return len(seat.resent()) > before


def test_what_stands_in_a_queue_is_not_sent_again_and_again(stage: Stage) -> None:
    """A viewer asks once in a round trip, which it may take for shorter than it is by now. What was
    lost again comes soon all the same: Chromium asks every 15 ms.
    """
    seat, video = watching(stage)
    stage.play(video, frames=3)
    first, second, *_ = seat.sequences()
    assert comes(seat, first, 0)
    for pause_s in (0.012, 0.012, 0.024, 0.048, 0.096, 0.192, 0.2, 0.2):
        assert not comes(seat, first, pause_s / 2)
        assert comes(seat, first, pause_s)
    assert comes(seat, second, 0)
    assert comes(seat, first, 1.5)
    assert comes(seat, first, 0.02), "long after it is as if it had never been asked for"


def test_what_is_on_its_way_is_not_sent_again(stage: Stage) -> None:
    """A viewer far away may take the round trip for a little shorter than it is."""
    seat, video = watching(stage)
    stage.play(video, frames=3)
    stage.tick()
    [report] = seat.reports(Kind.VIDEO)
    lsr = report.sender_info.ntp_timestamp >> 16 & 0xFFFFFFFF
    stage.now += 0.1
    block = feedback.block(seat.tracks[Kind.VIDEO].ssrc, lsr=lsr)
    seat.tell(feedback.receiver_report(block))
    first, *_ = seat.sequences()
    assert comes(seat, first, 0)
    for _ in range(3):
        assert not comes(seat, first, 0.05)
        assert comes(seat, first, 0.045)


def test_what_was_sent_again_is_not_remembered_for_ever(stage: Stage, core: Core) -> None:
    seat, video = watching(stage)
    for _ in range(80):
        stage.play(video, frames=15, size=1000)
        ask(seat, *seat.sequences()[-20:])
        seat.forget()
    if isinstance(core, PythonCore):
        assert len(core._viewers[seat.number].repeats._sent) <= 256


def test_budgets_are_the_viewers_own(stage: Stage) -> None:
    lossy, video = watching(stage)
    other = stage.seat(track(Kind.VIDEO))
    other.watch(video)
    stage.play(video, frames=31, size=20_000)
    for _ in range(30):
        ask(lossy, *lossy.sequences())
    wanted = other.sequences()[-20:]
    ask(other, *wanted)
    assert [number for number, _ in other.resent()] == [n % 65_536 for n in wanted]


def test_other_ssrcs_are_not_answered(stage: Stage, core: Core) -> None:
    seat, video = watching(stage)
    stage.play(video, frames=3)
    params, sequences = seat.tracks[Kind.VIDEO], seat.sequences()
    for ssrc in (0, params.ssrc ^ 1, params.rtx_ssrc):
        seat.tell(feedback.nack(ssrc, *sequences))
    assert seat.resent() == []
    assert core.stats(seat.number).requested == 0
