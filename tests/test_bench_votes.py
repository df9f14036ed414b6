"""`relay bench votes`: a small run of the real thing, and what makes it fail."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
import redis
from typer.testing import CliRunner

from relay.bench import votes
from relay.bench.processes import Gateway, servers
from relay.bench.report import Report
from relay.bus import keys
from relay.commands import bench

if TYPE_CHECKING:
    from pathlib import Path

    from relay.bench.processes import Store
    from tests.support.server import Server


def test_a_small_run_loses_and_doubles_nothing(tmp_path: Path):
    command = [sys.executable, "-m", "relay", "bench", "votes", "--voters", "40", "--rounds", "1"]
    run = subprocess.run(
        [*command, "--seconds", "0.5", "--json", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    data = json.loads((tmp_path / "votes.json").read_text())["data"]
    assert data["killed"]["acknowledged"] > 0
    assert min(data["votes_per_s"]) > 0


@pytest.mark.parametrize("store_kind", ["valkey"], indirect=True)
async def test_what_is_lost_or_doubled_is_seen(own_state: Server):
    people = await votes.crowd(own_state.url, 3)
    with redis.Redis.from_url(own_state.url) as client:
        for voter in people:
            voter.stars, voter.acknowledged = 4, 1
            client.hset(keys.votes(votes.SLUG), voter.viewer, 4)
        client.hset(keys.rating(votes.SLUG), mapping={"sum": 12, "count": 3})
        assert votes.check(own_state.url, people) == (0, 0)
        client.hset(keys.votes(votes.SLUG), people[0].viewer, 1)
        assert votes.check(own_state.url, people) == (1, 0)
        client.hdel(keys.votes(votes.SLUG), people[1].viewer)
        assert votes.check(own_state.url, people) == (2, 0)
        client.hincrby(keys.rating(votes.SLUG), "count", 1)
        assert votes.check(own_state.url, people) == (2, 1)


def test_a_vote_that_a_killed_state_forgets_is_seen(tmp_path: Path):
    with ExitStack() as stack:
        state, bus = servers(tmp_path, stack)
        gateway = Gateway(tmp_path, state.url, bus.url, trusted_proxies="127.0.0.1")
        stack.callback(gateway.stop)
        people = asyncio.run(votes.crowd(state.url, 40))
        forgetful = Forgetful(state, people[0].viewer)
        asyncio.run(votes.killed_in_the_middle(forgetful, gateway.port, people, 1.0))
        assert votes.check(state.url, people)[0] == 1
        assert all(voter.acknowledged for voter in people)


class Forgetful:
    """A state that has other stars of one viewer when it is back from a kill."""

    def __init__(self, state: Store, viewer: str) -> None:
        self._state = state
        self._viewer = viewer
        self.kill = state.kill

    def start(self) -> None:
        """Start it, with those."""
        self._state.start()
        with redis.Redis.from_url(self._state.url) as client:
            stars = int(client.hget(keys.votes(votes.SLUG), self._viewer))
            client.hset(keys.votes(votes.SLUG), self._viewer, stars % 5 + 1)


@pytest.mark.parametrize(("steady", "killed", "code"), [(0, 0, 0), (1, 0, 1), (0, 2, 1)])
def test_it_fails_when_one_was(
    steady: int, killed: int, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    parts = {
        "steady": {"lost": steady, "doubled": 0},
        "killed": {"lost": 0, "doubled": killed},
    }
    report = Report("votes", [""], data=parts)
    monkeypatch.setattr(votes, "bench", lambda *_, **__: report)
    result = CliRunner().invoke(bench.app, ["votes", "--json", str(tmp_path)])
    assert result.exit_code == code
    assert (tmp_path / "votes.json").exists()
