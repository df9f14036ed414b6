"""Comments, for viewers."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

from aiohttp import web
from pydantic import Field, StringConstraints

from relay.audience import comments as rules
from relay.audience.comment_store import Comments, is_blocked
from relay.audience.comments import DESK, Comment, CommentName, CommentText, Place
from relay.bus.limits import Limit
from relay.errors import Forbidden, Invalid
from relay.gateway.identity import (
    Identity,
    idempotency_key,
    identify,
    remember,
    require_pace,
)
from relay.gateway.keys import AUTH, REGISTRY, STATE
from relay.gateway.query import Query, limit_of, read_limit
from relay.gateway.route import Route, json_response, read_body
from relay.gateway.telling import tell
from relay.ids import new_id
from relay.state.models import COMPOSED, NEW_TEXT, TEXT_CHARS, Model, Moment

if TYPE_CHECKING:
    from relay.bus.events import Event
    from relay.state.models import Broadcast

PATH: Final = "/api/v1/broadcasts/{slug}/comments"
_PAGE: Final = 50
_MOST: Final = 100
_WAITING: Final = 200
_WRITER: Final = Limit("comment", every_s=8, burst=5)
_WRITERS: Final = Limit("comments", every_s=1, burst=60)
_EDITOR: Final = Limit("edit", every_s=5, burst=10)
_EDITORS: Final = Limit("edits", every_s=1, burst=60)
_REPORTER: Final = Limit("report", every_s=10, burst=5)
_REPORTERS: Final = Limit("reports", every_s=2, burst=30)


class NewComment(Model):
    """A comment to write."""

    text: CommentText
    name: CommentName
    reply_to: str | None = None
    """The comment that it answers."""
    moment: Annotated[Moment | None, Field(default=None)]
    """What it speaks of."""


class NewText(Model):
    """Another text for a comment."""

    text: CommentText


class Report(Model):
    """Why a comment should not be there."""

    reason: Annotated[
        str,
        StringConstraints(strip_whitespace=True, max_length=500, pattern=TEXT_CHARS),
        COMPOSED,
        NEW_TEXT,
    ] = ""


class CommentView(Model):
    """A comment as viewers see it; `author`, `reports` and `reasons` are for operators."""

    id: str
    name: str
    text: str
    at: datetime
    moment: datetime | None
    reply_to: str | None
    pinned: bool
    edited: bool
    hidden: bool
    held: bool
    """Whether it waits for approval."""
    desk: bool
    """Whether operators wrote it, with their token: the page says so beside the name."""
    yours: bool
    editable_until: datetime | None
    """Until when the asking viewer may change it."""
    author: str | None = None
    """The same for all that one viewer wrote."""
    reports: int | None = None
    reasons: list[str] | None = None
    """Of those who reported it, the oldest first; those who named none are left out."""


class CommentList(Model):
    """Some comments, the newest first."""

    comments: list[CommentView]
    next: str | None
    """What to ask for as `before` to get the ones before these: a moment, µs since 1970; null:
    there are none.
    """
    pinned: list[CommentView]
    roots: list[CommentView]
    """Older ones that are not among these, and that some of these answer."""
    yours: list[CommentView]
    """With the newest: the asking viewer's own that wait for approval."""


def comment_view(
    comment: Comment,
    viewer: str | None,
    *,
    admin: bool = False,
    reports: list[str] | None = None,
) -> CommentView:
    """A comment for somebody."""
    yours = comment.author == viewer
    editable = comment.is_editable(viewer, datetime.now(UTC))
    return CommentView(
        **comment.model_dump(exclude={"author", "place"}),
        desk=comment.desk,
        hidden=comment.place is Place.HIDDEN,
        held=comment.place is Place.HELD,
        yours=yours,
        editable_until=comment.editable_until if editable else None,
        author=pseudonym(comment.author) if admin else None,
        reports=None if reports is None else len(reports),
        reasons=None if reports is None else [reason for reason in reports if reason],
    )


def pseudonym(author: str) -> str:
    """What operators see of an author: no cookie can be made from it."""
    return hashlib.sha256(author.encode()).hexdigest()[:12]


