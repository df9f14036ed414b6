"""The budget of what is sent again to viewers that cannot decode."""

from __future__ import annotations

from relay.edge.replays import Replays


def test_one_viewer_after_another_is_helped() -> None:
    replays = Replays(600)
    assert all(replays.take(60, now) for now in range(100))


def test_a_crowd_that_loses_the_same_is_not() -> None:
    replays = Replays(600)
    replays.take(1, 100.0)
    assert sum(replays.take(60, 101.0) for _ in range(3000)) == 10
    # What is left over comes back by and by.
    assert not replays.take(60, 101.05)
    assert replays.take(60, 101.2)


def test_a_gop_longer_than_the_budget_never_fits() -> None:
    assert not Replays(600).take(601, 1e6)


def test_a_clock_that_stands_still_gives_nothing() -> None:
    replays = Replays(60)
    assert replays.take(60, 5.0)
    assert not replays.take(1, 5.0)
    assert not replays.take(1, 4.0)
