"""The bad network: its links over simulated time, and the whole of it on real sockets."""

from __future__ import annotations

import math
import socket
import subprocess
import sys
import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.impair import Impair, _parser, applied
from tests.support.link import HEADERS, Impairment, Link, Losses
from tests.support.stack import REPOSITORY, free_port
from tests.support.stalls import HANG_S

if TYPE_CHECKING:
    from collections.abc import Iterator


def sent(link: Link, count: int, *, every_s: float = 0.001, size: int = 100) -> list[int]:
    """Numbers of the datagrams that arrive, in order, of so many that are sent from 0 s on."""
    found: list[bytes] = []
    for number in range(count):
        now = number * every_s
        found += link.take(now)
        link.put(number.to_bytes(4, "big") + bytes(size - 4), now)
    found += link.take(count * every_s + 3600)
    return [int.from_bytes(datagram[:4], "big") for datagram in found]


def runs(arrived: list[int], count: int) -> list[int]:
    """Lengths of the runs of datagrams that are missing."""
    there = [-1, *sorted(set(arrived)), count]
    return [b - a - 1 for a, b in pairwise(there) if b - a > 1]


def test_a_clear_link_does_nothing():
    link = Link(1)
    assert sent(link, 100) == list(range(100))
    assert link.due() is None
    assert link.counts == {"taken": 100, "lost": 0, "dropped": 0, "held": 0, "doubled": 0}


@pytest.mark.parametrize(("share", "length"), [(0.02, 1.0), (0.02, 5.0), (0.05, 5.0), (0.3, 3.0)])
def test_losses_come_in_bursts_of_the_length_asked_for(share: float, length: float):
    losses = Losses.bursts(share, length)
    assert losses.share == pytest.approx(share)
    count = 200_000
    arrived = sent(Link(7, Impairment(losses=losses)), count)
    missing = runs(arrived, count)
    assert sum(missing) / count == pytest.approx(share, rel=0.1)
    # Bursts that follow each other without a pause count as one here, where they are independent.
    expected = length if length > 1 else 1 / (1 - share)
    assert sum(missing) / len(missing) == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize(("every_s", "length"), [(0.0001, 4.0), (0.03, 1 / (1 - 0.75 / math.e))])
def test_where_little_comes_bursts_are_over_by_time(every_s: float, length: float):
    losses, count = Losses.bursts(0.02, 4.0, lasts_s=0.03), 200_000
    arrived = sent(Link(7, Impairment(losses=losses)), count, every_s=every_s)
    missing = runs(arrived, count)
    assert sum(missing) / count == pytest.approx(0.02, rel=0.1)
    assert sum(missing) / len(missing) == pytest.approx(length, rel=0.1)


def test_losses_that_cannot_be_are_refused():
    for share, length, lasts_s in ((1.0, 1, 1), (-0.1, 1, 1), (0.1, 0.5, 1), (0.1, 1, 0)):
        with pytest.raises(ValueError, match="no losses"):
            Losses.bursts(share, length, lasts_s)


def test_the_same_seed_has_the_same_fate():
    how = Impairment(losses=Losses.bursts(0.1, 3), jitter_s=0.01, reordered=0.1, duplicated=0.1)
    assert sent(Link(3, how), 1000) == sent(Link(3, how), 1000)
    assert sent(Link(3, how), 1000) != sent(Link(4, how), 1000)


def test_delay_and_jitter_keep_the_order():
    link = Link(1, Impairment(delay_s=0.05, jitter_s=0.02))
    for number in range(100):
        link.put(bytes([number]), number * 0.001)
    assert link.take(0.0499) == []
    assert link.take(0.099 + 0.07) == [bytes([number]) for number in range(100)]


def test_what_is_held_back_is_overtaken_and_arrives():
    link = Link(1, Impairment(reordered=0.1, held_s=0.01))
    arrived = sent(link, 1000)
    assert sorted(arrived) == list(range(1000))
    late = sum(1 for a, b in pairwise(arrived) if b < a)
    assert late == pytest.approx(100, rel=0.4)


def test_doubles_arrive_twice():
    link = Link(1, Impairment(duplicated=0.1))
    arrived = sent(link, 1000)
    assert len(arrived) == 1000 + link.counts["doubled"]
    assert link.counts["doubled"] == pytest.approx(100, rel=0.4)
    assert set(arrived) == set(range(1000))


def test_the_bottleneck_is_as_narrow_as_asked_for_and_drops_the_tail():
    how = Impairment(rate_bps=800_000, queue_bytes=10_000)
    link = Link(1, how)
    size = 1000 - HEADERS
    for number in range(40):
        link.put(number.to_bytes(4, "big") + bytes(size - 4), 0.0)
    assert link.counts["dropped"] == 30
    assert link.take(0.0099) == []
    assert len(link.take(0.0501)) == 5
    assert link.due() == pytest.approx(0.06)
    assert [d[3] for d in link.take(1.0)] == [5, 6, 7, 8, 9]


