"""What viewers tell the operators: documents, and their order in time."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, cast

from relay.bus import keys
from relay.bus.client import store_errors
from relay.errors import Conflict, NotFound
from relay.state.documents import Documents
from relay.state.models import Feedback

if TYPE_CHECKING:
    from redis.asyncio import Redis


class FeedbackStore:
    """The feedback on one broadcast.

    Every method raises `StoreError` if the state is out of reach.
    """

    def __init__(self, state: Redis, broadcast: str) -> None:
        self._state = state
        self._documents = Documents(state, keys.feedback(broadcast), Feedback, "feedback")
        self._order = keys.feedback_order(broadcast)

    async def count(self) -> int:
        """How many there are."""
        return await self._documents.count()

    async def add(self, feedback: Feedback) -> None:
        """Store one; what is sent again is stored once."""
        with suppress(Conflict):
            await self._documents.create(feedback.id, feedback)
        async with store_errors("storing feedback"):
            # The first of it may have been cut off before this.
            at = {feedback.id: feedback.at.timestamp()}
            await self._state.zadd(self._order, at, nx=True)

    async def page(self, *, before: str | None, limit: int) -> tuple[list[Feedback], str | None]:
        """The newest ones that are older than `before`, the newest first, and what to name as
        `before` to get those older than these: None if there are none.

        Raises:
            NotFound: there is no feedback `before`.
        """
        async with store_errors("listing feedback"):
            start = 0
            if before is not None:
                rank = cast("int | None", await self._state.zrevrank(self._order, before))
                if rank is None:
                    raise NotFound("there is no such feedback to go on from")
                start = rank + 1
            found = cast(
                "list[bytes]", await self._state.zrevrange(self._order, start, start + limit)
            )
        names = [name.decode() for name in found[:limit]]
        documents = await self._documents.some(names) if names else {}
        more = names[-1] if len(found) > limit else None
        return [documents[name] for name in names if name in documents], more
