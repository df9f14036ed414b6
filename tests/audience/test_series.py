"""Ratings over time, and the best-loved moments."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest

from relay.audience.series import Point, best_loved, moment_within, of_this_run, points
from relay.state.models import Broadcast


def parts(*found: tuple[int, str, int, int]) -> dict[str, int]:
    """From minute, network, voters and their stars."""
    return {
        name: value
        for minute, network, voters, stars in found
        for name, value in (
            (f"{minute}:{network}:n", voters),
            (f"{minute}:{network}:s", stars),
        )
    }


def test_a_point_a_minute():
    found = points(parts((3, "a", 2, 9), (2, "a", 1, 5), (2, "b", 1, 2)), set(), 2)
    assert found == [Point(120, 2, 7.0), Point(180, 2, 9.0)]
    assert [point.average for point in found] == [3.5, 4.5]
    assert points({}, set(), 0) == []


def test_a_network_counts_like_a_few_in_a_crowd():
    crowd = [(1, f"n{number}", 1, 5) for number in range(30)]
    heavy = points(parts(*crowd, (1, "heavy", 500, 500)), set(), 31)[0]
    assert (heavy.count, heavy.average) == (33, 4.64)
    odd = points(parts(*crowd, (1, "odd", 500, 500)), {"odd"}, 31)[0]
    assert (odd.count, odd.average) == (31, 4.87)


def test_a_network_counts_like_a_few_in_a_quiet_minute_of_a_crowd():
    found = parts((1, "heavy", 500, 500), (2, "odd", 500, 500))
    heavy, odd = points(found, {"odd"}, 31)
    assert (heavy.count, heavy.average) == (3, 1.0)
    assert (odd.count, odd.average) == (1, 1.0)


def test_there_is_nobody_to_protect_before_there_is_a_crowd():
    alone = points(parts((1, "heavy", 500, 500)), set(), 3)[0]
    assert (alone.count, alone.average) == (500, 1.0)


@pytest.mark.parametrize(
    ("starts_s", "ended_s", "began_s", "at_s", "expected_s"),
    [
        (None, None, None, 10, 10),
        (100, None, None, 10, 100),
        (100, None, 40, 10, 40),  # its camera was on air before the time that was announced
        (100, None, 400, 150, 150),
        (None, None, 40, 10, 40),
        (2000, None, None, 10, 10),  # it has not begun
        (2000, None, 40, 10, 40),
        (100, 500, None, 900, 500),
        (100, 500, None, 10, 100),
        (100, 500, 120, 300, 300),
    ],
)
def test_a_moment_is_one_of_the_broadcast(
    starts_s: int | None, ended_s: int | None, began_s: int | None, at_s: int, expected_s: int
):
    def moment(at: int | None) -> datetime | None:
        return None if at is None else datetime.fromtimestamp(at, UTC)

    broadcast = Broadcast(slug="b", title="B", starts_at=moment(starts_s), ended_at=moment(ended_s))
    began_us = None if began_s is None else began_s * 1_000_000
    found = moment_within(broadcast, at_s * 1_000_000, began_us=began_us, now_us=1_000_000_000)
    assert found == expected_s * 1_000_000


def test_moments_before_the_start_are_not_of_this_run():
    found = [Point(60 * minute, 1, 4.0) for minute in range(10)]
    again = Broadcast(slug="b", title="B", starts_at=datetime.fromtimestamp(330, UTC))
    assert [each.at_s for each in of_this_run(found, again, 600_000_000)] == [
        300,
        360,
        420,
        480,
        540,
    ]
    assert of_this_run(found, again, 329_000_000) == found  # it has not begun
    assert of_this_run(found, Broadcast(slug="b", title="B"), 600_000_000) == found


def test_the_best_loved_moments_are_apart_and_at_most_five():
    assert best_loved([]) == []
    flat = [Point(60 * minute, 10, 45.0) for minute in range(60)]
    chosen = best_loved(flat)
    assert len(chosen) == 5
    times = sorted(point.at_s for point in chosen)
    assert all(later - earlier > 120 for earlier, later in itertools.pairwise(times))


def test_one_enthusiast_is_not_the_best_moment():
    found = [Point(0, 1, 5.0), Point(600, 40, 192.0), Point(1200, 40, 120.0), Point(1800, 40, 40.0)]
    assert [point.at_s for point in best_loved(found)] == [600, 0]
