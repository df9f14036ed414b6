"""What passes for a latency badge that tells the truth."""

from __future__ import annotations

import pytest

from tests.support.strip import OFF_MS, worst


def test_one_badge_may_be_measured_amiss():
    assert worst([0.0, 3.0, -5.0, 2.0, OFF_MS + 200.0]) == 5.0
    assert worst([float(OFF_MS), float(-OFF_MS), 0.0]) == OFF_MS


@pytest.mark.parametrize(
    "off",
    [
        [0.0, 0.0, 0.0, 0.0, 0.0, OFF_MS + 1.0, -OFF_MS - 1.0],  # right in the middle only
        [OFF_MS + 1.0] * 3,
        [OFF_MS + 1.0, OFF_MS + 1.0, 0.0],
    ],
)
def test_badges_that_lie_are_found(off: list[float]):
    assert worst(off) > OFF_MS
