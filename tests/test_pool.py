"""Pools of slots in simulated time: 1, 16 and 256 networks that hold what they can, and others."""

from __future__ import annotations

from collections import deque
from itertools import count

import pytest

from relay.pool import Pool, Size

SIZE = Size(unproven=256, proven=4096)
HOLD_S, PROVES_S = 20.0, 0.5
"""How long an attacker's slot lives by itself, and how long an honest one takes to prove itself."""


class World:
    """Attackers of some networks that open as many slots a second as they like, and viewers."""

    def __init__(self, networks: int, rate: float, size: Size = SIZE) -> None:
        self.told: list[str] = []
        self.pool: Pool[int] = Pool("sessions", size, lambda _, network: self.told.append(network))
        self._names = [f"10.0.{number}.0/24" for number in range(networks)]
        self._rate = rate
        self._ids = count()
        self._ends: deque[tuple[float, int]] = deque()
        self._honest: dict[int, float] = {}
        self.lost: set[int] = set()
        self.proven = 0
        self._opened = 0
        self.now = 0.0

    def run(self, seconds: float, step_s: float = 0.01) -> None:
        end = self.now + seconds
        while self.now < end:
            self.now += step_s
            while self._ends and self._ends[0][0] <= self.now:
                self.pool.leave(self._ends.popleft()[1])
            for who, due in list(self._honest.items()):
                if due <= self.now:
                    del self._honest[who]
                    self.proven += self.pool.prove(who)
            while self._opened < self.now * self._rate:
                who = self._enter(self._names[self._opened % len(self._names)])
                if who is not None:
                    self._ends.append((self.now + HOLD_S, who))
                self._opened += 1

    def _enter(self, network: str) -> int | None:
        who = next(self._ids)
        entered, victim = self.pool.enter(who, network)
        assert self.pool.unproven <= SIZE.unproven
        if victim is not None and self._honest.pop(victim, None) is not None:
            self.lost.add(victim)
        return who if entered else None

    def come(self, network: str, people: int = 1) -> int:
        """Honest ones come; how many of them got in."""
        entered = [self._enter(network) for _ in range(people)]
        self._honest |= {who: self.now + PROVES_S for who in entered if who is not None}
        return sum(who is not None for who in entered)


@pytest.mark.parametrize("networks", [1, 16, 128])
@pytest.mark.parametrize("rate", [50, 2_000])
def test_others_get_in_at_once_and_stay(networks: int, rate: float) -> None:
    world = World(networks, rate)
    world.run(30)
    for number in range(40):
        assert world.come(f"192.0.{number}.0/24") == 1
        world.run(0.25)
    world.run(1)
    assert world.lost == set()
    assert world.proven == 40


def test_256_networks_leave_room_for_one_more_each_time() -> None:
    """With as many networks as slots each holds one; a newcomer's first try may meet all of them
    equal, and another is let in as soon as one of them has two."""
    world = World(256, 2_000)
    world.run(30)
    came = 0
    for number in range(40):
        for _ in range(3):
            if world.come(f"192.0.{number}.0/24"):
                came += 1
                break
            world.run(1)
        world.run(0.25)
    assert world.pool.unproven <= SIZE.unproven
    assert came + world.pool.refused > 0


def test_a_school_behind_one_address_gets_in() -> None:
    """400 viewers who come within two seconds, beside an attacker of one other network."""
    world = World(1, 500)
    world.run(30)
    for _ in range(40):
        assert world.come("203.0.113.0/24", 10) == 10
        world.run(0.05)
    world.run(2)
    assert world.lost == set()
    assert world.proven == 400


def test_somebody_alone_may_fill_a_pool_and_displaces_only_itself() -> None:
    pool: Pool[int] = Pool("p", Size(8, 8), lambda *_: None)
    assert [pool.enter(who, "a") for who in range(8)] == [(True, None)] * 8
    assert pool.enter(8, "a") == (True, 0)
    assert pool.displaced == 1
    assert len(pool) == 8


def test_the_proven_are_never_displaced_and_one_network_has_a_share_of_them() -> None:
    pool: Pool[int] = Pool("p", Size(4, 8), lambda *_: None)
    for who in range(4):
        pool.enter(who, "a")
        assert pool.prove(who)
    for who in range(4, 40):
        pool.enter(who, "b")
    assert all(pool.prove(who) for who in range(4))
    pool.enter(100, "a")
    assert not pool.prove(100), "a has half of them"
    pool.enter(101, "c")
    assert pool.prove(101)
    pool.leave(0)
    pool.enter(102, "a")
    assert pool.prove(102)


def test_a_pool_that_is_full_says_so_once() -> None:
    told: list[tuple[str, str]] = []
    pool: Pool[int] = Pool("p", Size(4, 8), lambda *who: told.append(who))
    for who in range(20):
        pool.enter(who, "a")
    assert told == [("p", "a")]
    for who in range(20):
        pool.leave(who)
    assert len(pool) == 0
    for who in range(20, 30):
        pool.enter(who, "b")
    assert told == [("p", "a"), ("p", "b")]


def test_leaving_twice_or_without_having_come_is_harmless() -> None:
    pool: Pool[int] = Pool("p", Size(4, 8), lambda *_: None)
    pool.leave(1)
    assert pool.prove(1)
    pool.enter(2, "a")
    assert pool.prove(2)
    assert pool.prove(2)
    pool.leave(2)
    pool.leave(2)
    assert (len(pool), pool.unproven) == (0, 0)


@pytest.mark.parametrize("networks", [256, 2_000])
def test_idle_holders_of_many_networks_keep_nobody_out_who_has_a_key(networks: int) -> None:
    """Each of them holds one slot, and takes another as soon as it has lost that."""
    pool: Pool[int] = Pool("rtmp", Size(unproven=256, proven=64, grace_s=2.0), lambda *_: None)
    ids, now = count(), 0.0
    idle: deque[int] = deque()

    def hold(number: int) -> None:
        who = next(ids)
        entered, victim = pool.enter(who, f"idle-{number}", now)
        if entered:
            idle.append(who)
        if victim is not None:
            idle.remove(victim)

    publishing: list[int] = []
    for second in range(6):
        now = float(second * 3)
        for number in range(networks):
            hold((second * 97 + number) % networks)
        now += 2.0
        who = next(ids)
        entered, victim = pool.enter(who, f"encoder-{second}", now)
        assert entered
        assert victim in idle  # the oldest of those who do nothing, never one that publishes
        idle.remove(victim)
        now += 0.5  # it shows its key; meanwhile all the others come again
        for number in range(networks):
            hold(number)
        assert pool.prove(who)
        publishing.append(who)
        assert pool.unproven <= 256
    assert len(pool) - pool.unproven == len(publishing)


def test_a_newcomer_has_its_time_before_another_displaces_it() -> None:
    pool: Pool[str] = Pool("rtmp", Size(unproven=2, proven=2, grace_s=2.0), lambda *_: None)
    assert pool.enter("a", "a", 0.0) == (True, None)
    assert pool.enter("b", "b", 1.0) == (True, None)
    assert pool.enter("c", "c", 1.9) == (False, None)
    assert pool.enter("c", "c", 2.0) == (True, "a")
    assert pool.enter("d", "d", 2.9) == (False, None)
    assert pool.refused == 2
