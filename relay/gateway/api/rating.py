"""Stars."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field, StrictInt

from relay.audience import ratings
from relay.errors import Invalid
from relay.gateway.keys import AUTH, BUS, REGISTRY, STATE
from relay.gateway.route import Route, json_response, read_body
from relay.gateway.views import RatingView, rating_view
from relay.gateway.visitor import is_secure
from relay.ids import new_id
from relay.state.models import Model

if TYPE_CHECKING:
    from aiohttp import web

PATH: Final = "/api/v1/broadcasts/{slug}/rating"
_IDEMPOTENCY_KEY: Final = re.compile(r"[\w-]{1,64}", re.ASCII)


class Vote(Model):
    """One viewer's stars."""

    stars: Annotated[StrictInt, Field(ge=1, le=5)]
    """1 to 5."""


async def read(request: web.Request) -> web.Response:
    """GET the rating, with the asking viewer's own stars."""
    broadcast = await request.app[REGISTRY].broadcasts.get(request.match_info["slug"])
    viewer = request.app[AUTH].viewer(request)
    return json_response(
        rating_view(await ratings.read(request.app[STATE], broadcast.slug, viewer))
    )


async def vote(request: web.Request) -> web.Response:
    """POST a vote; a viewer's later vote replaces its earlier one."""
    stars = (await read_body(request, Vote)).stars
    app = request.app
    broadcast = await app[REGISTRY].broadcasts.get(request.match_info["slug"])
    key = idempotency_key(request)
    viewer = app[AUTH].viewer(request)
    if viewer is None:
        viewer = app[AUTH].repeating_viewer(request, key)
    rating = await ratings.vote(
        app[STATE],
        app[BUS],
        broadcast.slug,
        viewer=viewer,
        stars=stars,
        idempotency_key=f"{viewer}:{key}",
    )
    response = json_response(rating_view(rating))
    app[AUTH].remember(response, viewer, secure=is_secure(request))
    return response


def idempotency_key(request: web.Request) -> str:
    """The request's Idempotency-Key, or a new one.

    Raises:
        Invalid: it is not 1 to 64 letters, digits, `-` or `_`.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return new_id()
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        raise Invalid("Idempotency-Key: 1 to 64 letters, digits, - or _")
    return key


ROUTES = [
    Route("GET", PATH, read, "The rating of a broadcast", answer=RatingView),
    Route("POST", PATH, vote, "Rate a broadcast with 1 to 5 stars", Vote, RatingView),
]
