"""What share of its packets a viewer loses, by totals."""

from __future__ import annotations

import pytest

from relay.edge.loss import GIVE_UP_S, LEAST_PACKETS, WINDOW_S, LossMeter


def test_a_share_over_the_window() -> None:
    meter = LossMeter()
    shares = [meter.note(100 * step, 5 * step, step * 0.25) for step in range(40)]
    assert shares[0] == 0.0
    assert shares[20:] == pytest.approx([0.05] * 20)


def test_a_burst_among_a_handful_is_no_great_loss() -> None:
    """Reports that come with every message speak of ten packets, or of two."""
    meter = LossMeter()
    meter.note(1000, 0, 0.0)
    assert meter.note(1006, 4, 0.02) == pytest.approx(4 / LEAST_PACKETS)
    assert meter.note(1200, 4, 0.5) == pytest.approx(4 / 200)


def test_what_was_lost_is_forgotten() -> None:
    meter = LossMeter()
    meter.note(0, 0, 0.0)
    assert meter.note(100, 90, 0.5) == pytest.approx(0.9)
    later = [meter.note(100 + step * 50, 90, 0.5 + step * 0.25) for step in range(1, 12)]
    assert later[-1] == 0.0
    assert [share for share in later if share] == sorted((s for s in later if s), reverse=True)


def test_what_is_lost_suddenly_is_seen_at_once() -> None:
    meter = LossMeter()
    for step in range(20):
        meter.note(50 * step, 0, step * 0.2)
    now = 19 * 0.2
    assert meter.note(1000, 30, now + 0.15) < 0.1, "of all of the time it is little"
    assert meter.sudden() == pytest.approx(30 / 50)
    meter.note(1010, 30, now + 0.5)
    assert meter.sudden() == 0.0
    meter.begin_anew(1010, now)
    assert meter.sudden() == 0.0


def test_it_begins_anew() -> None:
    meter = LossMeter()
    meter.note(0, 0, 0.0)
    assert meter.note(100, 90, 0.5) == pytest.approx(0.9)
    meter.begin_anew(160, 0.5)
    assert meter.note(120, 95, 0.6) == 0.0
    assert meter.note(159, 130, 3.0) == 0.0, "these were lost before"
    assert meter.note(165, 135, 3.1) == 0.0, "some of these as well"
    assert meter.note(170, 136, 3.2) == pytest.approx(1 / LEAST_PACKETS)
    assert meter.note(265, 140, 3.5) == pytest.approx(0.05)


def test_a_receiver_that_counts_otherwise_is_measured_all_the_same() -> None:
    meter = LossMeter()
    meter.begin_anew(3 << 16, 0.0)
    assert meter.note(100, 50, 1.0) == 0.0
    assert meter.note(200, 60, GIVE_UP_S) == 0.0
    assert meter.note(300, 80, GIVE_UP_S + 1.0) == pytest.approx(0.2)


def test_it_begins_anew_over_a_wrap() -> None:
    meter = LossMeter()
    meter.begin_anew((1 << 32) + 10, 0.0)
    assert meter.note((1 << 32) - 10, 5, 0.0) == 0.0
    assert meter.note(10, 50, 0.1) == 0.0
    assert meter.note(110, 60, 0.2) == pytest.approx(0.1)


def test_totals_wrap_begin_anew_and_step_back() -> None:
    meter = LossMeter()
    meter.note((1 << 32) - 50, 0, 0.0)
    assert meter.note(50, 10, 0.1) == pytest.approx(0.1)
    assert meter.note(60, 9, 0.2) == pytest.approx(9 / 110), "a packet that came late after all"
    assert meter.note(3_000_000, 500, 0.3) == 0.0, "another stream"
    assert meter.note(3_000_100, 490, 0.4) == 0.0


def test_it_is_bounded() -> None:
    meter = LossMeter()
    for step in range(10_000):
        meter.note(step, 0, step * 1e-6)
    assert len(meter._totals) <= 64
    assert meter.note(10_000, 0, WINDOW_S) == 0.0
