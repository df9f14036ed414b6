"""`relay bench votes`: acknowledged votes a second through one gateway, each on disk before it is
answered, and what becomes of them when the state is killed in the middle.

The floor is the same gateway answering with a constant. Voters send several requests ahead on each
connection (HTTP/1.1 pipelining); each has one vote under way at a time, and sends it again, with
the same key, until it is acknowledged. Half of them have stopped when the state is killed, which is
as soon as their last votes are acknowledged: nothing later could hide that one of these was lost.
"""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

import redis

from relay.bench.pipeline import Pipeline
from relay.bench.processes import Gateway, servers
from relay.bench.report import Report, figure
from relay.bus import keys
from relay.bus.client import connect
from relay.errors import OperatorError
from relay.gateway.auth import Auth
from relay.state import secret
from relay.state.models import Broadcast
from relay.state.registry import Registry

CONNECTIONS: Final = 256
DEPTH: Final = 4
SLUG: Final = "bench"
_PARTS: Final = ("steady", "killed")


@dataclass
class Voter:
    """A viewer that votes again and again."""

    cookie: str
    viewer: str
    address: str
    stars: int = 0
    """Its last acknowledged stars."""
    acknowledged: int = 0
    again: int = 0
    """Votes that had to be sent again."""
    _sent: int = 0
    _number: int = 0
    _request: bytes = field(default=b"", repr=False)

    def vote(self, rng: random.Random) -> bytes:
        """The next vote's request."""
        self._number += 1
        self._sent = rng.randint(1, 5)
        body = b'{"stars": %d}' % self._sent
        self._request = (
            f"POST /api/v1/broadcasts/{SLUG}/rating HTTP/1.1\r\nHost: relay\r\n"
            f"Cookie: eva_viewer={self.cookie}\r\nX-Forwarded-For: {self.address}\r\n"
            f"Idempotency-Key: {self._number}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body
        return self._request

    def hear(self, status: int, body: bytes) -> bool:
        """Take an answer; whether the vote is acknowledged."""
        if status != 200:
            self.again += 1
            return False
        if json.loads(body)["yours"] != self._sent:
            raise OperatorError("a vote was acknowledged with other stars")
        self.stars = self._sent
        self.acknowledged += 1
        return True

    @property
    def request(self) -> bytes:
        """The same vote, to be sent again."""
        return self._request


async def rush(
    port: int, voters: list[Voter], seconds: float, seed: int, connections: int = CONNECTIONS
) -> int:
    """Let all vote for so long, then wait for what is under way; returns acknowledged votes."""
    before = sum(voter.acknowledged for voter in voters)
    until = time.monotonic() + seconds
    groups = [voters[n::connections] for n in range(connections)]
    await asyncio.gather(
        *(_vote_on(port, group, until, random.Random(seed + n)) for n, group in enumerate(groups))  # noqa: S311 - stars need no secrecy
    )
    return sum(voter.acknowledged for voter in voters) - before


async def _vote_on(port: int, voters: list[Voter], until: float, rng: random.Random) -> None:
    ready = [(voter, voter.vote(rng)) for voter in voters[::-1]]
    while ready:
        async with Pipeline("127.0.0.1", port, DEPTH) as pipeline:
            ready = await _on_one_connection(pipeline, ready, until, rng)
        if ready:  # the connection was cut: what is under way is sent again
            await asyncio.sleep(0.02)


async def _on_one_connection(
    pipeline: Pipeline, ready: list[tuple[Voter, bytes]], until: float, rng: random.Random
) -> list[tuple[Voter, bytes]]:
    """Vote until the time is over and all is answered; returns what is left if it is cut off."""
    under_way: list[tuple[Voter, bytes]] = []
    waiting = ready[::-1]
    try:
        while waiting or under_way:
            while waiting and len(under_way) < DEPTH:
                voter, request = waiting.pop()
                under_way.insert(0, (voter, request))
                pipeline.send(request)
            status, body = await pipeline.answer()
            voter, request = under_way.pop()
            if not voter.hear(status, body):
                waiting.insert(0, (voter, request))
                await asyncio.sleep(0.005)
            elif time.monotonic() < until:
                waiting.insert(0, (voter, voter.vote(rng)))
    except ConnectionError:
        return [*under_way, *waiting]
    return []


async def floor(port: int, seconds: float) -> int:
    """Answers of a constant in so many seconds, over the same number of connections."""
    until = time.monotonic() + seconds
    request = b"GET /healthz HTTP/1.1\r\nHost: relay\r\n\r\n"

    async def one() -> int:
        count = ahead = 0
        async with Pipeline("127.0.0.1", port, DEPTH) as pipeline:
            while time.monotonic() < until or ahead:
                while ahead < DEPTH and time.monotonic() < until:
                    pipeline.send(request)
                    ahead += 1
                await pipeline.answer()
                ahead -= 1
                count += 1
        return count

    return sum(await asyncio.gather(*(one() for _ in range(CONNECTIONS))))


async def crowd(state_url: str, count: int) -> list[Voter]:
    """A broadcast, and viewers of many networks with cookies of an hour ago."""
    state = connect(state_url)
    try:
        begun = Broadcast(slug=SLUG, title="Bench", starts_at=datetime.now(UTC))
        await Registry(state).broadcasts.create(SLUG, begun)
        auth = Auth(admin_token_hash="", viewer_key=await secret.signing_key(state, "viewer"))
        names = [f"{n:022d}{int(time.time()) - 3600:08x}" for n in range(count)]
        return [
            Voter(auth.signed(name), name, f"100.{64 + n // 250}.{n % 250}.9")
            for n, name in enumerate(names)
        ]
    finally:
        await state.aclose()


def check(state_url: str, voters: list[Voter]) -> tuple[int, int]:
    """Compare the state with what was acknowledged: how many are lost or wrong, and how many more
    there are than voters; totals that do not match count as well.
    """
    with redis.Redis.from_url(state_url) as client:
        votes = client.hgetall(keys.votes(SLUG))
        total, count = client.hmget(keys.rating(SLUG), "sum", "count")
    stored = {name.decode(): int(stars) for name, stars in votes.items()}
    expected = {voter.viewer: voter.stars for voter in voters if voter.acknowledged}
    lost = sum(1 for name, stars in expected.items() if stored.get(name) != stars)
    doubled = abs(int(count or 0) - len(expected)) + abs(int(total or 0) - sum(expected.values()))
    return lost, doubled + len(stored.keys() - expected.keys())


def is_whole(report: Report) -> bool:
    """Whether no vote was lost or doubled, not even when the state was killed."""
    return not any(report.data[when][what] for when in _PARTS for what in ("lost", "doubled"))


def bench(voters: int, *, rounds: int, seconds: float) -> Report:
    """Run it."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="eva-votes-")))
        state, bus = servers(folder, stack)
        gateway = Gateway(folder, state.url, bus.url, trusted_proxies="127.0.0.1")
        stack.callback(gateway.stop)
        people = asyncio.run(crowd(state.url, voters))
        rates: list[float] = []
        floors: list[float] = []
        cpu: list[float] = []
        for number in range(rounds + 1):
            floors.append(asyncio.run(floor(gateway.port, seconds)) / seconds)
            used, began = gateway.cpu_s, time.monotonic()
            count = asyncio.run(rush(gateway.port, people, seconds, number))
            rates.append(count / (time.monotonic() - began))
            cpu.append((gateway.cpu_s - used) / count * 1e6)
        lost, doubled = check(state.url, people)
        killed = asyncio.run(killed_in_the_middle(state, gateway.port, people, seconds))
        lost_then, doubled_then = check(state.url, people)
    return _report(rates, floors, cpu, (lost, doubled), (killed, lost_then, doubled_then), people)


class Mortal(Protocol):
    """A state that can be killed and started again."""

    def kill(self) -> None:
        """SIGKILL."""

    def start(self) -> None:
        """Start it, and wait until it answers."""


async def killed_in_the_middle(
    state: Mortal, port: int, people: list[Voter], seconds: float
) -> int:
    """Kill the state while half of the people vote and the other half has just stopped; returns
    acknowledged votes.
    """
    stopping, staying = people[::2], people[1::2]
    half = CONNECTIONS // 2
    voting = asyncio.create_task(rush(port, staying, seconds, 99, half))
    count = await rush(port, stopping, seconds / 2, 98, half)
    state.kill()
    await asyncio.to_thread(state.start)
    return count + await voting


def _report(
    rates: list[float],
    floors: list[float],
    cpu: list[float],
    steady: tuple[int, int],
    killed: tuple[int, int, int],
    people: list[Voter],
) -> Report:
    report = Report("votes", ["", "votes/s", "floor: constant answers/s", "ratio", "µs CPU a vote"])
    ratios = [rate / base for rate, base in zip(rates, floors, strict=True)]
    columns = (rates, floors, ratios, cpu)
    report.rows = [["pipelined", *(str(figure(list(column))) for column in columns)]]
    again = sum(voter.again for voter in people)
    report.notes = [
        (
            f"{len(people)} voters, {CONNECTIONS} connections, {DEPTH} requests ahead on each, "
            "appendfsync always."
        ),
        f"Steady: {steady[0]} lost, {steady[1]} doubled.",
        (
            "State killed (SIGKILL) while half of them vote, as soon as the last votes of the "
            f"other half, who cast none later, are acknowledged: {killed[0]} acknowledged, "
            f"{again} sent again, {killed[1]} lost, {killed[2]} doubled."
        ),
    ]
    report.data = {
        "votes_per_s": rates,
        "floor_per_s": floors,
        "cpu_us_per_vote": cpu,
        "steady": {"lost": steady[0], "doubled": steady[1]},
        "killed": {
            "acknowledged": killed[0],
            "sent_again": again,
            "lost": killed[1],
            "doubled": killed[2],
        },
    }
    return report
