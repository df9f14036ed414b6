"""Waiting for what happens by itself: polling with a deadline, never a sleep that hopes.

The deadline is generous, and leaves out the time in which the machine had no CPU to give: it is for
what will never happen. A promise in seconds is measured, see `tests.support.stalls`.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from typing import TYPE_CHECKING, Any

from tests.support.stalls import PATIENCE_S, Deadline

if TYPE_CHECKING:
    from collections.abc import Callable


async def eventually(condition: Callable[[], Any], what: str, within_s: float = PATIENCE_S) -> Any:
    """Wait until `condition()`, which may be a coroutine, is true, and return what it gave."""
    deadline = Deadline(within_s)
    while True:
        value = condition()
        if inspect.isawaitable(value):
            value = await value
        if value:
            return value
        assert not deadline.passed, f"waited {deadline} for {what}"
        await asyncio.sleep(0.01)


def wait_until(
    condition: Callable[[], Any],
    what: str | Callable[[], str],
    within_s: float = PATIENCE_S,
    pause: Callable[[], Any] = lambda: time.sleep(0.02),
) -> Any:
    """The same without a loop of events; `what` may be told only if it did not come."""
    deadline = Deadline(within_s)
    while not (value := condition()):
        if deadline.passed:
            raise AssertionError(
                f"waited {deadline} for {what if isinstance(what, str) else what()}"
            )
        pause()
    return value


async def settle(times: int = 5) -> None:
    """Let every task that can run do so."""
    for _ in range(times):
        await asyncio.sleep(0)
