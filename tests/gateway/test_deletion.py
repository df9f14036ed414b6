"""What is deleted is gone, and leaves nothing for who gets its name next."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from relay.commands import broadcasts as commands
from relay.errors import StoreError
from relay.gateway.keys import REGISTRY
from relay.state.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.gateway import Gateway

DEMO = "/api/v1/broadcasts/demo"
NO_VOTES = {"average": None, "count": 0, "yours": None}


@pytest.fixture
async def cookie(gateway: Gateway) -> str:
    """A viewer's, who has rated the broadcast `demo`."""
    await gateway.begun("demo")
    return (await gateway.vote("demo", 5)).cookie()


async def test_a_broadcast_is_deleted_with_its_votes(gateway: Gateway, cookie: str) -> None:
    answer = await gateway.send("DELETE", DEMO, admin=True)

    assert answer.ok(204) is None
    (await gateway.get(DEMO)).problem(404)
    (await gateway.get(f"{DEMO}/rating", cookie=cookie)).problem(404)
    (await gateway.vote("demo", 5, cookie=cookie)).problem(404)
    (await gateway.send("DELETE", DEMO, admin=True)).problem(404)
    await gateway.begun("demo")
    assert await gateway.rating("demo", cookie=cookie) == NO_VOTES


async def test_ratings_by_moments_are_not_inherited(gateway: Gateway, cookie: str) -> None:
    vote = {"stars": 4, "at_us": time.time_ns() // 1000}
    (await gateway.post(f"{DEMO}/rating", vote, cookie=cookie)).ok()
    assert len((await gateway.get(f"{DEMO}/rating/series")).ok()["points"]) == 1

    (await gateway.send("DELETE", DEMO, admin=True)).ok(204)
    await gateway.begun("demo")

    assert (await gateway.get(f"{DEMO}/rating/series")).ok()["points"] == []


async def test_the_command_deletes_the_votes_as_well(
    gateway: Gateway,
    cookie: str,
    store_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    logged: Callable[[], str],
) -> None:
    monkeypatch.setenv("RELAY_STATE_URL", store_url)
    monkeypatch.setenv("RELAY_DATA_DIR", str(tmp_path))

    await asyncio.to_thread(commands.remove, "demo", yes=True)

    await gateway.begun("demo")
    assert await gateway.rating("demo", cookie=cookie) == NO_VOTES


@pytest.mark.parametrize("fails", [1, 2])
async def test_a_deletion_that_is_cut_off_can_be_sent_again(
    gateway: Gateway, cookie: str, monkeypatch: pytest.MonkeyPatch, fails: int
) -> None:
    """The state goes away before votes are deleted, the first or the second time."""
    deletes = Registry._forget
    calls = 0

    async def cut_off(registry: Registry, slug: str) -> None:
        nonlocal calls
        calls += 1
        if calls == fails:
            raise StoreError("away")
        await deletes(registry, slug)

    with monkeypatch.context() as patch:
        patch.setattr(Registry, "_forget", cut_off)
        (await gateway.send("DELETE", DEMO, admin=True)).problem(503)
    assert (await gateway.send("DELETE", DEMO, admin=True)).status in (204, 404)

    await gateway.begun("demo")
    assert await gateway.rating("demo", cookie=cookie) == NO_VOTES


async def test_a_vote_in_the_middle_of_a_deletion_is_not_inherited(
    gateway: Gateway, cookie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = gateway.app[REGISTRY].broadcasts
    delete = documents.delete

    async def vote_and_delete(name: str) -> None:
        (await gateway.vote("demo", 1, cookie=cookie)).ok()
        await delete(name)

    monkeypatch.setattr(documents, "delete", vote_and_delete)

    (await gateway.send("DELETE", DEMO, admin=True)).ok(204)

    await gateway.begun("demo")
    assert await gateway.rating("demo", cookie=cookie) == NO_VOTES
