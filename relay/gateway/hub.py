"""The event sockets of open pages.

Back-pressure: a socket that reads slowly keeps only the newest message of each kind, because each
replaces the one before; nothing else waits for it.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Message = dict[str, Any]


class Listener:
    """One socket's outbox."""

    def __init__(self) -> None:
        self._pending: dict[str, str] = {}
        self._filled = asyncio.Event()

    def put(self, kind: str, text: str) -> None:
        """Leave a message; it replaces an unread one of its kind."""
        self._pending.pop(kind, None)
        self._pending[kind] = text
        self._filled.set()

    async def get(self) -> list[str]:
        """The unread messages, oldest first; waits for one."""
        await self._filled.wait()
        self._filled.clear()
        pending, self._pending = self._pending, {}
        return list(pending.values())


class Hub:
    """All listeners, by broadcast."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[Listener]] = {}

    @property
    def broadcasts(self) -> list[str]:
        """The broadcasts that somebody listens to."""
        return list(self._listeners)

    def join(self, broadcast: str) -> tuple[Listener, Callable[[], None]]:
        """A new listener, and what ends it."""
        listener = Listener()
        self._listeners.setdefault(broadcast, set()).add(listener)

        def leave() -> None:
            group = self._listeners.get(broadcast, set())
            group.discard(listener)
            if not group:
                self._listeners.pop(broadcast, None)

        return listener, leave

    def tell(self, broadcast: str, message: Message) -> None:
        """Tell all listeners of a broadcast."""
        group = self._listeners.get(broadcast)
        if not group:
            return
        text = json.dumps(message)
        kind = message_kind(message)
        for listener in group:
            listener.put(kind, text)

    def tell_all(self, message: Message) -> None:
        """Tell the listeners of all broadcasts."""
        for broadcast in self.broadcasts:
            self.tell(broadcast, message)


def message_kind(message: Message) -> str:
    """What a newer message of the same kind replaces."""
    kind = str(message["type"])
    return f"{kind}:{message['id']}" if kind == "camera" else kind
