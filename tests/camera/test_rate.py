"""What is measured of a source's rate, in simulated time."""

from __future__ import annotations

import itertools
import random

import pytest

from relay.camera.rate import FrameRate
from relay.media.timebase import VIDEO_CLOCK


def stamps(*runs: tuple[int, float]) -> list[int]:
    """Times in 90 kHz, rounded to milliseconds as RTMP does: runs of (pictures, milliseconds)."""
    steps = itertools.chain.from_iterable([ms] * count for count, ms in runs)
    return [round(at) * 90 for at in itertools.accumulate(steps, initial=5000.0)]


def told(times: list[int], stated: float | None = None) -> list[float]:
    """The rates that are told one after the other."""
    rate, found = FrameRate(), []
    for at in times:
        rate.add(at, stated)
        if rate.value is not None and found[-1:] != [rate.value]:
            found.append(rate.value)
    return found


@pytest.mark.parametrize("fps", [1, 5, 15, 24, 25, 29.97, 50, 59.94])
def test_a_steady_rate_is_told_once(fps: float) -> None:
    assert told(stamps((200, 1000 / fps))) == [pytest.approx(fps, rel=0.01)]


def test_what_the_stream_states_is_believed_early_if_it_is_so() -> None:
    rate = FrameRate()
    for at in stamps((3, 1000 / 30)):
        rate.add(at, 30.0)
    assert rate.value == 29.97
    assert told(stamps((60, 1000 / 30)), stated=60.0) == [29.97]


@pytest.mark.parametrize(
    ("before", "after"), [(1, 30), (10, 60), (60, 10), (24, 30), (30, 15), (59.94, 25)]
)
def test_another_rate_is_told_within_half_a_second_and_without_others_between(
    before: float, after: float
) -> None:
    found = told(stamps((60, 1000 / before), (60, 1000 / after)))
    assert len(found) == 2
    assert found == [pytest.approx(before, rel=0.01), pytest.approx(after, rel=0.01)]
    rate = FrameRate()
    for at in stamps((60, 1000 / before), (FrameRate.WINDOW + 1, 1000 / after)):
        rate.add(at)
    assert rate.value == pytest.approx(after, rel=0.01)


def test_a_burst_at_the_beginning_is_not_the_rate() -> None:
    assert told(stamps((6, 1), (100, 1000 / 30)))[-1] == 29.97


def test_neither_a_gap_nor_a_lost_picture_is_another_rate() -> None:
    times = stamps((60, 1000 / 30), (1, 2500), (30, 1000 / 30), (1, 67), (60, 1000 / 30))
    assert told(times) == [29.97]


def test_uneven_steps_count_for_what_they_are_on_the_whole() -> None:
    # A webcam in dim light that makes 30 and 15 pictures a second by turns.
    rng = random.Random(5)
    times = stamps(*[(1, rng.choice([1000 / 30, 1000 / 15])) for _ in range(600)])
    found = told(times)
    assert all(16 < each < 27 for each in found)
    assert len(found) <= 8


def test_stamps_that_stand_still_or_go_back_say_nothing() -> None:
    times = stamps((40, 1000 / 30))
    times[20] = times[19]
    times[30] -= 10 * VIDEO_CLOCK
    assert told(times) == [29.97]
