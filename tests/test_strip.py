"""What passes for a latency badge that tells the truth."""

from __future__ import annotations

import pytest

from tests.support.strip import OFF_MS, check_off


def test_one_badge_may_be_measured_amiss():
    check_off([0.0, 3.0, -5.0, 2.0, OFF_MS + 200.0])
    check_off([float(OFF_MS), float(-OFF_MS), 0.0])


@pytest.mark.parametrize(
    "off",
    [
        [0.0, 0.0, 0.0, 0.0, 0.0, OFF_MS + 1.0, -OFF_MS - 1.0],  # right in the middle only
        [OFF_MS + 1.0] * 3,
        [OFF_MS + 1.0, OFF_MS + 1.0, 0.0],
    ],
)
def test_badges_that_lie_are_found(off: list[float]):
    with pytest.raises(AssertionError):
        check_off(off)
