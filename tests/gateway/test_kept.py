"""Answers that are kept for a while."""

from __future__ import annotations

import asyncio

import pytest

from relay.errors import StoreError
from relay.gateway.kept import Kept


class Work:
    """Counts how often it is done."""

    def __init__(self) -> None:
        self.done = 0
        self.gate = asyncio.Event()
        self.fails = False

    async def __call__(self) -> int:
        self.done += 1
        number = self.done
        await self.gate.wait()
        if self.fails:
            raise StoreError("away")
        return number


async def test_those_who_ask_at_once_share_one_answer():
    kept, work = Kept[int](3600), Work()
    asking = [asyncio.create_task(kept.get("a", work)) for _ in range(50)]
    await asyncio.sleep(0)
    asking.pop().cancel()
    work.gate.set()
    assert await asyncio.gather(*asking) == [1] * 49
    assert await kept.get("a", work) == 1
    assert await kept.get("b", work) == 2


async def test_what_is_too_old_or_not_true_is_worked_out_anew():
    work = Work()
    work.gate.set()
    at_once = Kept[int](0)
    assert [await at_once.get("a", work) for _ in range(2)] == [1, 2]
    kept = Kept[int](3600)
    assert await kept.get("a", work) == 3
    kept.forget("a")
    assert await kept.get("a", work) == 4
    kept.clear()
    assert await kept.get("a", work) == 5


async def test_failures_are_not_kept():
    kept, work = Kept[int](3600), Work()
    work.fails = True
    work.gate.set()
    with pytest.raises(StoreError):
        await kept.get("a", work)
    work.fails = False
    assert await kept.get("a", work) == 2


async def test_only_so_many_are_kept():
    kept, work = Kept[int](3600), Work()
    work.gate.set()
    for number in range(300):
        await kept.get(f"{number}", work)
    assert await kept.get("299", work) == 300
    assert await kept.get("0", work) == 301
