"""Sender reports: sound and picture meet by them, whatever they have been through."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from relay.edge.track import REPORT_S
from relay.media.codecs import Kind
from relay.webrtc.sdp import CNAME
from tests.support import feedback
from tests.support.reception import PROFILES
from tests.support.stage import track
from tests.support.units import DELAY_S

if TYPE_CHECKING:
    from aiortc.rtp import RtcpSrPacket

    from relay.edge.core import Core
    from tests.support.stage import Seat, Stage


def wall_clock(report: RtcpSrPacket, timestamp: int, clock: int) -> float:
    """When the sample of an RTP time was taken, by a sender report (RFC 3550 section 6.4.1)."""
    behind = (report.sender_info.rtp_timestamp - timestamp) % 2**32
    if behind >= 2**31:
        behind -= 2**32
    return report.sender_info.ntp_timestamp / 2**32 - 2_208_988_800 - behind / clock


def captured(seat: Seat, kind: Kind) -> dict[int, float]:
    """For each frame's number its capture time, by the last sender report."""
    report = seat.reports(kind)[-1]
    clock = 90_000 if kind is Kind.VIDEO else 48_000
    if kind is Kind.VIDEO:
        times = [frame[0].timestamp for frame in seat.frames()]
        numbers = seat.pictures()
    else:
        times = [packet.timestamp for packet in seat.media(kind)]
        numbers = seat.sounds()
    return {
        number: wall_clock(report, time, clock) for number, time in zip(numbers, times, strict=True)
    }


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_reports_say_what_was_sent(stage: Stage, profile: str) -> None:
    video, audio = stage.open(), stage.open(Kind.AUDIO)
    seat = stage.seat(profile=profile)
    seat.watch(video)
    seat.watch(audio)
    stage.play(video, audio, frames=20)
    stage.tick()
    for kind in Kind:
        [report] = seat.reports(kind)
        packets = seat.media(kind)
        assert report.sender_info.packet_count == len(packets)
        assert report.sender_info.octet_count == sum(len(p.payload) for p in packets)
        assert report.sender_info.ntp_timestamp / 2**32 - 2_208_988_800 == pytest.approx(
            stage.now, abs=1e-5
        )
    assert seat.names() == {seat.tracks[kind].ssrc: CNAME.encode() for kind in Kind}
    assert not seat.refused


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_a_viewers_time_is_answered_once(stage: Stage, profile: str) -> None:
    """RFC 3611 section 4.5: a viewer that sends nothing knows its round trip by that."""
    video, audio = stage.open(), stage.open(Kind.AUDIO)
    seat = stage.seat(profile=profile)
    seat.watch(video)
    seat.watch(audio)
    stage.play(video, audio, frames=3)
    stage.tick()
    assert seat.delays == []
    seat.tell(feedback.receiver_report(), feedback.receiver_time(0x11112222_33334444))
    seat.tell(feedback.receiver_report(), feedback.receiver_time(0x55556666_77778888))
    stage.tick(REPORT_S + 0.25)
    [(sender, receiver, last, delay)] = seat.delays
    assert sender in {each.ssrc for each in seat.tracks.values()}
    assert receiver == feedback.SSRC
    assert last == 0x66667777
    assert stage.is_now(stage.now + REPORT_S + 0.25 - delay / 65_536)
    stage.tick(REPORT_S + 0.1)
    assert len(seat.delays) == 1


def test_times_of_made_up_receivers_are_not_kept(stage: Stage) -> None:
    video = stage.open()
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(video)
    stage.play(video)
    stage.tick()
    for number in range(100):
        seat.tell(feedback.receiver_report(), feedback.receiver_time(1, block_ssrc=7 + number))
    stage.tick(REPORT_S)
    assert seat.delays == []


def test_a_report_comes_with_the_first_frames_the_next_ones_soon(stage: Stage) -> None:
    """Browsers bring sound and picture together once they have two of each."""
    video = stage.open()
    seat = stage.seat(track(Kind.VIDEO))
    stage.tick()
    seat.watch(video)
    stage.tick()
    assert seat.rtcp == [], "before there is anything to report"
    stage.play(video)
    stage.tick()
    assert len(seat.reports()) == 1
    for _ in range(8):
        stage.tick(0.05)
    assert len(seat.reports()) == 3, "after a tenth of a second, and twice as long again"
    for _ in range(92):
        stage.tick(0.05)
    assert 7 <= len(seat.reports()) <= 8, "one a second in the end"


