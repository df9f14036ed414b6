"""What viewers tell the operators, and nobody else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import StringConstraints

from relay.audience import ratings
from relay.audience.feedback import FeedbackStore
from relay.bus.limits import Limit
from relay.errors import Overloaded
from relay.gateway.identity import identify, remember, require_pace
from relay.gateway.keys import AUTH, REGISTRY, STATE
from relay.gateway.query import Query, limit_of, read_limit
from relay.gateway.route import Route, json_response, read_body
from relay.state.models import COMPOSED, NEW_LINE, NEW_TEXT, TEXT_CHARS, Feedback, Model

if TYPE_CHECKING:
    from aiohttp import web

PATH: Final = "/api/v1/broadcasts/{slug}/feedback"
_WRITER: Final = Limit("feedback", every_s=20, burst=3)
_WRITERS: Final = Limit("feedbacks", every_s=5, burst=30)
_MOST: Final = 20_000
_LIST: Final = 500


class NewFeedback(Model):
    """What a viewer wants to tell."""

    text: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=4000, pattern=TEXT_CHARS),
        COMPOSED,
        NEW_TEXT,
    ]
    email: Annotated[
        str | None,
        StringConstraints(
            strip_whitespace=True,
            max_length=254,
            pattern=r"^[^@\s\x00-\x1f\x7f-\x9f]{1,64}@[^@\s\x00-\x1f\x7f-\x9f]{1,190}$",
        ),
        NEW_LINE,
    ] = None
    """Where to answer."""


class Taken(Model):
    """It was taken; there is nothing more to say."""


class FeedbackList(Model):
    """Feedback on a broadcast, the newest first."""

    feedback: list[Feedback]
    next: str | None
    """What to ask for as `before` to get the ones before these; null: there are none."""


async def create(request: web.Request) -> web.Response:
    """POST …/feedback."""
    new = await read_body(request, NewFeedback)
    app, identity = request.app, identify(request)
    broadcast = await app[REGISTRY].broadcasts.get(request.match_info["slug"])
    await require_pace(request, identity, viewer=_WRITER, crowd=_WRITERS)
    store = FeedbackStore(app[STATE], broadcast.slug)
    if await store.count() >= _MOST:
        raise Overloaded("no more feedback can be taken for this broadcast", retry_after=3600)
    rating = await ratings.read(app[STATE], broadcast.slug, identity.viewer)
    feedback = Feedback(
        id=app[AUTH].name_for(f"a feedback:{identity.once}"),
        at=datetime.now(UTC),
        text=new.text,
        email=new.email,
        stars=rating.yours,
    )
    await store.add(feedback)
    response = json_response(Taken(), status=201)
    remember(request, response, identity)
    return response


async def list_all(request: web.Request) -> web.Response:
    """GET …/feedback."""
    app = request.app
    broadcast = await app[REGISTRY].broadcasts.get(request.match_info["slug"])
    found, more = await FeedbackStore(app[STATE], broadcast.slug).page(
        before=request.query.get("before"),
        limit=read_limit(request, most=_LIST, usual=_LIST),
    )
    return json_response(FeedbackList(feedback=found, next=more))


ROUTES = [
    Route("POST", PATH, create, "Tell the operators something", NewFeedback, Taken, 201),
    Route(
        "GET",
        PATH,
        list_all,
        "What viewers told",
        answer=FeedbackList,
        admin=True,
        query=(
            Query("before", "What an earlier answer gave as next"),
            limit_of(_LIST, _LIST),
        ),
    ),
]
