"""A crowd of viewers beside what a bench looks at: the load generator, kept by a thread of its own.

Playwright's thread counts as one that runs an event loop, and can have no other.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from relay.bench.crowd import Habits, LoadGenerator
from relay.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOOKED_AT: Final = 4
"""Viewers of whom it is known which pictures they got; each costs as much as several others."""
_AT_ONCE: Final = 8
_PATIENCE_S: Final = 60.0
_WAIT_S: Final = 90.0


@contextmanager
def crowd(url: str, count: int) -> Iterator[Callable[[], dict[str, Any]]]:
    """So many viewers of a WHEP endpoint meanwhile; gives what asks them for their counts.

    Raises:
        OperatorError: not all of them got in.
    """
    loop, over = asyncio.new_event_loop(), asyncio.Event()
    there: Future[LoadGenerator] = Future()

    async def life() -> None:
        # A camera's pictures are not those of `footage`.
        habits = Habits(sample=LOOKED_AT, content=False)
        generator = await LoadGenerator.start({"whep": url}, habits)
        try:
            outcome = await generator.ask(
                "join", count=count, at_once=_AT_ONCE, patience_s=_PATIENCE_S
            )
            if outcome["joined"] < count:
                raise OperatorError(f"{outcome['joined']} of {count} viewers were let in")
            there.set_result(generator)
            await over.wait()
        finally:
            await generator.stop()

    def work() -> None:
        try:
            loop.run_until_complete(life())
        except Exception as error:  # noqa: BLE001 - for the thread that waits
            if not there.done():
                there.set_exception(error)
        finally:
            loop.close()

    thread = threading.Thread(target=work, name="crowd")
    thread.start()
    try:
        generator = there.result(_WAIT_S)

        def counts() -> dict[str, Any]:
            asked = asyncio.run_coroutine_threadsafe(generator.ask("counts"), loop)
            return asked.result(_WAIT_S)

        yield counts
    finally:
        if not loop.is_closed():
            loop.call_soon_threadsafe(over.set)
        thread.join(_WAIT_S)
