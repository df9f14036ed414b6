"""Waiting for what must come, with a limit instead of a sleep."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


async def until(condition: Callable[[], object], what: str, within_s: float = 10.0) -> None:
    """Wait until `condition()` is true; fail if that takes longer than the limit."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_s
    while not condition():
        assert loop.time() < deadline, f"waited {within_s} s for {what}"
        await asyncio.sleep(0.002)


async def settle(times: int = 5) -> None:
    """Let every task that can run do so."""
    for _ in range(times):
        await asyncio.sleep(0)
