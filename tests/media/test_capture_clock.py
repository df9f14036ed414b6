"""The capture time is estimated from time stamps and arrivals."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from relay.media.timebase import CaptureClock, us_to_ticks

START_US = 1_750_000_000_000_000
FRAME_US = 33_367


def errors_us(
    *, frames: int, ppm: float = 0, least_us: int = 20_000, jitter_us: int = 0, seed: int = 1
) -> list[int]:
    """How far the estimates are behind the true capture times, of a camera that was switched on at
    some moment and whose clock runs `ppm` fast; delays are at least `least_us`.
    """
    clock, rng = CaptureClock(), random.Random(seed)
    found, arrived = [], 0
    for index in range(frames):
        captured = START_US + index * FRAME_US
        stamp = us_to_ticks(round(index * FRAME_US * (1 + ppm / 1e6)))
        arrived = max(arrived, captured + least_us + round(rng.expovariate(4) * jitter_us))
        found.append(clock.captured_us(stamp, arrived) - captured)
    return found


def test_a_steady_link_adds_its_delay():
    assert all(abs(error - 20_000) <= 12 for error in errors_us(frames=1000))


@pytest.mark.parametrize("ppm", [-200, 0, 200])
def test_jitter_is_taken_out(ppm: float):
    found = errors_us(frames=20_000, ppm=ppm, jitter_us=100_000)[600:]
    assert min(found) >= 19_900
    assert max(found) < 26_000


@pytest.mark.parametrize("ppm", [-400, -200, 200, 400])
def test_drift_is_followed_for_hours(ppm: float):
    found = errors_us(frames=7 * 3600, ppm=ppm)  # at a thirtieth of the rate, as long as that
    assert all(abs(error - 20_000) < 100 for error in found)


def test_a_jump_of_the_source_begins_anew():
    clock = CaptureClock()
    clock.captured_us(0, START_US)
    assert clock.captured_us(90_000 * 3600, START_US + 1) == START_US + 1
    assert clock.captured_us(0, START_US + 2) == START_US + 2


def test_a_stall_that_is_made_up_for_leaves_no_trace():
    clock = CaptureClock()
    for index in range(100):
        clock.captured_us(us_to_ticks(index * FRAME_US), START_US + index * FRAME_US)
    stalled = START_US + 200 * FRAME_US
    found = [clock.captured_us(us_to_ticks(i * FRAME_US), stalled) for i in range(100, 200)]
    steps = [b - a for a, b in pairwise(found)]
    assert all(abs(step - FRAME_US) < 20 for step in steps)


def test_a_wall_clock_that_is_set_back_is_believed():
    clock = CaptureClock()
    clock.captured_us(0, START_US)
    assert clock.captured_us(9_000, START_US - 2_000_000) == START_US - 2_000_000
