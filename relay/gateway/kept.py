"""Answers that every open page asks for at once: worked out once, and kept for a while."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")
_MOST: Final = 256


class Kept(Generic[T]):
    """Answers by name; of more than 256 the oldest go. Those who ask while one is worked out wait
    for it; one that fails is kept for nobody.
    """

    def __init__(self, for_s: float) -> None:
        self._for_s = for_s
        self._answers: dict[str, tuple[asyncio.Task[T], float]] = {}
        """The work and when it began, by the loop's clock."""

    async def get(self, name: str, work: Callable[[], Coroutine[object, object, T]]) -> T:
        """The answer of that name; where none is kept, what `work` answers.

        Raises what `work` raises.
        """
        now = asyncio.get_running_loop().time()
        task, began = self._answers.get(name, (None, now))
        if task is None or now - began >= self._for_s or _has_failed(task):
            self.forget(name)
            while len(self._answers) >= _MOST:
                self.forget(next(iter(self._answers)))
            task = asyncio.create_task(work())
            self._answers[name] = task, now
        # Whoever goes away while waiting takes it from nobody else.
        return await asyncio.shield(task)

    def forget(self, name: str) -> None:
        """What is kept under that name is not true any more."""
        self._answers.pop(name, None)

    def clear(self) -> None:
        """Nothing of what is kept is known to be true."""
        self._answers.clear()


def _has_failed(task: asyncio.Task[T]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
