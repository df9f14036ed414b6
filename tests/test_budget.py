"""What one peer may ask for, in simulated time."""

from __future__ import annotations

from relay.budget import Budget


def test_a_burst_and_then_so_much_a_second() -> None:
    budget = Budget(rate=2, burst=5, now=100.0)
    assert [budget.spend(100.0) for _ in range(7)] == [True] * 5 + [False] * 2
    assert [budget.spend(101.0) for _ in range(3)] == [True, True, False]
    assert [budget.spend(1_000.0) for _ in range(6)] == [True] * 5 + [False]


def test_costs_differ_and_what_is_too_dear_costs_nothing() -> None:
    budget = Budget(rate=1, burst=10, now=0.0)
    assert not budget.spend(0.0, 11)
    assert budget.spend(0.0, 10)
    assert not budget.spend(0.5, 1)


def test_a_clock_that_is_set_back_gives_nothing_and_takes_nothing() -> None:
    budget = Budget(rate=1, burst=2, now=50.0)
    assert budget.spend(50.0, 2)
    assert not budget.spend(40.0)
    assert budget.spend(41.0)


def test_in_the_long_run_nobody_gets_more_than_the_rate() -> None:
    budget = Budget(rate=5, burst=60, now=0.0)
    granted = sum(budget.spend(step / 6_000) for step in range(60 * 6_000))
    assert 60 + 5 * 59 <= granted <= 60 + 5 * 60
