"""A source's own word on when its pictures were captured."""

from __future__ import annotations

import pytest

from relay.media.timebase import ToldClock

ZERO_US = 1_750_000_000_000_000


@pytest.mark.parametrize(
    ("pts", "late_us", "believed"),
    [
        (0, 0, True),
        (90_000, 20_000, True),
        (90_000 * 23_400, 4_999_999, True),
        (0, 5_000_001, False),
        (90_000, -50_001, False),
        (-90_000, 10, True),
    ],
)
def test_it_is_believed_within_five_seconds(pts: int, late_us: int, believed: bool):
    captured = ZERO_US + pts * 1_000_000 // 90_000
    found = ToldClock(ZERO_US).captured_us(pts, captured + late_us)
    assert found == (captured if believed else None)


def test_what_seems_to_come_before_it_was_seen_comes_now():
    now_us = ZERO_US + 1_000_000 - 30_000
    assert ToldClock(ZERO_US).captured_us(90_000, now_us) == now_us


def arrive(clock: ToldClock, seconds: range, late_us: int) -> list[bool]:
    """Whether the clock has proven itself after each of ten units a second, so late each."""
    proven = []
    for tenth in range(seconds.start * 10, seconds.stop * 10):
        clock.captured_us(tenth * 9000, ZERO_US + tenth * 100_000 + late_us)
        proven.append(clock.is_proven)
    return proven


def test_a_sender_two_seconds_late_proves_its_clock_in_two_seconds():
    proven = arrive(ToldClock(ZERO_US), range(5), 2_000_000)
    assert proven == [False] * 20 + [True] * 30


@pytest.mark.parametrize("late_us", [-7_200_000_000, -100_000, 5_100_000, 7_200_000_000])
def test_a_clock_that_is_wrong_proves_nothing(late_us: int):
    assert not any(arrive(ToldClock(ZERO_US), range(60), late_us))


def test_one_that_goes_wrong_has_to_prove_itself_again():
    clock = ToldClock(ZERO_US)
    assert arrive(clock, range(3), 33_000)[-1]
    assert not any(arrive(clock, range(3, 4), 9_000_000))  # it has stepped by seconds
    assert arrive(clock, range(4, 7), 33_000) == [False] * 20 + [True] * 10


def test_one_that_is_told_with_each_picture_keeps_what_it_has_proven():
    clock = ToldClock(ZERO_US)
    arrive(clock, range(3), 33_000)
    clock.tell(ZERO_US + 40)
    assert clock.is_proven
    clock.tell(ZERO_US + 3_600_000_000)
    assert not any(arrive(clock, range(3, 6), 33_000))