async def tell_comment(app: web.Application, slug: str, *comments: Comment) -> None:
    """Tell pages of new or changed comments, or that they are to be seen no more."""
    await tell(app, slug, *map(_event, comments))


def _event(comment: Comment) -> Event:
    if comment.place is Place.SHOWN:
        view = comment_view(comment, None).model_dump(mode="json")
        return {"type": "comment", "comment": view}
    return {"type": "comment_removed", "id": comment.id}


async def list_all(request: web.Request) -> web.Response:
    """GET …/comments."""
    app, auth = request.app, request.app[AUTH]
    wanted = request.query.get("state")
    if wanted is not None:
        auth.require_admin(request)
    broadcast = await broadcast_of(request)
    store, viewer = Comments(app[STATE], broadcast.slug), auth.viewer(request)
    limit = read_limit(request, most=_MOST, usual=_PAGE)
    if wanted == "reported":
        views = [
            comment_view(comment, viewer, admin=True, reports=reasons)
            for comment, reasons in await store.reported(limit)
        ]
        return json_response(CommentList(comments=views, next=None, pinned=[], roots=[], yours=[]))
    if wanted not in (None, *Place):
        raise Invalid("state: held, hidden or reported")
    before = _cursor(request.query.get("before"))
    found = await store.page(wanted or Place.SHOWN, before_us=before, limit=limit)
    more = str(found[-1].at_us) if len(found) == limit else None
    pinned: list[Comment] = []
    roots: list[Comment] = []
    yours: list[Comment] = []
    if wanted is None:
        pinned = await store.page("pinned", before_us=None, limit=_MOST)
        if before is None and viewer is not None:
            yours = await _waiting(store, viewer)
        found, roots = await _with_roots(store, found, yours)
    admin = wanted is not None
    return json_response(
        CommentList(
            comments=[comment_view(comment, viewer, admin=admin) for comment in found],
            next=more,
            pinned=[comment_view(comment, viewer) for comment in pinned],
            roots=[comment_view(comment, viewer) for comment in roots],
            yours=[comment_view(comment, viewer) for comment in yours],
        )
    )


async def _waiting(store: Comments, viewer: str) -> list[Comment]:
    """A viewer's own comments that wait for approval, of the newest that do: nobody else sees them,
    and their author would take them for lost.
    """
    held = await store.page(Place.HELD, before_us=None, limit=_WAITING)
    return [comment for comment in held if comment.author == viewer]


async def _with_roots(
    store: Comments, found: list[Comment], yours: list[Comment]
) -> tuple[list[Comment], list[Comment]]:
    """Without the replies to what is not to be seen; and the roots that are not among them."""
    replies = [comment.reply_to for comment in (*found, *yours)]
    roots = {root for root in replies if root is not None}
    shown = await store.shown_roots(sorted(roots))
    kept = [each for each in found if each.reply_to is None or each.reply_to in shown]
    older = shown - {each.id for each in kept}
    return kept, await store.some(sorted(older))


