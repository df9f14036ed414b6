"""A camera's one timeline, whatever its source's clock does."""

from __future__ import annotations

import random
from collections import deque
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.media.timebase import (
    MAX_JUMP,
    MAX_STEP_BACK,
    VIDEO_CLOCK,
    Reordering,
    Timeline,
    Unwrapper,
    rescale,
    ticks_to_us,
    us_to_ticks,
)

START_US = 1_750_000_000_000_000
"""A moment of the wall clock."""
START = us_to_ticks(START_US)
FRAME = 3003
"""A video frame at 29.97 frames a second, 90 kHz."""
BLOCK = 1920
"""An AAC frame at 48 kHz, 90 kHz."""
SECOND = VIDEO_CLOCK
MICRO = 1_000_000


def at(seconds: float) -> int:
    """The wall clock, µs, so long after the start."""
    return START_US + round(seconds * MICRO)


@given(st.integers(-(1 << 60), 1 << 60), st.sampled_from([1, 1000, 44_100, 48_000, 90_000]))
def test_rescaling_there_and_back_loses_nothing(value: int, rate: int):
    finer = rescale(value, rate, rate * 1000)
    assert rescale(finer, rate * 1000, rate) == value


@given(st.integers(-(1 << 60), 1 << 60))
def test_ticks_and_microseconds(ticks: int):
    assert us_to_ticks(ticks_to_us(ticks)) == ticks
    assert rescale(1, 2, 1) == 1  # halves go up
    assert rescale(-1, 2, 1) == 0


