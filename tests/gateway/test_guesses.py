"""Wrong tokens: who shows one waits, the operator hears of it, and nobody else notices."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING

import pytest

from relay.errors import TooMany
from relay.gateway import guesses as module
from relay.gateway.guesses import Guesses
from relay.gateway.keys import DOORS, GUESSES
from tests.support.gateway import ADMIN, Gateway, running
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WRONG = {"Authorization": "Bearer evt_guess-of-somebody-else"}


# --- the rule, in simulated time ------------------------------------------------------------------


def test_the_wait_grows_to_a_bound_and_is_the_networks():
    found = Guesses()
    waits = [found.delay_s("10.0.0.0/24", 0.0) for _ in range(50)]
    assert waits[:6] == [0.25, 0.5, 1.0, 2.0, 4.0, 4.0]
    assert max(waits) == Guesses.LONGEST_S
    assert found.delay_s("10.0.1.0/24", 0.0) == Guesses.FIRST_S
    assert found.delay_s("10.0.0.0/24", Guesses.FORGET_S - 1) == Guesses.LONGEST_S
    assert found.delay_s("10.0.0.0/24", 2 * Guesses.FORGET_S) == Guesses.FIRST_S
    assert found.counters()["tokens_wrong"] == 53


def test_what_is_kept_of_networks_is_bounded():
    found = Guesses()
    found.delay_s("first", 0.0)
    for number in range(Guesses.MAX_NETWORKS + 5):
        found.delay_s(str(number), 0.0)
    assert len(found._seen) == Guesses.MAX_NETWORKS
    assert found.delay_s("first", 0.0) == Guesses.FIRST_S


def test_a_network_waits_so_often_at_once_and_all_together_too():
    found = Guesses()
    places = [found.waiting("a") for _ in range(Guesses.MAX_WAITING)]
    for place in places:
        place.__enter__()
    with pytest.raises(TooMany) as caught, found.waiting("a"):
        pass
    assert caught.value.retry_after == Guesses.LONGEST_S
    with found.waiting("b"):
        assert found.counters()["tokens_waiting"] == Guesses.MAX_WAITING + 1
    for place in places:
        place.__exit__(None, None, None)
    assert found.counters() == {"tokens_wrong": 0, "tokens_refused": 1, "tokens_waiting": 0}
    many = [found.waiting(str(number)) for number in range(32 * Guesses.MAX_WAITING)]
    for place in many:
        place.__enter__()
    with pytest.raises(TooMany), found.waiting("one more"):
        pass


def test_a_line_a_second_sums_them_up():
    found = Guesses()
    told = []
    for tick, number in itertools.product(range(100), range(10)):
        now = tick / 20
        found.delay_s(f"10.0.{number % 3}.0/24", now)
        told.append(found.news(now))
    lines = [line for line in told if line]
    assert len(lines) == 5
    assert lines[0] == {"count": 1, "networks": 1, "network": "10.0.0.0/24", "of_network": 1}
    assert lines[1] == {"count": 200, "networks": 3, "network": "10.0.0.0/24", "of_network": 80}
    assert found.news(5.0)
    assert found.news(7.0) is None


# --- a real gateway -------------------------------------------------------------------------------


@pytest.mark.parametrize("store_url", ["valkey"], indirect=True)
async def test_who_guesses_waits_and_the_operator_does_not(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, logged: Callable[[], str]
):
    held = asyncio.Event()
    waits: list[float] = []

    async def sleep(delay_s: float) -> None:
        waits.append(delay_s)
        await held.wait()

    monkeypatch.setattr(module.asyncio, "sleep", _only_there(sleep))
    guessing = [
        asyncio.create_task(gateway.get("/api/v1/cameras", headers=WRONG))
        for _ in range(Guesses.MAX_WAITING + 3)
    ]
    try:
        await eventually(lambda: len(waits) == Guesses.MAX_WAITING, "all to wait that may")
        assert sorted(waits) == [0.25, 0.5, 1.0, 2.0, 4.0, 4.0, 4.0, 4.0]
        # From the same network, meanwhile:
        (await gateway.get("/api/v1/cameras", headers=ADMIN)).ok()
        (await gateway.get("/api/v1/broadcasts")).ok()
        # They wait in places that whoever comes may take.
        assert gateway.app[DOORS].pool.unproven >= Guesses.MAX_WAITING
    finally:
        held.set()
    answers = await asyncio.gather(*guessing)
    refused = [answer for answer in answers if answer.status == 429]
    assert len(refused) == 3
    for answer in refused:
        assert "too many wrong tokens" in answer.problem(429)["detail"]
        assert answer.headers["Retry-After"] == "4"
    for answer in answers:
        if answer.status != 429:
            answer.problem(401)
    assert gateway.app[GUESSES].counters()["tokens_waiting"] == 0
    metrics = (await gateway.get("/metrics", headers=ADMIN)).text
    assert 'eva_process_total{process="gateway",what="tokens_wrong"} 11.0' in metrics
    told = [line for line in logged().splitlines() if "wrong tokens" in line]
    assert 1 <= len(told) <= 2
    assert "127.0.0.0/24" in told[0]
    assert "guess-of-somebody" not in logged()


def _only_there(sleep: Callable[[float], object]) -> Callable[..., object]:
    """`asyncio.sleep` for all but this module, which shares its name with everybody."""
    real = asyncio.sleep

    def chosen(delay_s: float, *rest: object) -> object:
        return (
            sleep(delay_s) if delay_s in (0.25, 0.5, 1.0, 2.0, 4.0) and not rest else real(delay_s)
        )

    return chosen


@pytest.mark.parametrize("store_url", ["valkey"], indirect=True)
async def test_a_token_is_no_guess_for_its_partner(store_url: str, frontend: Path):
    async with running(store_url, frontend) as gateway:
        body = {"id": "p", "name": "P", "origins": ["https://p.example"]}
        (await gateway.post("/api/v1/partners", body, headers=ADMIN)).ok(201)
        made = (await gateway.post("/api/v1/partners/p/key", None, headers=ADMIN)).ok(201)
        headers = {"Authorization": f"Bearer {made['key']}"}
        (await gateway.get("/api/v1/broadcasts", headers=headers)).ok()
        assert gateway.app[GUESSES].wrong == 0
        headers = {"Authorization": f"Bearer {made['key']}x"}
        (await gateway.get("/api/v1/broadcasts", headers=headers)).ok()
        assert gateway.app[GUESSES].wrong == 1