def test_a_clock_that_jumps_is_reported_at_once(stage: Stage) -> None:
    """What the reports before it say would put sound and picture apart for a second."""
    here, there = stage.open(), stage.open(skew_s=2.0)
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(here)
    for _ in range(30):
        stage.play(here, there, frames=6)
        stage.tick()
    told = len(seat.reports())
    seat.watch(there)
    stage.play(here, there, frames=1)
    while not seat.pictures() or stage._next[there] % 30 != 1:
        stage.play(here, there)
    stage.tick()
    assert len(seat.reports()) == told + 1
    for number, at in list(captured(seat, Kind.VIDEO).items())[-1:]:
        assert number == stage._next[there] - 1
        assert at == pytest.approx(stage.now - 1 / 30 - DELAY_S, abs=0.001)


def test_a_viewer_that_follows_nothing_gets_none(stage: Stage, core: Core) -> None:
    video = stage.open()
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(video)
    stage.play(video)
    core.unwatch(seat.number, Kind.VIDEO)
    stage.tick()
    assert seat.reports() == []


def test_the_next_sequence_number_is_known(stage: Stage, core: Core) -> None:
    video = stage.open()
    seat = stage.seat(track(Kind.VIDEO, first_sequence=0x7FF0))
    assert core.next_sequence(seat.number) == 0x7FF0
    seat.watch(video)
    stage.play(video, frames=40)
    sequence = core.next_sequence(seat.number)
    packets = seat.media()
    assert sequence == 0x7FF0 + len(packets)
    assert sequence & 0xFFFF == (packets[-1].sequence + 1) & 0xFFFF
    with pytest.raises(KeyError):
        core.next_sequence(999)


@pytest.mark.parametrize("skew_s", [-3.0, 0.0, 0.7])
def test_lips_and_words_meet_within_a_millisecond(stage: Stage, core: Core, skew_s: float) -> None:
    """Both tracks' RTP times, by their reports, are the capture times of what is in them.

    Also after a replay, which squeezes the picture's time stamps, and after a switch to a camera
    whose clock is another.
    """
    video, audio = stage.open(), stage.open(Kind.AUDIO)
    stage.play(video, audio, frames=10)
    seat = stage.seat()
    seat.watch(video, at_once=True)
    seat.watch(audio)
    began = stage.now
    first = {kind: stage._next[stream] for kind, stream in zip(Kind, (video, audio), strict=True)}
    stage.play(video, audio, frames=40)
    core.replay(seat.number, stage.now)
    seat.receive()
    seat.forget()
    frame = 1 / 30
    for _ in range(3):
        stage.play(video, audio, frames=10)
        stage.tick(0)
        stage.now += REPORT_S - 10 * frame
    for kind in Kind:
        times = captured(seat, kind)
        for number, at in list(times.items())[-5:]:
            # The last ten frames began twenty frames and two pauses after the fortieth.
            since = number - first[kind]
            pauses = 2 * (REPORT_S - 10 * frame)
            expected = began + since * frame + pauses - DELAY_S
            assert at == pytest.approx(expected, abs=0.001)
    there, words = stage.open(skew_s=skew_s), stage.open(Kind.AUDIO, skew_s=skew_s)
    stage.play(there, words, frames=3)
    seat.watch(there, at_once=True)
    seat.watch(words)
    seat.forget()
    began = stage.now
    stage.play(there, words, frames=40)
    stage.tick()
    for kind in Kind:
        for number, at in captured(seat, kind).items():
            assert at == pytest.approx(began + (number - 3) * frame - DELAY_S, abs=0.001)


def test_a_wall_clock_that_is_set_back_does_not_end_the_reports(stage: Stage) -> None:
    video = stage.open()
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(video)
    stage.play(video)
    stage.tick()
    stage.now -= 3600
    stage.play(video)
    for _ in range(50):
        stage.tick(0.05)
    assert 5 <= len(seat.reports()) <= 7
    stage.now += 7200
    stage.play(video)
    stage.tick()
    stage.tick()
    assert 6 <= len(seat.reports()) <= 8
    seat.check_continuity()


def test_who_is_removed_is_told(stage: Stage, core: Core) -> None:
    video, audio = stage.open(), stage.open(Kind.AUDIO)
    seat = stage.seat()
    seat.watch(video)
    seat.watch(audio)
    stage.play(video, audio)
    core.remove_viewer(seat.number)
    seat.receive()
    assert sorted(seat.goodbyes()) == sorted(t.ssrc for t in seat.tracks.values())
    assert not seat.refused
    seat.forget()
    core.remove_viewer(seat.number)
    stage.play(video, audio, frames=40)
    stage.tick(5)
    assert (seat.packets, seat.rtcp) == ([], [])


def test_a_stalled_stream_is_still_reported(stage: Stage) -> None:
    """The mapping goes on with the clock; the viewer's round trip depends on it."""
    video = stage.open()
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(video)
    stage.play(video)
    stage.tick()
    stage.tick(4.0)
    first, second = seat.reports()
    elapsed = (second.sender_info.rtp_timestamp - first.sender_info.rtp_timestamp) % 2**32
    assert elapsed == pytest.approx(4.0 * 90_000, abs=2)
