"""How many CPUs there are for a process."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from relay.edge.cpus import available_cpus

if TYPE_CHECKING:
    from pathlib import Path

HAS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Groups:
    """Control groups as files."""

    def __init__(self, folder: Path) -> None:
        self.mine = folder / "mine"
        self.root = folder / "cgroup"
        self.root.mkdir()

    def be_in(self, text: str) -> None:
        self.mine.write_text(text)

    def limit(self, group: str, text: str) -> None:
        folder = self.root / group
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cpu.max").write_text(text)

    def cpus(self) -> float:
        return available_cpus(self.mine, self.root)


@pytest.fixture
def groups(tmp_path: Path) -> Groups:
    return Groups(tmp_path)


def test_without_control_groups_it_is_those_it_may_run_on(groups: Groups) -> None:
    assert groups.cpus() == HAS
    assert 0 < available_cpus() <= HAS


def test_a_quota_is_a_part_of_a_cpu(groups: Groups) -> None:
    groups.be_in("0::/\n")
    groups.limit("", "50000 100000\n")
    assert groups.cpus() == 0.5


def test_the_quota_of_a_group_around_it_counts(groups: Groups) -> None:
    groups.be_in("1:name=systemd:/x\n0::/relay.slice/edge.service\n")
    groups.limit("relay.slice", "25000 100000\n")
    groups.limit("relay.slice/edge.service", "max 100000\n")
    groups.limit("x", "1000 100000\n")
    assert groups.cpus() == 0.25


@pytest.mark.parametrize("text", ["max 100000\n", "", "one two\n", "100 0\n", "9000000 100000\n"])
def test_what_is_no_limit_limits_nothing(groups: Groups, text: str) -> None:
    groups.be_in("0::/../..\n")
    groups.limit("", text)
    assert groups.cpus() == HAS


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no affinities")
def test_only_those_it_may_run_on_count(groups: Groups) -> None:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert groups.cpus() == 1.0
    finally:
        os.sched_setaffinity(0, before)