@pytest.mark.parametrize(("bits", "days"), [(31, 24.9), (32, 49.7), (33, 99.4)])
def test_a_counter_of_milliseconds_goes_on_after_its_wrap(bits: int, days: float):
    unwrap = Unwrapper(bits)
    length = 1 << bits
    assert length / 86_400_000 == pytest.approx(days, abs=0.1)
    stamps = range(length - 5000, 2 * length + 5000, length // 8 - 7)
    assert [unwrap(stamp % length) for stamp in stamps] == list(stamps)


def test_a_step_back_over_the_wrap_stays_one():
    unwrap = Unwrapper(31)
    length = 1 << 31
    assert [unwrap(value) for value in (length - 1, 3, length - 2, 5)] == [
        length - 1,
        length + 3,
        length - 2,
        length + 5,
    ]


@given(st.lists(st.integers(-(1 << 30), (1 << 30) - 1), max_size=30), st.integers(0, (1 << 32) - 1))
def test_unwrapping_undoes_wrapping(steps: list[int], first: int):
    unwrap, true = Unwrapper(32), first
    assert unwrap(first) == first
    for step in steps:
        true += step
        assert unwrap(true % (1 << 32)) == true


def test_the_first_unit_stands_at_the_wall_clock():
    offset, placed = Timeline().place("video", 77, START_US)
    assert placed == 77 + offset == START


def test_between_jumps_the_source_rules():
    timeline = Timeline()
    first = timeline.place("video", 0, START_US)[1]
    rng = random.Random(1)
    for index in range(1, 300):
        arrived = at(index * FRAME / SECOND + rng.uniform(0, 0.4))
        assert timeline.place("video", index * FRAME, arrived)[1] == first + index * FRAME
    assert timeline.restamps == 0


def test_sound_and_picture_share_an_anchor():
    timeline = Timeline()
    offset, _ = timeline.place("video", 1000, START_US)
    assert timeline.place("audio", 400, at(0.1))[0] == offset


def test_a_publisher_that_comes_back_goes_on_behind_what_was_written():
    ahead = START + 3 * SECOND
    timeline = Timeline(not_before=ahead)
    assert timeline.place("video", 0, START_US)[1] > ahead
    assert timeline.place("audio", 0, START_US)[1] >= ahead
    later = Timeline(not_before=ahead)
    assert later.place("video", 0, at(60))[1] == START + 60 * SECOND


@pytest.mark.parametrize("jump_s", [-86_400, -100, -4, -0.6, 1.1, 4, 100, 86_400, 2_000_000])
def test_a_jump_of_both_tracks_keeps_them_in_sync(jump_s: float):
    timeline = Timeline()
    jump = round(jump_s * SECOND)
    for index in range(2):
        timeline.place("video", index * FRAME, at(index / 30))
        timeline.place("audio", index * BLOCK, at(index / 30))
    video, placed = timeline.place("video", jump + 2 * FRAME, at(0.06))
    audio, _ = timeline.place("audio", jump + 2 * BLOCK, at(0.07))
    assert video == audio
    assert abs(placed - us_to_ticks(at(0.06))) < SECOND
    assert timeline.restamps == 2


@pytest.mark.parametrize("jump_s", [-60, 60])
def test_a_jump_of_one_track_leaves_the_other_where_it_is(jump_s: float):
    timeline = Timeline()
    timeline.place("video", 0, START_US)
    before, _ = timeline.place("audio", 0, START_US)
    _, placed = timeline.place("video", round(jump_s * SECOND), at(0.1))
    assert abs(placed - us_to_ticks(at(0.1))) < SECOND
    assert timeline.place("audio", BLOCK, at(0.1)) == (before, START + BLOCK)
    assert timeline.restamps == 1


def test_a_pause_of_the_source_stays_a_pause():
    timeline = Timeline()
    timeline.place("video", 0, START_US)
    assert timeline.place("video", 4 * SECOND, at(4))[1] == START + 4 * SECOND
    assert timeline.place("video", 3600 * SECOND, at(3600))[1] == START + 3600 * SECOND


@given(st.lists(st.integers(-MAX_STEP_BACK, SECOND), max_size=50))
def test_stamps_that_step_back_a_little_are_held(steps: list[int]):
    timeline, dts, last = Timeline(), 10 * SECOND, 0
    for step in [0, *steps]:
        dts += step
        offset, placed = timeline.place("video", dts, START_US)
        assert placed >= max(last, dts + offset)
        last = placed
    assert timeline.restamps == 0


@pytest.mark.parametrize("step_s", [-4, -1, 2, 4])
def test_a_camera_whose_clock_is_set_goes_on_without_a_gap(step_s: int):
    timeline, shown = Timeline(), []
    for index in range(600):
        shift = 0 if index < 300 else step_s * SECOND
        dts, arrived = index * FRAME + shift, at(index * FRAME / SECOND)
        offset, placed = timeline.place("video", dts, arrived)
        assert dts + offset == placed
        shown.append(placed)
        timeline.place("audio", dts - BLOCK, arrived)
    assert all(0 < b - a < 1.1 * FRAME for a, b in pairwise(shown))
    assert timeline.restamps == 2


def test_an_encoder_that_sends_what_it_had_stored_behind_a_step_stays_in_sync():
    timeline = Timeline()
    timeline.place("video", 0, START_US)
    timeline.place("audio", 0, START_US)
    for index in range(1, 8 * 30):
        video, _ = timeline.place("video", 100 * SECOND + index * FRAME, at(0.01))
    assert timeline.place("audio", 100 * SECOND + BLOCK, at(0.02))[0] == video


@pytest.mark.parametrize("apart_s", [2, 10, 60])
def test_pictures_that_come_seldom_are_no_steps(apart_s: int):
    timeline = Timeline()
    for index in range(20):
        timeline.place("video", index * apart_s * SECOND, at(index * apart_s))
    for index in range(20, 24):  # held up on their way, then all at once
        timeline.place("video", index * apart_s * SECOND, at(24 * apart_s))
    assert timeline.restamps == 0


@pytest.mark.parametrize("tick", [0, 90])
def test_a_clock_that_stands_still_or_counts_seconds_for_milliseconds_goes_by_arrival(tick: int):
    timeline, placed = Timeline(), []
    for index in range(300):
        seconds = index / 30
        placed.append(timeline.place("video", int(seconds) * tick, at(seconds))[1])
        timeline.place("audio", round(seconds * SECOND), at(seconds))
    assert all(0 < b - a < 2 * FRAME for a, b in pairwise(placed[20:]))
    assert abs(placed[-1] - us_to_ticks(at(299 / 30))) < FRAME
    assert timeline.restamps == 1


def test_a_clock_that_goes_on_after_it_stood_still_rules_again():
    timeline = Timeline()
    for index in range(60):
        timeline.place("video", 0, at(index / 30))
    placed = [
        timeline.place("video", index * FRAME, at(2 + index / 30 + index % 2 / 50))[1]
        for index in range(1, 60)
    ]
    assert {b - a for a, b in pairwise(placed[15:])} == {FRAME}


@pytest.mark.parametrize("held_s", [1, 4, 30])
def test_units_that_were_held_up_on_their_way_are_no_standstill(held_s: int):
    timeline, offsets = Timeline(), set()
    for index in range(300):
        came = index / 30 if index < 100 else max(index / 30, 10 / 3 + held_s + index / 1000)
        offsets.add(timeline.place("video", index * FRAME, at(came))[0])
    assert len(offsets) == 1
    assert timeline.restamps == 0


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["video", "audio"]),
            st.integers(-(1 << 40), 1 << 40),
            st.integers(0, 10 * MICRO),
        ),
        max_size=60,
    ),
    st.integers(0, START + 100 * SECOND),
)
def test_whatever_comes_no_track_goes_back(units: list[tuple[str, int, int]], floor: int):
    timeline, now_us = Timeline(not_before=floor), START_US
    last = {"video": floor, "audio": floor}
    for track, dts, waited_us in units:
        now_us += waited_us
        placed = timeline.place(track, dts, now_us)[1]
        assert placed >= last[track]
        last[track] = placed