def _cursor(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 16:
        raise Invalid("before: a moment, µs since 1970, as an earlier answer gave it as next")
    return int(text)


async def create(request: web.Request) -> web.Response:
    """POST …/comments."""
    new = await read_body(request, NewComment)
    app, identity = request.app, _author(request)
    broadcast = await broadcast_of(request)
    place = rules.place_of(broadcast.comments, new.name, new.text, author=identity.viewer)
    if identity.viewer != DESK:
        rules.require_free_name(new.name, broadcast)
    store = Comments(app[STATE], broadcast.slug)
    comment_id = new_id()
    if "Idempotency-Key" in request.headers:
        comment_id = app[AUTH].name_for(f"comment:{identity.once}")
        known = await store.find(comment_id)
        if known is not None:
            return _answer(known, identity.viewer)
    if await is_blocked(app[STATE], identity.viewer):
        raise Forbidden("comments of yours are not taken any more", kind="blocked")
    if identity.viewer != DESK:
        await require_pace(request, identity, viewer=_WRITER, crowd=_WRITERS)
    root = None
    if new.reply_to is not None:
        root = rules.root_of(await store.find(new.reply_to))
    comment = await store.add(
        Comment(
            id=comment_id,
            author=identity.viewer,
            name=new.name,
            text=new.text,
            at=datetime.now(UTC),
            moment=new.moment,
            reply_to=root,
            place=place,
        )
    )
    if comment.place is Place.SHOWN:
        await tell_comment(app, broadcast.slug, comment)
    response = _answer(comment, identity.viewer)
    remember(request, response, identity)
    return response


def _author(request: web.Request) -> Identity:
    """The viewer that writes; the desk, where the request has the operators' token.

    Raises:
        Unauthorized: the token is not known.
    """
    auth = request.app[AUTH]
    if "Authorization" not in request.headers:
        return identify(request)
    auth.require_admin(request)
    return Identity(DESK, idempotency_key(request), is_new=False)


def _answer(comment: Comment, viewer: str) -> web.Response:
    status = 202 if comment.place is Place.HELD else 201
    return json_response(comment_view(comment, viewer), status=status)


async def change(request: web.Request) -> web.Response:
    """PATCH …/comments/{id}."""
    new = await read_body(request, NewText)
    app, identity = request.app, _author(request)
    broadcast = await broadcast_of(request)
    if identity.viewer != DESK:
        await require_pace(request, identity, viewer=_EDITOR, crowd=_EDITORS)
    before: list[Comment] = []
    viewer = identity.viewer

    def edit(comment: Comment) -> Comment:
        before[:] = [comment]
        now = datetime.now(UTC)
        return rules.edited(comment, new.text, author=viewer, policy=broadcast.comments, now=now)

    store = Comments(app[STATE], broadcast.slug)
    comment = await store.change(request.match_info["id"], edit)
    if Place.SHOWN in (comment.place, before[0].place):
        await tell_comment(app, broadcast.slug, comment)
    return json_response(comment_view(comment, viewer))


async def delete(request: web.Request) -> web.Response:
    """DELETE …/comments/{id}: the author's for a while, the operators' at any time."""
    app, auth = request.app, request.app[AUTH]
    broadcast = await broadcast_of(request)
    store = Comments(app[STATE], broadcast.slug)
    comment = await store.get(request.match_info["id"])
    if "Authorization" in request.headers:
        auth.require_admin(request)
    else:
        rules.require_author(comment, auth.viewer(request), datetime.now(UTC))
    await store.delete(comment.id)
    await tell(app, broadcast.slug, {"type": "comment_removed", "id": comment.id})
    return web.Response(status=204)


async def report(request: web.Request) -> web.Response:
    """POST …/comments/{id}/report."""
    body = await read_body(request, Report)
    identity = identify(request)
    broadcast = await broadcast_of(request)
    await require_pace(request, identity, viewer=_REPORTER, crowd=_REPORTERS)
    store = Comments(request.app[STATE], broadcast.slug)
    await store.report(request.match_info["id"], who=pseudonym(identity.viewer), reason=body.reason)
    response = web.Response(status=204)
    remember(request, response, identity)
    return response


async def broadcast_of(request: web.Request) -> Broadcast:
    """The broadcast that a request is about.

    Raises:
        NotFound: there is none of that name.
    """
    return await request.app[REGISTRY].broadcasts.get(request.match_info["slug"])


_ONE = PATH + "/{id}"
ROUTES = [
    Route(
        "GET",
        PATH,
        list_all,
        "Comments, the newest first; with ?state=held, hidden or reported, for operators",
        answer=CommentList,
        query=(
            Query(
                "state",
                "Which, for operators",
                (("type", "string"), ("enum", ["shown", "held", "hidden", "reported"])),
            ),
            Query("before", "A moment, µs since 1970: what an earlier answer gave as next"),
            limit_of(_MOST, _PAGE),
        ),
    ),
    Route("POST", PATH, create, "Write a comment", NewComment, CommentView, 201, also=(202,)),
    Route("PATCH", _ONE, change, "Change one's own comment", NewText, CommentView),
    Route("DELETE", _ONE, delete, "Withdraw one's own comment, or delete any", status=204),
    Route("POST", _ONE + "/report", report, "Report a comment to operators", Report, status=204),
]
