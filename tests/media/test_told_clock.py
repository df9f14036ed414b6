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
        (90_000, -1, False),
        (-90_000, 10, True),
    ],
)
def test_it_is_believed_within_five_seconds(pts: int, late_us: int, believed: bool):
    captured = ZERO_US + pts * 1_000_000 // 90_000
    found = ToldClock(ZERO_US).captured_us(pts, captured + late_us)
    assert found == (captured if believed else None)
