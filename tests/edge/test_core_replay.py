"""The cached GOP: a joiner begins with a keyframe, and stands at the live edge."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from relay.media.codecs import Kind
from relay.webrtc.rtp import abs_send_time
from tests.support.stage import FRAME_S, track

if TYPE_CHECKING:
    from relay.edge.core import Core
    from tests.support.stage import Stage


@pytest.mark.parametrize("phase", [1, 2, 15, 29, 30])
def test_a_joiner_gets_all_since_the_keyframe_and_goes_on_live(stage: Stage, phase: int) -> None:
    video = stage.open()
    stage.play(video, frames=30 + phase)
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(video, at_once=True)
    assert seat.pictures() == list(range(30, 30 + phase))
    stage.play(video, frames=40)
    assert seat.pictures() == list(range(30, 70 + phase))
    seat.check_continuity()


@pytest.mark.parametrize("phase", [1, 15, 30])
def test_the_replay_is_squeezed_into_the_time_before_the_next_frame(
    stage: Stage, phase: int
) -> None:
    video = stage.open()
    stage.play(video, frames=30 + phase)
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(video, at_once=True)
    stage.play(video, frames=10)
    times = seat.timestamps()
    replay, live = times[:phase], times[phase:]
    frame = round(FRAME_S * 90_000)
    assert replay[-1] - replay[0] < frame
    assert 0 < live[0] - replay[-1] <= frame
    assert all(abs(after - before - frame) <= 1 for before, after in pairwise(live))


def test_without_at_once_the_next_keyframe_is_waited_for(stage: Stage) -> None:
    video = stage.open()
    stage.play(video, frames=10)
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(video)
    stage.play(video, frames=45)
    assert seat.pictures() == list(range(30, 55))


def test_before_the_first_keyframe_it_is_waited_for(stage: Stage) -> None:
    video = stage.open()
    stage.unit(video)
    stage.play(video, frames=5)
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(video, at_once=True)
    stage.play(video, frames=40)
    assert seat.pictures() == list(range(30, 46))


def test_sound_begins_with_the_next_packet(stage: Stage) -> None:
    """Old sound would only be heard late."""
    audio = stage.open(Kind.AUDIO)
    stage.play(audio, frames=60)
    seat = stage.seat(track(Kind.AUDIO))
    seat.watch(audio, at_once=True)
    assert seat.packets == []
    stage.play(audio, frames=5)
    assert seat.sounds() == list(range(60, 65))


def test_a_viewer_that_asks_gets_it_again(stage: Stage, core: Core) -> None:
    video = stage.open()
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(video)
    stage.play(video, frames=40)
    assert core.replay(seat.number, stage.now)
    seat.receive()
    stage.play(video, frames=5)
    assert seat.pictures() == [*range(40), *range(30, 40), *range(40, 45)]
    seat.check_continuity()


def test_there_may_be_nothing_to_replay(stage: Stage, core: Core) -> None:
    """Then the caller has to ask for a keyframe at once."""
    video = stage.open()
    seat = stage.seat(track(Kind.VIDEO))
    assert not core.replay(seat.number, stage.now), "it watches nothing"
    seat.watch(video)
    assert not core.replay(seat.number, stage.now), "nothing was pushed"
    deaf = stage.seat(track(Kind.AUDIO))
    assert not core.replay(deaf.number, stage.now), "it has no picture"
    stage.play(video, frames=2)
    assert core.replay(seat.number, stage.now)


def test_two_keyframes_in_a_row(stage: Stage, core: Core) -> None:
    video = stage.open()
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(video, at_once=True)
    for keyframe in (True, True, False, True, True):
        stage.push(video, stage.unit(video, keyframe=keyframe))
        stage.now += FRAME_S
    assert seat.pictures() == [0, 1, 2, 3, 4]
    late = stage.seat(track(Kind.VIDEO))
    late.watch(video, at_once=True)
    assert late.pictures() == [4]
    core.replay(late.number, stage.now)
    late.receive()
    assert late.pictures() == [4, 4]
    late.check_continuity()


def test_a_gop_that_is_larger_than_the_ring(stage: Stage, core: Core) -> None:
    """Half of it could not be decoded: a joiner waits for the next keyframe."""
    video = stage.open()
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(video)
    stage.play(video, frames=12, gop=13, size=1_000_000)
    late = stage.seat(track(Kind.VIDEO))
    late.watch(video, at_once=True)
    assert not core.replay(seat.number, stage.now)
    assert late.packets == []
    stage.play(video, frames=3, gop=13, size=1000)
    assert late.pictures() == [13, 14]
    assert core.replay(seat.number, stage.now)


def test_a_long_gop_of_small_frames_fits_whole(stage: Stage) -> None:
    video = stage.open()
    stage.play(video, frames=1800, gop=1800, size=60)
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(video, at_once=True)
    stage.play(video, frames=3, gop=1800, size=60)
    assert seat.pictures() == list(range(1803))
    seat.check_continuity()
    assert seat.timestamps()[1799] - seat.timestamps()[0] < 90_000 * FRAME_S


def test_a_replays_send_times_are_now(stage: Stage) -> None:
    """Else the viewer's estimator sees packets that were two seconds on their way."""
    video = stage.open()
    stage.play(video, frames=20)
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(video, at_once=True)
    began = int.from_bytes(abs_send_time(stage.now), "big")
    sent = [int.from_bytes(packet.extensions[2], "big") for packet in seat.packets]
    times = [(at - began) % 2**24 / 2**18 for at in sent]
    assert times == sorted(times)
    assert times[0] < 0.01
    assert 0.1 < times[-1] < 20 * FRAME_S, "faster than it was made"
