"""What viewers tell: wishes for keyframes, estimates, reports, goodbyes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from relay.edge.core import KeyframeWanted, Left, Report
from relay.media.codecs import Kind
from relay.webrtc.rtp import ntp
from tests.support import feedback
from tests.support.reception import PROFILES
from tests.support.stage import track

if TYPE_CHECKING:
    from relay.edge.core import Core
    from tests.support.stage import Seat, Stage


@pytest.fixture
def seat(stage: Stage) -> Seat:
    """A viewer of picture and sound that are on."""
    video, audio = stage.open(), stage.open(Kind.AUDIO)
    made = stage.seat()
    made.watch(video)
    made.watch(audio)
    stage.play(video, audio, frames=3)
    return made


@pytest.mark.parametrize("request_for", [feedback.pli, feedback.fir])
def test_a_wish_for_a_keyframe(stage: Stage, seat: Seat, request_for: object) -> None:
    assert callable(request_for)
    seat.tell(request_for(seat.tracks[Kind.VIDEO].ssrc))
    assert stage.tick() == [KeyframeWanted(seat.number)]
    assert stage.tick() == []


def test_wishes_are_one_event_until_it_is_taken(stage: Stage, seat: Seat) -> None:
    """A flood of them would fill the memory, and the time of who has to answer."""
    ssrc = seat.tracks[Kind.VIDEO].ssrc
    for number in range(20):
        seat.tell(feedback.pli(ssrc) * 50 + feedback.fir(*[ssrc] * 50, number=number))
    assert stage.tick() == [KeyframeWanted(seat.number)]


def test_wishes_for_what_cannot_have_one(stage: Stage, seat: Seat) -> None:
    for ssrc in (0, 1, seat.tracks[Kind.AUDIO].ssrc, seat.tracks[Kind.VIDEO].ssrc ^ 1):
        seat.tell(feedback.pli(ssrc), feedback.fir(ssrc))
    assert stage.tick() == []


def test_estimates(stage: Stage, seat: Seat) -> None:
    ssrc = seat.tracks[Kind.VIDEO].ssrc
    seat.tell(feedback.remb(1_000_000, ssrc))
    seat.tell(feedback.remb(600_000, ssrc, seat.tracks[Kind.AUDIO].ssrc))
    events = stage.tick()
    assert events == [Report(seat.number, 600_000, 0, 0, None)], "the last one counts"
    assert stage.tick() == []


def test_reports_on_the_picture(stage: Stage, seat: Seat) -> None:
    """One for each viewer and tick, by the last of what it has told."""
    video, audio = (seat.tracks[kind].ssrc for kind in (Kind.VIDEO, Kind.AUDIO))
    seat.tell(feedback.receiver_report(feedback.block(audio, total=3, highest=9)))
    assert stage.tick() == [], "of sound alone nothing is decided"
    seat.tell(feedback.receiver_report(feedback.block(video, total=1, highest=70_000)))
    seat.tell(
        feedback.receiver_report(feedback.block(video, total=2, highest=70_010)),
        feedback.remb(900_000, video),
    )
    seat.tell(feedback.receiver_report(feedback.block(video, total=4, highest=70_020)))
    assert stage.tick() == [Report(seat.number, 900_000, 70_020, 4, None)]
    seat.tell(feedback.receiver_report(feedback.block(video, total=4, highest=70_030)))
    assert stage.tick() == [Report(seat.number, None, 70_030, 4, None)]
    seat.tell(feedback.remb(800_000, video))
    stage.core.remove_viewer(seat.number)
    assert stage.tick() == []


def test_estimates_that_no_link_has(stage: Stage, seat: Seat) -> None:
    seat.tell(b"\x8f\xce\x00\x05" + bytes(8) + b"REMB" + b"\x01\xff\xff\xff" + bytes(4))
    assert stage.tick() == [Report(seat.number, 2**63 - 1, 0, 0, None)]
    seat.tell(feedback.remb(0))
    assert stage.tick() == [Report(seat.number, 0, 0, 0, None)]


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_events_of_several_viewers(stage: Stage, profile: str) -> None:
    video = stage.open()
    seats = [stage.seat(track(Kind.VIDEO), profile=profile) for _ in range(3)]
    for seat in seats:
        seat.watch(video)
    stage.play(video)
    for seat in seats[:2]:
        seat.tell(feedback.receiver_report(), feedback.pli(seat.tracks[Kind.VIDEO].ssrc))
    seats[2].tell(feedback.receiver_report(), feedback.remb(5))
    assert set(stage.tick()) == {
        KeyframeWanted(seats[0].number),
        KeyframeWanted(seats[1].number),
        Report(seats[2].number, 5, 0, 0, None),
    }


def test_loss_of_the_picture(stage: Stage, core: Core, seat: Seat) -> None:
    video, audio = (seat.tracks[kind].ssrc for kind in (Kind.VIDEO, Kind.AUDIO))
    assert (core.stats(seat.number).highest, core.stats(seat.number).lost) == (0, 0)
    for total, highest in ((12, 70_000), (-2, 2**32 - 1)):
        seat.tell(
            feedback.receiver_report(
                feedback.block(audio, total=200, highest=9),
                feedback.block(video, total=total, highest=highest),
                feedback.block(7),
            )
        )
        stats = core.stats(seat.number)
        assert (stats.highest, stats.lost) == (highest, total)


def test_jitter_of_the_picture_and_losses_of_the_sound(
    stage: Stage, core: Core, seat: Seat
) -> None:
    picture, sound = (seat.tracks[kind].ssrc for kind in (Kind.VIDEO, Kind.AUDIO))
    stats = core.stats(seat.number)
    assert (stats.jitter_ms, stats.sound_highest, stats.sound_lost) == (0, 0, 0)
    for jitter, highest, total in ((2_700, 0x1_0005, 7), (0xFFFF_FFFF, 0x1_0010, -2)):
        seat.tell(
            feedback.receiver_report(
                feedback.block(sound, jitter=9, highest=highest, total=total),
                feedback.block(picture, jitter=jitter, highest=1),
                feedback.block(7, jitter=1),
            )
        )
        stats = core.stats(seat.number)
        assert stats.jitter_ms == pytest.approx(jitter / 90)
        assert (stats.sound_highest, stats.sound_lost) == (highest, total)
        assert (stats.highest, stats.lost) == (1, 0), "they are the picture's"


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("trip_s", [0.0, 0.05, 1.5])
def test_round_trip(stage: Stage, core: Core, seat: Seat, kind: Kind, trip_s: float) -> None:
    """RFC 3550 section 6.4.1: A - LSR - DLSR."""
    stage.tick()
    [report] = seat.reports(kind)
    lsr = report.sender_info.ntp_timestamp >> 16 & 0xFFFFFFFF
    held_s = 0.25
    stage.now += trip_s + held_s
    dlsr = round(held_s * 65_536)
    ssrc = seat.tracks[kind].ssrc
    seat.tell(feedback.receiver_report(feedback.block(ssrc, lsr=lsr, dlsr=dlsr)))
    rtt_s = core.stats(seat.number).rtt_s
    assert rtt_s is not None
    assert stage.is_now(stage.now + rtt_s, plus_s=trip_s)


def test_round_trips_that_cannot_be(stage: Stage, core: Core, seat: Seat) -> None:
    stage.tick()
    ssrc = seat.tracks[Kind.VIDEO].ssrc
    lsr = ntp(stage.now) >> 16 & 0xFFFFFFFF
    for block in (
        feedback.block(ssrc),  # before the first sender report
        feedback.block(ssrc, lsr=lsr, dlsr=65_536 * 30),  # held for longer than it was on its way
        feedback.block(ssrc, lsr=(lsr - 65_536 * 100) & 0xFFFFFFFF),  # 100 s
        feedback.block(ssrc, lsr=lsr ^ 0x80000000),
    ):
        seat.tell(feedback.receiver_report(block))
        assert core.stats(seat.number).rtt_s is None


def test_when_a_viewer_was_heard(stage: Stage, core: Core, seat: Seat) -> None:
    assert core.stats(seat.number).heard_at == 0
    stage.now += 5
    seat.tell(feedback.receiver_report())
    assert stage.is_now(core.stats(seat.number).heard_at)
    seat.socket.sendto(b"\x80\xc9\0\1" + bytes(30), stage.address)
    stage.now += 5
    stage.read()
    assert core.stats(seat.number).heard_at < stage.now - 4, "nobody forges that"


def test_goodbye(stage: Stage, seat: Seat) -> None:
    seat.tell(feedback.receiver_report(), feedback.bye())
    assert stage.tick() == [Left(seat.number)]


def test_one_of_two_receivers_says_goodbye(stage: Stage, seat: Seat) -> None:
    """A viewer that reports with an SSRC for each track, and stops one of them, is still there."""
    seat.tell(feedback.receiver_report(ssrc=1))
    seat.tell(feedback.receiver_report(ssrc=2))
    seat.tell(feedback.receiver_report(ssrc=1), feedback.bye(1))
    assert stage.tick() == []
    seat.tell(feedback.receiver_report(ssrc=2), feedback.bye(2))
    assert stage.tick() == [Left(seat.number)]


def test_a_goodbye_of_nobody(stage: Stage, seat: Seat) -> None:
    seat.tell(feedback.receiver_report(), b"\x80\xcb\x00\x00")
    seat.tell(feedback.receiver_report(), feedback.bye(4711))
    assert stage.tick() == []


def test_events_of_a_viewer_that_was_removed(stage: Stage, core: Core, seat: Seat) -> None:
    seat.tell(feedback.receiver_report(), feedback.pli(seat.tracks[Kind.VIDEO].ssrc))
    core.remove_viewer(seat.number)
    assert stage.tick() == []
