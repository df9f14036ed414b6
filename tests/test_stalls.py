"""What the tests' own time limits allow a slow or a busy machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support import stalls
from tests.support.stalls import STRETCH, Deadline, tries, within_tries


class Machine:
    """A clock, and how much of its time somebody waited for a CPU."""

    def __init__(self) -> None:
        self.now = self.waited = 0.0

    def pass_(self, seconds: float, *, pressure: float) -> None:
        self.now += seconds
        self.waited += seconds * pressure


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine()
    monkeypatch.setattr(stalls.time, "monotonic", lambda: made.now)
    monkeypatch.setattr(stalls, "waited_s", lambda: made.waited)
    monkeypatch.setattr(stalls, "slowness", lambda: 1.0)
    monkeypatch.setattr(stalls.Stalls, "_watch", lambda _: None)
    return made


@pytest.mark.parametrize(
    ("pressure", "after_s"), [(0.0, 20.0), (0.5, 40.0), (0.75, 80.0), (1.0, 20.0 * STRETCH)]
)
def test_a_deadline_does_not_count_the_time_without_a_cpu(
    pressure: float, after_s: float, machine: Machine
) -> None:
    deadline = Deadline(20.0)
    machine.pass_(after_s - 0.1, pressure=pressure)
    assert not deadline.passed
    machine.pass_(0.2, pressure=pressure)
    assert deadline.passed


def took(machine: Machine, *rounds: tuple[float, float]) -> list[float]:
    """Measure what takes so long under such a pressure in each round; at most 5 s are allowed."""
    left = iter(rounds)

    def measure() -> float:
        seconds, pressure = next(left)
        machine.pass_(seconds, pressure=pressure)
        return seconds

    return within_tries(measure, 5.0)


def test_what_is_kept_is_measured_once(machine: Machine) -> None:
    assert took(machine, (4.9, 0.9)) == [4.9]


def test_what_is_broken_on_a_quiet_machine_fails_at_once(machine: Machine) -> None:
    with pytest.raises(AssertionError, match=r"5\.10 .*at most 5"):
        took(machine, (5.1, 0.1))


def test_a_busy_machine_is_measured_again(machine: Machine) -> None:
    assert took(machine, (9.0, 0.6), (4.0, 0.6)) == [9.0, 4.0]
    with pytest.raises(AssertionError, match=r"6\.00"):
        took(machine, (9.0, 0.6), (6.0, 0.0))


def test_a_machine_that_stays_busy_has_more_time_and_no_more_than_that(machine: Machine) -> None:
    assert took(machine, (9.0, 0.4), (9.0, 0.5), (9.0, 0.5)) == [9.0, 9.0, 9.0]
    with pytest.raises(AssertionError, match="at most 5"):
        took(machine, (11.0, 0.5), (11.0, 0.5), (11.0, 0.5))


def test_what_is_no_time_is_not_judged_on_a_busy_machine(machine: Machine) -> None:
    def freezes() -> float:
        machine.pass_(20, pressure=0.5)
        return 1

    with pytest.raises(pytest.skip.Exception, match="not judged, because the machine had no CPU"):
        within_tries(freezes, 0, seconds=False)


def test_a_block_is_timed_by_itself(machine: Machine) -> None:
    for attempt in tries(1.0):
        with attempt:
            machine.pass_(0.75, pressure=0.0)
    assert attempt.value == 0.75


def test_no_test_has_a_time_limit_of_its_own() -> None:
    """`HANG_S`, `eventually` and `tries` know the machine; numbers do not."""
    own = re.compile(
        r"asyncio\.timeout\([1-9]|(?<!\], )\btimeout=[1-9]\d?[,)]|settimeout\([1-9]"
        r"|assert .*(monotonic|perf_counter|loop\.time)\(\) - \w+ <"
        r"|assert (min\()?took(_s)?\)? <"
    )
    here = Path(__file__).parent
    found = [
        f"{path.relative_to(here)}:{number}: {line.strip()}"
        for path in sorted(here.rglob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if own.search(line) and path.name != Path(__file__).name
    ]
    assert found == []
