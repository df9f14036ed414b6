"""Counters that wrap in a long broadcast: sequence numbers (and SRTP's ROC), time stamps."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from relay.media.codecs import Kind
from tests.support import feedback
from tests.support.reception import PROFILES
from tests.support.stage import drain, track

if TYPE_CHECKING:
    from relay.edge.core import Core
    from tests.support.stage import Stage


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_sequence_numbers_wrap_and_the_roc_goes_up(stage: Stage, profile: str) -> None:
    video, audio = stage.open(), stage.open(Kind.AUDIO)
    seat = stage.seat(
        track(Kind.VIDEO, first_sequence=65_500),
        track(Kind.AUDIO, first_sequence=65_530),
        profile=profile,
    )
    seat.watch(video)
    seat.watch(audio)
    stage.play(video, audio, frames=40, size=5000)
    assert seat.pictures() == seat.sounds() == list(range(40))
    assert max(seat.sequences()) > 65_536
    assert max(seat.sequences(Kind.AUDIO)) > 65_536
    seat.check_continuity()


def test_around_from_the_highest_first_number_with_most_packets_lost(stage: Stage) -> None:
    """The contract's first number is below 2^15, so that both sides agree that the ROC is 0."""
    audio = stage.open(Kind.AUDIO)
    seat = stage.seat(track(Kind.AUDIO, first_sequence=2**15 - 1))
    seat.watch(audio)
    for _ in range(5):
        stage.play(audio, frames=1)
        for _ in range(9_999):  # the receiver has to follow by the numbers alone
            stage.core.push(audio, stage.unit(audio), stage.now)
        drain(seat.socket)
    assert [number % 10_000 for number in seat.sounds()] == [0] * 5
    assert not seat.refused
    assert seat.packets[-1].sequence == (2**15 - 1 + 40_000) % 65_536


@pytest.mark.parametrize("before", [1, 2_000, 100_000])
def test_time_stamps_wrap(stage: Stage, core: Core, before: int) -> None:
    """They start anywhere, and pass 2^32 after 13 hours at the latest."""
    video, audio = stage.open(), stage.open(Kind.AUDIO)
    video_now, audio_now = round(stage.now * 90_000), round(stage.now * 48_000)
    seat = stage.seat(
        track(Kind.VIDEO, timestamp_offset=(2**32 - before - video_now) % 2**32),
        track(Kind.AUDIO, timestamp_offset=(2**32 - before - audio_now) % 2**32),
    )
    seat.watch(video)
    seat.watch(audio)
    for _ in range(4):
        stage.play(video, audio, frames=20)
        core.replay(seat.number, stage.now)
        seat.receive()
        stage.tick()
    stage.play(video, audio, frames=60)
    for kind in Kind:
        assert max(seat.timestamps(kind)) > 2**32
        assert seat.reports(kind)
        assert seat.reports(kind)[0].sender_info.rtp_timestamp < 2**32
    seat.check_continuity()


@pytest.mark.parametrize("rtx", [97, None])
def test_packets_from_before_the_wrap_are_sent_again_after_it(
    stage: Stage, rtx: int | None
) -> None:
    video = stage.open()
    seat = stage.seat(track(Kind.VIDEO, rtx=rtx, first_sequence=65_520))
    seat.watch(video)
    stage.play(video, frames=12)
    assert seat.sequences()[-1] > 65_536
    lost = {p.sequence: p for p in seat.media()[5:25]}
    seat.forget()
    seat.tell(feedback.nack(seat.tracks[Kind.VIDEO].ssrc, *lost))
    if rtx is None:
        # The same packets to the last byte: libsrtp refuses them as repeats, as a viewer would
        # that has them.
        assert seat.refused == {"replay check failed (bad index)": len(lost)}
        return
    found = dict(seat.resent())
    assert {number: p.payload[2:] for number, p in found.items()} == {
        number: p.payload for number, p in lost.items()
    }


def test_numbers_of_retransmissions_wrap_too(stage: Stage, core: Core) -> None:
    video = stage.open()
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(video)
    for number in range(900):
        stage.push(video, stage.unit(video, keyframe=number == 0, size=10))
        stage.now += 0.001
    request = feedback.nack(seat.tracks[Kind.VIDEO].ssrc, *(p.sequence for p in seat.media()))
    numbers = []
    for _ in range(75):
        stage.now += 1
        seat.socket.sendto(seat.seal(request), stage.address)
        stage.read()
        seat.take(drain(seat.socket)[0])
        numbers.append(seat.packets[-1].sequence)
    assert not seat.refused
    assert core.stats(seat.number).resent == 75 * 900
    assert all((after - before) % 65_536 == 900 for before, after in pairwise(numbers))


def test_sound_has_no_retransmission_format_and_is_repeated(stage: Stage) -> None:
    audio = stage.open(Kind.AUDIO)
    seat = stage.seat()
    seat.watch(audio)
    stage.play(audio, frames=3)
    sealed = seat.sealed[1]
    seat.socket.sendto(
        seat.seal(feedback.nack(seat.tracks[Kind.AUDIO].ssrc, seat.packets[1].sequence)),
        stage.address,
    )
    stage.read()
    assert drain(seat.socket) == [sealed]
