"""Which edge a session goes to."""

from __future__ import annotations

from collections import Counter
from typing import Any

from relay.gateway.placement import AVOID_S, Placement


def fact(load: float = 0.02, sessions: int = 0, *, full: bool = False) -> dict[str, Any]:
    return {"load": load, "sessions": sessions, "full": full}


def give(placement: Placement, edges: dict[str, Any], count: int) -> Counter[str]:
    """Give out sessions, each to the first choice."""
    given: Counter[str] = Counter()
    for _ in range(count):
        best = placement.order(edges, 0.0)[0]
        placement.gave(best, edges[best])
        given[best] += 1
    return given


def test_the_least_loaded_comes_first() -> None:
    edges = {"a": fact(0.6, 500), "b": fact(0.2, 600), "c": fact(0.4, 100)}
    assert Placement().order(edges, 0.0) == ["b", "c", "a"]


def test_a_rush_is_shared_before_the_edges_tell_of_it() -> None:
    edges = {"a": fact(0.021), "b": fact(0.049)}
    assert give(Placement(), edges, 100) == {"a": 50, "b": 50}


def test_a_rush_goes_to_the_empty_edge_until_the_loads_are_alike() -> None:
    edges = {"a": fact(0.5, 500), "b": fact(0.02)}
    assert give(Placement(), edges, 300) == {"b": 300}


def test_what_an_edge_tells_replaces_what_was_given_to_it() -> None:
    placement = Placement()
    edges = {"a": fact(), "b": fact()}
    give(placement, edges, 10)
    edges = {"a": fact(sessions=20), "b": fact(sessions=5)}
    assert give(placement, edges, 15) == {"b": 15}


def test_full_edges_are_left_out() -> None:
    edges = {"a": fact(0.9, full=True), "b": fact(0.8)}
    assert Placement().order(edges, 0.0) == ["b"]


def test_an_edge_that_has_not_answered_is_the_last_choice_for_a_while() -> None:
    placement = Placement()
    edges = {"a": fact(), "b": fact(0.5, 10)}
    placement.missed("a", 10.0)
    assert placement.order(edges, 10.0 + AVOID_S / 2) == ["b", "a"]
    assert placement.order(edges, 10.0 + AVOID_S) == ["a", "b"]


def test_edges_that_are_gone_are_forgotten() -> None:
    placement = Placement()
    edges = {"a": fact()}
    give(placement, edges, 3)
    placement.missed("a", 0.0)
    assert placement.order({}, 1.0) == []
    assert not placement._given
    assert not placement._silent
