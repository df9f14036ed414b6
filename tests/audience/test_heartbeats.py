"""Heartbeats of one page."""

from __future__ import annotations

import pytest

from relay.audience.heartbeats import Page
from relay.audience.watching import Watching


def test_what_counts_as_watched():
    page, plays, rests = Page(), Watching(playing=True), Watching(playing=False)
    assert page.hear(plays, 100.0) == 0.0
    assert page.hear(plays, 100.5) is None  # too soon
    assert page.hear(plays, 110.0) == 10.0
    assert page.hear(rests, 110.1) == pytest.approx(0.1)  # a change is told at once
    assert page.hear(rests, 150.0) == 0.0
    assert page.hear(plays, 151.0) == 0.0
    assert page.hear(plays, 400.0) == 15.0  # its machine slept


@pytest.mark.parametrize(
    ("reports", "seconds"),
    [
        ([], 0.0),
        ([(True, 100.0)], 4.0),
        ([(True, 80.0)], 10.0),  # it reports every 10 s: it has gone before
        ([(True, 90.0), (False, 98.0)], 0.0),
        ([(False, 90.0), (True, 98.0), (True, 98.5)], 6.0),  # the last one came too soon
    ],
)
def test_what_counts_of_the_time_up_to_the_end(
    reports: list[tuple[bool, float]], seconds: float
) -> None:
    page = Page()
    for playing, at in reports:
        page.hear(Watching(playing=playing), at)
    assert page.end(104.0) == seconds