def test_what_waits_goes_on_at_the_new_rate():
    link = Link(1, Impairment(rate_bps=800_000, queue_bytes=100_000))
    for _ in range(20):
        link.put(bytes(1000 - HEADERS), 0.0)
    assert len(link.take(0.1001)) == 10
    link.change(Impairment(rate_bps=80_000, queue_bytes=100_000), 0.1)
    assert len(link.take(0.3001)) == 2
    link.change(Impairment(), 0.3)
    assert len(link.take(0.3001)) == 8


def test_an_outage_loses_what_is_under_way_and_what_comes():
    link = Link(1, Impairment(delay_s=0.1))
    link.put(b"a", 0.0)
    link.change(Impairment(outage=True), 0.05)
    link.put(b"b", 0.06)
    assert link.take(10.0) == []
    link.change(Impairment(), 10.0)
    link.put(b"c", 10.0)
    assert link.take(10.0) == [b"c"]
    assert link.counts["lost"] == 2


# --- on real sockets -----------------------------------------------------------------------


def opened() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    sock.settimeout(HANG_S)
    return sock


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with opened() as sock:
        yield sock


@pytest.fixture
def impair(server: socket.socket) -> Iterator[Impair]:
    with Impair(server.getsockname()).running() as made:
        yield made


def test_clients_have_a_port_each_and_get_their_own_answers(server: socket.socket, impair: Impair):
    with opened() as one, opened() as other:
        for name, client in ((b"one", one), (b"other", other)):
            client.sendto(name, ("127.0.0.1", impair.port))
        sources = {}
        for _ in range(2):
            name, source = server.recvfrom(100)
            sources[name] = source
            server.sendto(b"to " + name, source)
        assert len(set(sources.values())) == 2
        assert one.recv(100) == b"to one"
        assert other.recv(100) == b"to other"
        assert impair.clients == 2


def test_a_client_that_is_rebound_comes_from_elsewhere(server: socket.socket, impair: Impair):
    with opened() as client:
        client.sendto(b"1", ("127.0.0.1", impair.port))
        _, before = server.recvfrom(100)
        impair.rebind()
        server.sendto(b"lost", before)
        client.sendto(b"2", ("127.0.0.1", impair.port))
        _, after = server.recvfrom(100)
        assert after != before
        server.sendto(b"found", after)
        assert client.recv(100) == b"found"


def test_it_can_be_changed_while_it_runs(server: socket.socket, impair: Impair):
    with opened() as client:
        impair.set("up", Impairment(outage=True))
        client.sendto(b"1", ("127.0.0.1", impair.port))
        while impair.counts("up")["lost"] == 0:
            time.sleep(0.001)  # the test's time limit ends this
        impair.set("up", Impairment(delay_s=0.01))
        client.sendto(b"2", ("127.0.0.1", impair.port))
        assert server.recv(100) == b"2"
        assert impair.counts("up") | {"taken": 0} == Link(0).counts | {"lost": 1}


def test_options_change_what_they_name():
    parser = _parser()
    first = applied(Impairment(), parser.parse_args(["--loss", "5", "--burst", "4", "--rate", "7"]))
    assert first.losses.share == pytest.approx(0.05)
    assert first.rate_bps == 7000
    second = applied(first, parser.parse_args(["--delay", "25", "--loss", "2", "--rate", "0"]))
    assert second.losses == Losses.bursts(0.02, 4)
    assert (second.delay_s, second.rate_bps) == (0.025, None)


def test_it_is_a_program(server: socket.socket):
    port, (host, to) = free_port(socket.SOCK_DGRAM), server.getsockname()
    command = [sys.executable, "-m", "tests.impair", "--listen", str(port), "--to", f"{host}:{to}"]
    program = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    )
    assert program.stdin is not None
    try:
        with opened() as client:
            server.settimeout(0.05)
            for _ in range(200):  # until it listens
                client.sendto(b"hello", ("127.0.0.1", port))
                try:
                    _, source = server.recvfrom(100)
                    break
                except TimeoutError:
                    continue
            server.settimeout(HANG_S)
            server.sendto(b"answer", source)
            assert client.recv(100) == b"answer"
            _, errors = program.communicate("--loss 5\nrebind\nnonsense\n", timeout=HANG_S)
            assert "unrecognized arguments: nonsense" in errors
            assert program.returncode == 0
    finally:
        program.kill()
        program.wait()
