"""Waiting for what happens by itself: polling with a deadline, never a sleep that hopes."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


async def eventually(condition: Callable[[], Any], what: str, within_s: float = 5.0) -> Any:
    """Wait until `condition()`, which may be a coroutine, is true, and return what it gave."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_s
    while True:
        value = condition()
        if inspect.isawaitable(value):
            value = await value
        if value:
            return value
        if loop.time() > deadline:
            raise AssertionError(f"waited {within_s} s for {what}")
        await asyncio.sleep(0.01)


async def settle(times: int = 5) -> None:
    """Let every task that can run do so."""
    for _ in range(times):
        await asyncio.sleep(0)
