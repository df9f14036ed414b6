"""Switches between rungs and cameras: on keyframes, without a gap, always at the live edge."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from relay.media.codecs import Kind
from tests.support.stage import FRAME_S, NOW, track

if TYPE_CHECKING:
    from relay.edge.core import Core
    from tests.support.stage import Seat, Stage


def drift(seat: Seat, kind: Kind = Kind.VIDEO) -> list[float]:
    """How far each frame's time stamp is ahead of its send time, in s, against the first's.

    A viewer that shows frames by their time stamps shows them that much later than the first.
    """
    clock = 90_000 if kind is Kind.VIDEO else 48_000
    times = seat.timestamps(kind)
    firsts = [p for p in seat.media(kind) if kind is Kind.AUDIO or p.marker]
    assert len(firsts) == len(times)
    sent = [int.from_bytes(p.extensions[2], "big") / 2**18 for p in firsts]
    ahead, elapsed = [0.0], 0.0
    for (before, after), (then, now) in zip(pairwise(times), pairwise(sent), strict=True):
        # What is cut short keeps the time of its plan, which may be a moment after the next one's.
        elapsed += (now - then + 1) % 64 - 1
        ahead.append((after - times[0]) / clock - elapsed)
        assert after > before
    return ahead


def check_replays(seat: Seat) -> None:
    """No frame's time is ahead of the live ones'; those of a replay are behind for as long as its
    pace takes.
    """
    ahead = drift(seat)
    assert max(ahead) < 2 * FRAME_S
    assert min(ahead) > -0.25
    assert abs(ahead[-1]) < FRAME_S


@pytest.mark.parametrize("low_first", [True, False])
def test_a_rung_begins_with_its_next_keyframe(stage: Stage, low_first: bool) -> None:
    low, high = stage.open(), stage.open()
    for _ in range(100):
        stage.unit(high)  # so that its pictures have other numbers
    rungs = (low, high) if low_first else (high, low)
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(low)
    stage.play(*rungs, frames=10, gop=20)
    seat.watch(high)
    stage.play(*rungs, frames=30, gop=20)
    # A keyframe of the old rung that comes first is sent as well.
    assert seat.pictures() == [*range(20 + low_first), *range(120, 140)]
    seat.check_continuity()
    assert max(map(abs, drift(seat))) < FRAME_S


def test_of_several_wishes_the_last_one_counts(stage: Stage) -> None:
    rungs = [stage.open() for _ in range(3)]
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(rungs[0])
    for number, rung in enumerate(rungs):
        for _ in range(number * 100):
            stage.unit(rung)  # so that their pictures have other numbers
    stage.play(*rungs, frames=5, gop=50)
    seat.watch(rungs[1])
    seat.watch(rungs[2])
    seat.watch(rungs[1])
    seat.watch(rungs[0])
    seat.watch(rungs[2])
    stage.play(*rungs, frames=100, gop=50)
    numbers = seat.pictures()
    assert numbers[0] == 0
    assert numbers[-1] == 304
    assert not {number // 100 for number in numbers} & {1}
    assert sorted(numbers) == numbers
    seat.check_continuity()


def test_a_wish_is_taken_back_by_watching_what_is_watched(stage: Stage) -> None:
    here, there = stage.open(), stage.open()
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(here)
    stage.play(here, there, frames=5, gop=10, size=900)
    seat.watch(there)
    seat.watch(here)
    stage.play(here, frames=20, gop=10, size=900)
    stage.play(there, frames=20, gop=10, size=5000)
    assert seat.pictures() == list(range(25))


def test_at_once_begins_with_the_frames_since_the_keyframe(stage: Stage) -> None:
    here, there = stage.open(), stage.open()
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(here)
    stage.play(here, there, frames=15, gop=60)
    seat.watch(there, at_once=True)
    stage.play(here, there, frames=5, gop=60)
    assert seat.pictures() == [*range(15), *range(15), *range(15, 20)]
    seat.check_continuity()
    check_replays(seat)


SKEWS = [-3.9, -1.0, -0.3, 0.3, 1.0, 3.9, 3600.0, -3600.0, 50_000.0, -50_000.0]


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("skew_s", SKEWS)
def test_a_camera_whose_clock_is_another(stage: Stage, skew_s: float, at_once: bool) -> None:
    """Clocks drift by seconds in hours: the picture may neither stand still nor race for it."""
    here, there = stage.open(), stage.open(skew_s=skew_s)
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(here)
    stage.play(here, there, frames=12, gop=10)
    for stream in (there, here, there, here):
        seat.watch(stream, at_once=at_once)
        stage.play(here, there, frames=23, gop=10)
    seat.check_continuity()
    if at_once:
        check_replays(seat)
    else:
        assert max(map(abs, drift(seat))) < 2 * FRAME_S


@pytest.mark.parametrize("skew_s", SKEWS)
def test_sound_of_a_camera_whose_clock_is_another(stage: Stage, skew_s: float) -> None:
    here, there = stage.open(Kind.AUDIO), stage.open(Kind.AUDIO, skew_s=skew_s)
    seat = stage.seat(track(Kind.AUDIO))
    seat.watch(here)
    stage.play(here, there, frames=20)
    for stream in (there, here, there):
        seat.watch(stream)
        stage.play(here, there, frames=20)
    seat.check_continuity()
    assert max(map(abs, drift(seat, Kind.AUDIO))) < 0.05


@pytest.mark.parametrize("jump_s", [-3600.0, -20.0, -1.0, 20.0, 3600.0, 80_000.0])
def test_a_stream_that_begins_again_elsewhere_on_its_clock(stage: Stage, jump_s: float) -> None:
    video = stage.open()
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(video)
    stage.play(video, frames=45)
    stage.skew_s[video] = jump_s
    stage.play(video, frames=45)
    assert seat.pictures() == list(range(90))
    seat.check_continuity()
    assert max(map(abs, drift(seat))) < 2 * FRAME_S


@pytest.mark.parametrize("pause_s", [0.5, 4.0, 60.0])
def test_a_pause_is_a_pause(stage: Stage, pause_s: float) -> None:
    """A camera that sent nothing for a while: time stamps have gone on with the clock."""
    video = stage.open()
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(video)
    stage.play(video, frames=30)
    stage.now += pause_s
    stage.play(video, frames=30)
    seat.check_continuity()
    assert max(map(abs, drift(seat))) < 0.01


@pytest.mark.parametrize("stall_s", [0.2, 2.0, 6.0])
def test_after_a_stall_the_live_edge_is_where_it_was(
    stage: Stage, core: Core, stall_s: float
) -> None:
    """The bus stood still and gives all at once: late frames do not make the later ones late."""
    video = stage.open()
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(video)
    stage.play(video, frames=30)
    late = []
    while stage.now < NOW + 1 + stall_s:
        late.append(stage.unit(video))
        stage.now += FRAME_S
    for unit in [*late[:3], *late[len(late) // 2 :]]:  # a reader that has fallen behind skips
        stage.push(video, unit)
    stage.play(video, frames=60)
    seat.check_continuity()
    assert abs(drift(seat)[-1]) < 0.001


def test_a_variable_frame_rate_with_replays(stage: Stage, core: Core) -> None:
    video = stage.open()
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(video)
    for number in range(200):
        stage.push(video, stage.unit(video, keyframe=number % 25 == 0))
        stage.now += (0.08, 0.01, 0.001, 0.2, 0.03)[number % 5]
        if number % 7 == 0:
            core.replay(seat.number, stage.now)
            seat.receive()
    seat.check_continuity()
    assert max(drift(seat)) < 0.25
    assert abs(drift(seat)[-1]) < 0.1


def test_the_stream_ends_between_wish_and_keyframe(stage: Stage, core: Core) -> None:
    here, there = stage.open(), stage.open()
    seat = stage.seat(track(Kind.VIDEO))
    seat.watch(here)
    stage.play(here, there, frames=5)
    seat.watch(there)
    core.close_stream(there)
    stage.play(here, frames=30)
    assert seat.pictures() == list(range(35))
    core.close_stream(here)
    again = stage.open()
    seat.watch(again, at_once=True)
    stage.play(again, frames=3)
    assert seat.pictures()[-3:] == [0, 1, 2]
    seat.check_continuity()