class Source:
    """A camera whose clock runs off the wall clock's by `ppm`; sound is sent a little early."""

    def __init__(self, ppm: float) -> None:
        self.speed = 1 + ppm / 1e6
        self.timeline = Timeline()
        self.shift = 0

    def stamp(self, seconds: float) -> int:
        """Its clock, 90 kHz, so long after the start by the wall clock."""
        return round(seconds * SECOND * self.speed) + self.shift

    def send(self, track: str, seconds: float) -> tuple[int, int]:
        return self.timeline.place(track, self.stamp(seconds), at(seconds))


HOURS = 7 * 3600


@pytest.mark.parametrize("ppm", [-200, 200])
def test_seven_hours_of_drift_stay_monotonic_and_in_sync(ppm: float):
    source = Source(ppm)
    placed: deque[int] = deque()
    offsets = set()
    for second in range(HOURS):
        for track in ("video", "audio"):
            offset, here = source.send(track, second)
            offsets.add(offset)
            placed.append(here)
    assert len(offsets) == 1
    assert all(b >= a for a, b in pairwise(placed))
    assert source.timeline.restamps == 0


@pytest.mark.parametrize("ppm", [-200, 0, 200])
def test_a_track_that_begins_after_seven_hours_of_drift_is_in_sync(ppm: float):
    source = Source(ppm)
    for second in range(HOURS + 1000):
        offset, _ = source.send("video", second)
    assert source.send("audio", HOURS + 1000)[0] == offset


@pytest.mark.parametrize("ppm", [-200, 0, 200])
@pytest.mark.parametrize("jump_s", [-30_000, 30_000])
def test_a_jump_of_both_tracks_after_seven_hours_of_drift_keeps_them_in_sync(
    ppm: float, jump_s: int
):
    source = Source(ppm)
    for second in range(HOURS + 1000):
        source.send("video", second)
        source.send("audio", second)
    source.shift = jump_s * SECOND
    assert source.send("video", HOURS + 1000.02)[0] == source.send("audio", HOURS + 1000)[0]


@pytest.mark.parametrize("ppm", [-200, 0, 200])
def test_a_jump_of_one_track_after_seven_hours_of_drift_keeps_it_near_the_other(ppm: float):
    source = Source(ppm)
    for second in range(HOURS + 1000):
        source.send("video", second)
        source.send("audio", second)
    _, video = source.send("video", HOURS + 1000)
    source.shift = 1000 * SECOND
    _, audio = source.send("audio", HOURS + 1000)
    assert abs(video - audio) < SECOND // 10


def test_sound_behind_a_burst_of_picture_is_in_sync():
    # An encoder that sends what it had stored: eight seconds of picture, then the sound to it.
    timeline = Timeline()
    offset, _ = timeline.place("video", 0, START_US)
    for index in range(1, 8 * 30):
        timeline.place("video", index * FRAME, START_US + index)
    assert timeline.place("audio", 0, at(0.01))[0] == offset
    assert MAX_JUMP == 5 * SECOND


@pytest.mark.parametrize("fps", [1, 25, 60])
@pytest.mark.parametrize("depth", [0, 2, 16])
def test_presentation_may_be_as_far_from_decoding_as_pictures_are_reordered(fps: int, depth: int):
    reordering, frame = Reordering(), SECOND // fps
    allowed = [reordering.allows(index * frame, depth * frame) for index in range(64)]
    assert all(allowed[16:]) == (depth * frame <= MAX_JUMP)


@pytest.mark.parametrize("stray_s", [-5, -3, 1.5, 3, 5, 4000])
def test_a_picture_that_claims_to_be_shown_in_seconds_is_not_believed(stray_s: float):
    reordering = Reordering()
    assert all(reordering.allows(index * FRAME, 2 * FRAME) for index in range(64))
    assert not reordering.allows(64 * FRAME, round(stray_s * SECOND))
    assert reordering.allows(65 * FRAME, 0)
