"""Pauses between restarts."""

from __future__ import annotations

from itertools import pairwise

from relay.supervisor.backoff import Backoff


def test_the_first_restart_is_at_once_and_the_pauses_grow_to_a_bound():
    backoff = Backoff()
    pauses = [backoff.pause_s(0.1) for _ in range(20)]
    assert pauses[0] == 0
    assert all(b >= a for a, b in pairwise(pauses))
    assert pauses[-1] == max(Backoff.PAUSES_S) == 5.0


def test_a_process_that_ran_well_starts_from_scratch():
    backoff = Backoff()
    for _ in range(20):
        backoff.pause_s(0.1)
    assert backoff.pause_s(Backoff.STABLE_S) == 0
    assert backoff.pause_s(0.1) > 0


def test_one_that_nearly_did_does_not():
    backoff = Backoff()
    for _ in range(20):
        backoff.pause_s(Backoff.STABLE_S - 0.1)
    assert backoff.pause_s(Backoff.STABLE_S - 0.1) == 5.0
