"""Comments in the state: their documents, and lists by place and time.

Scripts move a comment between lists together with its document, and only from the state that a
decision was made on, so that an edit and a moderation at the same time never mix.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from pydantic import ValidationError

from relay.audience.comments import Comment, Place
from relay.bus import keys
from relay.bus.client import store_errors
from relay.errors import NotFound, Overloaded
from relay.log import logger
from relay.state.models import STORED, explain

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from redis.asyncio import Redis

# KEYS: documents, all, its list, shown. ARGV: id, document, µs, root or "" if it is one, most.
_ADD: Final = """
local known = redis.call('HGET', KEYS[1], ARGV[1])
if known then return known end
if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[5]) then return 'full' end
if ARGV[4] ~= '' and not redis.call('ZSCORE', KEYS[4], ARGV[4]) then return 'gone' end
-- Each has a moment of its own, so that a page of the list can begin after any of them.
if #redis.call('ZRANGEBYSCORE', KEYS[2], ARGV[3], ARGV[3]) > 0 then return 'taken' end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
redis.call('ZADD', KEYS[3], ARGV[3], ARGV[1])
return ARGV[2]
"""
# KEYS: documents, shown, held, hidden, pinned. ARGV: id, present document, new one, µs, index of
# its list in KEYS, whether it is pinned.
_CHANGE: Final = """
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
for i = 2, 5 do
  if i == tonumber(ARGV[5]) or (i == 5 and ARGV[6] == '1') then
    redis.call('ZADD', KEYS[i], ARGV[4], ARGV[1])
  else
    redis.call('ZREM', KEYS[i], ARGV[1])
  end
end
return 1
"""
# KEYS: documents, reports, reported, and the lists. ARGV: id.
_DELETE: Final = """
for i = 3, #KEYS do redis.call('ZREM', KEYS[i], ARGV[1]) end
redis.call('HDEL', KEYS[2], ARGV[1])
return redis.call('HDEL', KEYS[1], ARGV[1])
"""
# KEYS: documents, reports, reported. ARGV: id, who, reason, most reports of one comment.
_REPORT: Final = """
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
local found = cjson.decode(redis.call('HGET', KEYS[2], ARGV[1]) or '[]')
if #found >= tonumber(ARGV[4]) then return 1 end
for _, each in ipairs(found) do
  if each[1] == ARGV[2] then return 1 end
