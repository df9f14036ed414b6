"""Whether a stream's frames come later and later, and what a player that says so is believed."""

from __future__ import annotations

import pytest

from relay.edge.adapt import STARTS_S, Adaptation
from relay.edge.lateness import BLAMED_S, Lateness
from tests.support.path import ANY, CHOICES

FRAME_S = 1 / 30


def come(lateness: Lateness, late: list[float]) -> float:
    """Frames come, each so many seconds after it was taken; returns when the last one does."""
    now = 0.0
    for index, late_s in enumerate(late):
        now = index * FRAME_S + late_s
        lateness.note(index * FRAME_S, now)
    return now


def test_frames_that_come_later_and_later_are_slow_for_a_while() -> None:
    lateness = Lateness()
    now = come(lateness, [0.0, 0.0, 0.06, 0.12, 0.18])
    assert lateness.grows(now)
    assert not lateness.grows(now + BLAMED_S)


@pytest.mark.parametrize(
    "late",
    [
        [0.005 * (index % 3) for index in range(90)],
        [0.3, 0.27, 0.24, 0.21] * 10,  # a large frame, and what stood in its queue
        [0.0, 0.0, 0.4, 0.37, 0.33, 0.3, 0.0],  # a path that stood still for a moment
        [0.001 * index for index in range(90)],  # a clock that drifts, and how
    ],
)
def test_others_are_not(late: list[float]) -> None:
    lateness = Lateness()
    assert not lateness.grows(come(lateness, late))


def watched(adaptation: Adaptation, now: float, seconds: float) -> float:
    """A good path for so many seconds; returns when that is over."""
    until = now + seconds
    while now < until:
        now += 0.25
        adaptation.estimate(4_000_000, now)
        adaptation.report(0.0, 0.02, now)
        adaptation.decide(now)
    return now


@pytest.mark.parametrize(("pace", "rung"), [(0.25, "240p"), (0.6, "240p"), (0.8, "720p")])
def test_what_does_not_get_through_is_gone_down_from_at_once(pace: float, rung: str) -> None:
    adaptation = Adaptation(CHOICES, ANY, 1000.0)
    now = watched(adaptation, 1000.0, 5.0)
    adaptation.slowed(pace, now)
    decision = adaptation.decide(now)
    assert (decision.rung, decision.urgent) == (rung, rung != "720p")


def test_a_try_that_slows_pictures_fails() -> None:
    adaptation = Adaptation(CHOICES, ANY, 1000.0, start="480p")
    now = 1000.0
    while adaptation.decide(now).probe_bps == 0:
        now = watched(adaptation, now, 0.25)
        assert now < 1030
    adaptation.slowed(0.5, now)
    decision = adaptation.decide(now)
    assert (decision.rung, decision.probe_bps) == ("480p", 0)
    adaptation.slowed(0.3, now + 1.5)
    assert adaptation.decide(now + 1.5).rung == "480p", "what was tried is still under way"


def test_frames_that_wait_for_what_is_sent_again_say_nothing() -> None:
    adaptation = Adaptation(CHOICES, ANY, 1000.0)
    now = watched(adaptation, 1000.0, 5.0)
    adaptation.report(0.02, 0.02, now)
    adaptation.slowed(0.3, now)
    assert adaptation.decide(now).rung == "720p"


def test_nobody_goes_without_a_picture_for_a_few_frames() -> None:
    adaptation = Adaptation(CHOICES, ANY, 1000.0 - STARTS_S, start="240p")
    now = 1000.0
    for _ in range(3):
        now += 1.5
        adaptation.report(0.0, 0.02, now)
        adaptation.slowed(0.1, now)
        assert adaptation.decide(now).rung == "240p"


def test_a_page_that_is_being_built_shows_frames_late() -> None:
    adaptation = Adaptation(CHOICES, ANY, 1000.0)
    now = watched(adaptation, 1000.0, STARTS_S - 1)
    adaptation.slowed(0.3, now)
    assert adaptation.decide(now).rung == "720p"
    now = watched(adaptation, now, 1.5)
    adaptation.slowed(0.3, now)
    assert adaptation.decide(now).rung == "240p", "and is believed from then on"


def test_just_after_a_switch_it_is_the_old_rung_that_is_late() -> None:
    adaptation = Adaptation(CHOICES, ANY, 1000.0 - STARTS_S)
    adaptation.arrived(1000.0)
    adaptation.slowed(0.3, 1000.5)
    assert adaptation.decide(1000.5).rung == "720p"
    assert adaptation.decide(1002.0).rung == "720p", "nor is it held against it later"
