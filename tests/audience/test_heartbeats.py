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