end
found[#found + 1] = {ARGV[2], ARGV[3]}
redis.call('HSET', KEYS[2], ARGV[1], cjson.encode(found))
redis.call('ZADD', KEYS[3], #found, ARGV[1])
return 1
"""
_MOST_REPORTS: Final = 200
"""More on one comment tell operators nothing new, and are not kept."""
MOST: Final = 100_000
"""A broadcast has so many comments at the most; some 100 MB of the state."""
_PLACES: Final = (Place.SHOWN, Place.HELD, Place.HIDDEN)
_STEP: Final = timedelta(microseconds=1)
_CHUNK: Final = 500
_LOOKS: Final = 10
"""Replies are looked for in so many chunks: operators wait for that."""


class Comments:
    """The comments of one broadcast.

    Every method raises `StoreError` if the state is out of reach.
    """

    def __init__(self, state: Redis, broadcast: str) -> None:
        self._state = state
        self._documents = keys.comments(broadcast)
        self._reports = keys.comment_list(broadcast, "reports")
        self._lists = {
            name: keys.comment_list(broadcast, name)
            for name in ("all", *_PLACES, "pinned", "reported")
        }

    async def add(self, comment: Comment) -> Comment:
        """Store a new comment; returns the stored one, which is the earlier one of that id if there
        is one: its author sends it again.

        Raises:
            NotFound: the comment that it replies to is gone.
            Overloaded: the broadcast has as many comments as are kept.
        """
        async with store_errors("storing a comment"):
            while True:
                answer = cast(
                    "bytes",
                    await self._state.eval(
                        _ADD,
                        4,
                        self._documents,
                        self._lists["all"],
                        self._lists[comment.place],
                        self._lists[Place.SHOWN],
                        comment.id,
                        comment.model_dump_json(),
                        str(comment.at_us),
                        comment.reply_to or "",
                        str(MOST),
                    ),
                )
                if answer != b"taken":
                    break
                comment = comment.model_copy(update={"at": comment.at + _STEP})
        if answer == b"gone":
            raise NotFound("the comment that this replies to is gone")
        if answer == b"full":
            raise Overloaded("no more comments can be taken on this broadcast", retry_after=3600)
        return Comment.model_validate_json(answer, context=STORED)

    async def find(self, comment_id: str) -> Comment | None:
        """A comment, if there is one."""
        async with store_errors("reading a comment"):
            value = cast("bytes | None", await self._state.hget(self._documents, comment_id))
        return None if value is None else Comment.model_validate_json(value, context=STORED)

    async def get(self, comment_id: str) -> Comment:
        """A comment.

        Raises:
            NotFound: there is none of that id.
        """
        found = await self.find(comment_id)
        if found is None:
            raise NotFound("there is no such comment")
        return found

    async def change(self, comment_id: str, change: Callable[[Comment], Comment]) -> Comment:
        """Replace a comment by what `change` makes of it, and return that.

        Raises:
            NotFound: there is none of that id.
        """
        while True:
            async with store_errors("changing a comment"):
                value = cast("bytes | None", await self._state.hget(self._documents, comment_id))
            if value is None:
                raise NotFound("there is no such comment")
            changed = change(Comment.model_validate_json(value, context=STORED))
            lists = [self._lists[name] for name in (*_PLACES, "pinned")]
            async with store_errors("changing a comment"):
                done = await self._state.eval(
                    _CHANGE,
                    5,
                    self._documents,
                    *lists,
                    comment_id,
                    value,
                    changed.model_dump_json(),
                    str(changed.at_us),
                    str(2 + _PLACES.index(changed.place)),
                    "1" if changed.pinned else "0",
                )
            if done:
                return changed

    async def delete(self, comment_id: str) -> None:
        """Delete a comment.

        Raises:
            NotFound: there is none of that id.
        """
        touched = [self._documents, self._reports, *self._lists.values()]
        async with store_errors("deleting a comment"):
            gone = await self._state.eval(_DELETE, len(touched), *touched, comment_id)
        if not gone:
            raise NotFound("there is no such comment")

    async def report(self, comment_id: str, *, who: str, reason: str) -> None:
        """Tell operators of a comment; once a viewer.

        Raises:
            NotFound: there is none of that id.
        """
        async with store_errors("reporting a comment"):
            done = await self._state.eval(
                _REPORT,
                3,
                self._documents,
                self._reports,
                self._lists["reported"],
                comment_id,
                who,
                reason,
                str(_MOST_REPORTS),
            )
        if not done:
            raise NotFound("there is no such comment")

    async def page(self, name: str, *, before_us: int | None, limit: int) -> list[Comment]:
        """The newest comments of a list (a place, `pinned` or `all`), before a moment."""
        last = "+inf" if before_us is None else f"({before_us}"
        async with store_errors("listing comments"):
            ids = cast(
                "list[bytes]",
                await self._state.zrevrangebyscore(
                    self._lists[name], last, "-inf", start=0, num=limit
                ),
            )
            return await self._read(ids)

    async def reported(self, limit: int) -> list[tuple[Comment, list[str]]]:
        """The comments most often reported, and the reason of each report, the oldest first; "" of
        one that names none.
        """
        async with store_errors("listing reported comments"):
            names = cast(
                "list[bytes]", await self._state.zrevrange(self._lists["reported"], 0, limit - 1)
            )
            comments = await self._read(names)
            if not comments:
                return []
            values = await self._state.hmget(self._reports, [each.id for each in comments])
        return [
            (comment, [reason for _, reason in json.loads(value or b"[]")])
            for comment, value in zip(comments, values, strict=True)
        ]

    async def shown_roots(self, roots: Sequence[str]) -> set[str]:
        """Those of these comments that are shown."""
        if not roots:
            return set()
        async with store_errors("looking up comments"):
            scores: list[Any] = await self._state.zmscore(self._lists[Place.SHOWN], list(roots))
        return {root for root, score in zip(roots, scores, strict=True) if score is not None}

    async def replies(self, root: Comment, *, most: int) -> list[Comment]:
        """The newest shown replies to a comment, the newest first; those among the newest 5000
        comments that are shown.
        """
        found: list[Comment] = []
        before = None
        for _ in range(_LOOKS):
            page = await self.page(Place.SHOWN, before_us=before, limit=_CHUNK)
            found += [comment for comment in page if comment.reply_to == root.id]
            if len(found) >= most or not page or page[-1].at_us <= root.at_us:
                break
            before = page[-1].at_us
        return found[:most]

    async def some(self, names: Sequence[str]) -> list[Comment]:
        """Those of these comments that there are."""
        async with store_errors("reading comments"):
            return await self._read([name.encode() for name in names])

    async def everything(self) -> AsyncIterator[Comment]:
        """All comments, the oldest first."""
        start = 0
        while True:
            async with store_errors("exporting comments"):
                ids = cast(
                    "list[bytes]",
                    await self._state.zrange(self._lists["all"], start, start + _CHUNK - 1),
                )
                comments = await self._read(ids)
            for comment in comments:
                yield comment
            if len(ids) < _CHUNK:
                return
            start += _CHUNK

    async def _read(self, ids: list[bytes]) -> list[Comment]:
        if not ids:
            return []
        values: list[Any] = await self._state.hmget(self._documents, ids)
        return [comment for value in values if (comment := _parse(value)) is not None]


def _parse(value: bytes | None) -> Comment | None:
    if value is None:  # deleted between two commands
        return None
    try:
        return Comment.model_validate_json(value, context=STORED)
    except ValidationError as error:  # another version of the relay wrote it
        logger().error("a comment is left out", error=explain(error))
        return None


async def block(state: Redis, author: str, *, blocked: bool) -> None:
    """Refuse an author's comments from now on, everywhere, or take them again.

    Raises:
        StoreError: the state is out of reach.
    """
    async with store_errors("blocking an author"):
        if blocked:
            await state.sadd(keys.BLOCKED_AUTHORS, author)
        else:
            await state.srem(keys.BLOCKED_AUTHORS, author)


async def is_blocked(state: Redis, author: str) -> bool:
    """Whether an author's comments are refused.

    Raises:
        StoreError: the state is out of reach.
    """
    async with store_errors("looking up an author"):
        return bool(await state.sismember(keys.BLOCKED_AUTHORS, author))
