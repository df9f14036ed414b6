"""The event sockets of open pages.

Back-pressure: a socket that reads slowly keeps only the newest message of each kind, because each
replaces the one before, and when those are too many it gets the state anew; nothing else waits
for it.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Set

Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class End:
    """Why a socket is hung up."""

    code: int
    """RFC 6455 section 7.4."""
    reason: str
    """For people, at most 123 bytes."""


class Listener:
    """One socket's outbox."""

    def __init__(self) -> None:
        self._pending: dict[str, str] = {}
        self._filled = asyncio.Event()
        self._renew = False
        self.end: End | None = None
        """Why there will be nothing more; None: there will."""

    def put(self, kind: str, text: str) -> None:
        """Leave a message; it replaces an unread one of its kind."""
        self._pending.pop(kind, None)
        self._pending[kind] = text
        if len(self._pending) > MAX_PENDING:
            self.renew()
        self._filled.set()

    def renew(self) -> None:
        """Ask for the state to be sent anew, in place of all that is unread."""
        self._pending.clear()
        self._renew = True
        self._filled.set()

    def hang_up(self, end: End) -> None:
        """Say that nothing more will come."""
        self.end = end
        self._filled.set()

    async def get(self) -> tuple[bool, list[str]]:
        """Whether the state is to be sent anew, and the messages after that, oldest first."""
        await self._filled.wait()
        self._filled.clear()
        pending, self._pending = self._pending, {}
        renew, self._renew = self._renew, False
        return renew, list(pending.values())


class Hub:
    """All listeners, by broadcast."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[Listener]] = {}

    @property
    def broadcasts(self) -> Set[str]:
        """The broadcasts that somebody listens to."""
        return self._listeners.keys()

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

    def renew(self, broadcast: str) -> None:
        """Have the state sent anew to all listeners of a broadcast."""
        for listener in self._listeners.get(broadcast, ()):
            listener.renew()

    def hang_up(self, broadcast: str, end: End) -> None:
        """Hang up on all listeners of a broadcast."""
        for listener in self._listeners.get(broadcast, ()):
            listener.hang_up(end)


_NAMES = {"camera": "id", "edge_lost": "edge", "view": "camera"}
"""Types of messages that are about one thing each, and the field that names it."""
_THINGS = {"marker": "marker", "comment": "comment"}
"""Types of messages that hold one thing each, and the field that holds it; what says that it is
gone has `_removed` after its type, and is of the same kind."""
MAX_PENDING = 256
"""Unread messages of one socket; when there are more, it gets the state anew in their place."""


def message_kind(message: Message) -> str:
    """What a newer message of the same kind replaces."""
    kind = str(message["type"])
    if kind in _NAMES:
        return f"{kind}:{message[_NAMES[kind]]}"
    if kind in _THINGS:
        return f"{kind}:{message[_THINGS[kind]]['id']}"
    thing = kind.removesuffix("_removed")
    return f"{thing}:{message['id']}" if thing != kind and thing in _THINGS else kind
