"""When an edge is full, in simulated time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relay.edge.admission import BEHIND_S, FEW, MAX_LATE_S, RUSH, Headroom, Usage

IDLE = Usage(
    loop_cpu_s=0.0,
    process_cpu_s=0.0,
    loop_wait_s=0.0,
    core_wait_s=0.0,
    packets=0,
    failures=0,
    served=0,
    late=0,
    dropped=0,
    late_s=0.0,
)


class Edge:
    """Uses CPU and sends, second by second."""

    def __init__(self, limit: float = 0.85, cpus: float = 2.0, viewers: int = 1000) -> None:
        self.headroom = Headroom(limit, cpus)
        self.now = 100.0
        self.usage = IDLE
        self.viewers = viewers
        self.headroom.measure(self.now, self.usage, viewers)

    def work(
        self,
        seconds: int = 1,
        *,
        loop: float = 0.0,
        core: float = 0.0,
        loop_waits: float = 0.0,
        core_waits: float = 0.0,
        failed: int = 0,
        served: int = 30,
        late: int = 0,
        dropped: int = 0,
        late_s: float = 0.0,
    ) -> None:
        for _ in range(seconds):
            self.now += 1
            self.usage = replace(
                self.usage,
                loop_cpu_s=self.usage.loop_cpu_s + loop,
                process_cpu_s=self.usage.process_cpu_s + loop + core,
                loop_wait_s=self.usage.loop_wait_s + loop_waits,
                core_wait_s=self.usage.core_wait_s + core_waits,
                packets=self.usage.packets + 10_000,
                failures=self.usage.failures + failed,
                served=self.usage.served + served,
                late=self.usage.late + late,
                dropped=self.usage.dropped + dropped,
                late_s=late_s,
            )
            self.headroom.measure(self.now, self.usage, self.viewers)


def test_an_idle_edge_has_room() -> None:
    edge = Edge()
    assert edge.headroom.admits(0, 0)
    edge.work(10, loop=0.02)
    assert edge.headroom.admits(0, 100)
    assert not edge.headroom.full


@pytest.mark.parametrize("busy", [{"loop": 0.9}, {"core": 0.9}, {"loop": 0.1, "core": 0.9}])
def test_the_busier_thread_decides(busy: dict[str, float]) -> None:
    edge = Edge()
    edge.work(10, **busy)
    assert edge.headroom.full
    assert edge.headroom.load == pytest.approx(0.9, abs=0.01)


def test_two_threads_that_are_half_busy_leave_room() -> None:
    edge = Edge()
    edge.work(10, loop=0.5, core=0.5)
    assert edge.headroom.admits(1000, 0)


@pytest.mark.parametrize("cpus", [0.5, 1.0, 1.2])
def test_two_threads_that_have_to_share_a_cpu_leave_none(cpus: float) -> None:
    edge = Edge(cpus=cpus)
    edge.work(10, loop=0.4 * cpus, core=0.4 * cpus)
    assert not edge.headroom.full
    edge.work(10, loop=0.44 * cpus, core=0.44 * cpus)
    assert edge.headroom.full
    assert edge.headroom.load == pytest.approx(0.88, abs=0.01)


def test_on_one_cpu_it_is_full_before_the_machine_is() -> None:
    """Viewers come as long as they are let in; each costs both threads something."""
    edge, viewers = Edge(cpus=1.0), 0
    for _ in range(200):
        for _ in range(40):
            viewers += edge.headroom.admits(viewers, 0)
        edge.work(1, loop=viewers * 150e-6, core=viewers * 250e-6)
    assert edge.headroom.full
    assert 0.85 <= viewers * 400e-6 <= 0.9


def test_more_cpus_than_threads_are_of_no_use() -> None:
    edge = Edge(cpus=16.0)
    edge.work(10, loop=0.2, core=0.86)
    assert edge.headroom.full


@pytest.mark.parametrize(
    "busy", [{"core": 0.7, "core_waits": 0.2}, {"loop": 0.7, "loop_waits": 0.2}]
)
def test_a_busy_thread_lacks_what_others_use_of_its_cpu(busy: dict[str, float]) -> None:
    edge = Edge()
    edge.work(10, **busy)
    assert edge.headroom.full
    assert edge.headroom.load == pytest.approx(0.9, abs=0.01)


def test_a_thread_that_has_little_to_do_may_wait_for_its_turn() -> None:
    edge = Edge()
    edge.work(10, loop=0.1, loop_waits=0.8, core=0.3, core_waits=0.6)
    assert edge.headroom.admits(100, 0)
    assert edge.headroom.load == pytest.approx(0.3, abs=0.01)


def test_others_on_its_core_fill_it_before_nothing_is_left() -> None:
    """As many come as are let in; others use a fifth of the core, and are in its way by chance."""
    edge, viewers = Edge(), 0
    for _ in range(200):
        for _ in range(40):
            viewers += edge.headroom.admits(viewers, 0)
        core = viewers * 230e-6
        edge.work(1, core=core, core_waits=0.2 * core)
    assert edge.headroom.full
    assert viewers * 230e-6 < 0.75


def test_an_edge_that_drops_frames_is_full_for_a_while() -> None:
    edge = Edge()
    edge.work(5, core=0.3)
    edge.work(1, core=0.3, dropped=1)
    assert edge.headroom.full
    edge.work(int(BEHIND_S) - 1, core=0.3)
    assert edge.headroom.full
    edge.work(1, core=0.3)
    assert not edge.headroom.full


@pytest.mark.parametrize(
    ("served", "late", "full"), [(30, 16, True), (30, 15, False), (9, 9, False)]
)
def test_an_edge_that_is_late_with_most_frames_is_full_for_a_while(
    served: int, late: int, *, full: bool
) -> None:
    edge = Edge()
    edge.work(5, core=0.3)
    edge.work(1, core=0.3, served=served, late=late)
    assert edge.headroom.full == full
    edge.work(int(BEHIND_S) - 1, core=0.3)
    assert edge.headroom.full == full
    edge.work(1, core=0.3)
    assert not edge.headroom.full


@pytest.mark.parametrize(("viewers", "full"), [(FEW, True), (FEW - 1, False)])
def test_a_few_viewers_are_not_why_an_edge_is_behind(viewers: int, *, full: bool) -> None:
    edge = Edge(viewers=viewers)
    edge.work(5)
    for how in ({"dropped": 3}, {"late": 30}):
        edge.work(1, **how)
        assert edge.headroom.full == full
        assert edge.headroom.admits(viewers, 0) == (not full)


def test_a_full_edge_takes_viewers_again_only_when_it_is_clear_that_it_can() -> None:
    edge = Edge()
    edge.work(10, core=0.86)
    assert edge.headroom.full
    edge.work(10, core=0.80)
    assert edge.headroom.full
    edge.work(10, core=0.70)
    assert not edge.headroom.full


def test_those_on_their_way_count_with_what_a_viewer_costs() -> None:
    edge = Edge()
    edge.work(20, core=0.8)
    # 0.05 is left, a viewer costs 0.001.
    assert edge.headroom.admits(800, 45)
    assert not edge.headroom.admits(800, 55)


def test_strangers_who_never_connect_do_not_make_an_edge_full() -> None:
    edge = Edge()
    edge.work(5, loop=0.01)
    assert edge.headroom.admits(1000, 100_000)
    edge.work(5, loop=0.8)
    assert edge.headroom.admits(1000, 30)
    assert not edge.headroom.admits(1000, RUSH)


def test_an_edge_whose_socket_does_not_keep_up_is_full_at_once_and_not_for_long() -> None:
    edge = Edge()
    edge.work(5, core=0.2, failed=1)
    assert not edge.headroom.full
    edge.work(1, core=0.2, failed=200)
    assert edge.headroom.full
    edge.work(1, core=0.2)
    assert not edge.headroom.full


def test_an_edge_that_the_machine_starves_is_full() -> None:
    edge = Edge()
    edge.work(5, loop=0.3, late_s=2 * MAX_LATE_S)
    assert edge.headroom.full
    edge.work(5, loop=0.3, late_s=0.001)
    assert not edge.headroom.full


def test_a_clock_that_stands_still_changes_nothing() -> None:
    edge = Edge()
    edge.work(5, core=0.5)
    edge.headroom.measure(edge.now, replace(edge.usage, process_cpu_s=1e9), edge.viewers)
    assert edge.headroom.load == pytest.approx(0.5, abs=0.03)


def test_the_limit_can_be_set() -> None:
    edge = Edge(0.3)
    edge.work(10, core=0.31)
    assert not edge.headroom.admits(10, 0)
