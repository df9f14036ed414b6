"""Comments and feedback, for operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiohttp import web

from relay.audience import comments as rules
from relay.audience.comment_store import Comments, block
from relay.audience.comments import Comment, Place
from relay.errors import Invalid
from relay.gateway.api.comments import PATH, CommentView, broadcast_of, comment_view, tell_comment
from relay.gateway.keys import STATE
from relay.gateway.route import Route, json_response, read_body
from relay.state.models import Model

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_CHUNK: Final = 100
_REPLIES: Final = 50
"""So many are told again with their root: they fit into a page's unread messages."""


class Decision(Model):
    """What becomes of a comment; what is left out stays as it is."""

    hidden: bool | None = None
    pinned: bool | None = None
    approved: bool | None = None
    """True shows what waits for approval, false hides it."""
    block_author: bool | None = None
    """Whether the author's further comments are refused, everywhere; not the desk's."""


class CommentExport(Model):
    """All comments of a broadcast, the oldest first, hidden and waiting ones as well."""

    broadcast: str
    comments: list[CommentView]


async def decide(request: web.Request) -> web.Response:
    """PATCH …/comments/{id}/moderation."""
    decision = await read_body(request, Decision)
    app, broadcast = request.app, await broadcast_of(request)
    before: list[Comment] = []

    def apply(comment: Comment) -> Comment:
        before[:] = [comment]
        if decision.block_author and comment.desk:
            raise Invalid("block_author: the desk wrote this, and is never blocked")
        return rules.moderated(
            comment,
            hidden=decision.hidden,
            pinned=decision.pinned,
            approved=decision.approved,
        )

    store = Comments(app[STATE], broadcast.slug)
    comment = await store.change(request.match_info["id"], apply)
    if decision.block_author is not None:
        await block(app[STATE], comment.author, blocked=decision.block_author)
    if comment != before[0]:  # one that was held is on its author's page
        await tell_comment(app, broadcast.slug, comment)
    came_back = comment.place is Place.SHOWN and before[0].place is not Place.SHOWN
    if came_back and comment.reply_to is None:  # pages have dropped its replies with it
        replies = await store.replies(comment, most=_REPLIES)
        await tell_comment(app, broadcast.slug, *reversed(replies))
    return json_response(comment_view(comment, None, admin=True))


async def export(request: web.Request) -> web.StreamResponse:
    """GET …/comments/export."""
    broadcast = await broadcast_of(request)
    response = web.StreamResponse(
        headers={
            "Content-Type": "application/json; charset=utf-8",
            "Content-Disposition": f'attachment; filename="{broadcast.slug}-comments.json"',
            "Cache-Control": "no-store",
        }
    )
    comments = Comments(request.app[STATE], broadcast.slug).everything()
    # The first is read before the answer begins, so that an outage is told as one.
    parts = _parts(broadcast.slug, comments)
    text = await anext(parts)
    await response.prepare(request)
    await response.write(text)
    async for text in parts:
        await response.write(text)
    await response.write_eof()
    return response


async def _parts(slug: str, comments: AsyncIterator[Comment]) -> AsyncIterator[bytes]:
    batch, begun = [], False
    head = f'{{"broadcast":"{slug}","comments":['
    async for comment in comments:
        batch.append(comment_view(comment, None, admin=True).model_dump_json())
        if len(batch) == _CHUNK:
            yield (("," if begun else head) + ",".join(batch)).encode()
            batch, begun = [], True
    comma = "," if batch else ""
    yield ((comma if begun else head) + ",".join(batch) + "]}").encode()


_ONE = PATH + "/{id}/moderation"
ROUTES = [
    Route("GET", PATH + "/export", export, "All comments", answer=CommentExport, admin=True),
    Route(
        "PATCH", _ONE, decide, "Hide, pin or approve a comment", Decision, CommentView, admin=True
    ),
]
