"""What is made less of where a machine cannot keep up, in simulated time."""

from __future__ import annotations

from relay.camera.ladder import plan
from relay.camera.strain import AGAIN_S, MOST, PATIENCE, WINDOW_S, Strain


class Machine:
    """One that takes some pictures a second, of a source that makes 60."""

    def __init__(self) -> None:
        self.strain = Strain()
        self.now = self.late = self.shown = 0

    def run(self, seconds: float, late: int) -> list[int]:
        """Go on for a time, with so many late a second; the steps at its changes."""
        changes = []
        for _ in range(int(seconds)):
            self.now += 1
            self.late += late
            self.shown += 60 - late
            if self.strain.note(self.late, self.shown, float(self.now)):
                changes.append(self.strain.steps)
        return changes


def test_a_few_late_pictures_change_nothing() -> None:
    assert Machine().run(600, late=5) == []


def test_a_link_that_delivers_at_once_after_a_pause_changes_nothing() -> None:
    machine = Machine()
    for _ in range(10):
        assert machine.run(1, late=50) == []
        assert machine.run(2 * WINDOW_S, late=0) == []


def test_a_machine_that_cannot_keep_up_makes_less_and_less() -> None:
    machine = Machine()
    assert machine.run(PATIENCE * WINDOW_S + 1, late=30) == [1]
    assert machine.run(60, late=30) == list(range(2, MOST + 1))


def test_what_was_reduced_comes_back_step_by_step() -> None:
    machine = Machine()
    machine.run(2 * PATIENCE * WINDOW_S + 1, late=30)
    assert machine.strain.steps == 2
    assert machine.run(AGAIN_S - 4, late=0) == []
    assert machine.run(AGAIN_S + 10, late=0) == [1, 0]


def test_what_fails_again_is_tried_more_and_more_seldom() -> None:
    machine, tries = Machine(), []
    machine.run(PATIENCE * WINDOW_S + 1, late=30)
    for _ in range(3):
        began = machine.now
        while machine.strain.steps:
            machine.run(1, late=0)
        tries.append(machine.now - began)
        machine.run((PATIENCE + 1) * WINDOW_S, late=30)
        assert machine.strain.steps
    assert tries == sorted(tries)
    assert tries[-1] > 1.9 * tries[0]


def test_at_first_the_rate_is_halved_and_then_rungs_go() -> None:
    def made(less: int) -> list[tuple[str, float]]:
        return [(rung.name, rung.fps) for rung in plan(3840, 2160, 60, less=less)]

    assert made(0) == [("720p", 60), ("480p", 60), ("240p", 60)]
    assert made(1) == [("720p", 30), ("480p", 30), ("240p", 30)]
    assert made(2) == [("480p", 30), ("240p", 30)]
    assert made(3) == made(4) == [("240p", 30)]
