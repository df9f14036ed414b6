"""Stars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field, StrictInt

from relay.audience import ratings
from relay.gateway.identity import identify, remember
from relay.gateway.keys import AUTH, BUS, REGISTRY, STATE
from relay.gateway.route import Route, json_response, read_body
from relay.gateway.views import RatingView, rating_view
from relay.state.models import Model

if TYPE_CHECKING:
    from aiohttp import web

PATH: Final = "/api/v1/broadcasts/{slug}/rating"


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
    identity = identify(request)
    rating = await ratings.vote(
        app[STATE],
        app[BUS],
        broadcast.slug,
        viewer=identity.viewer,
        stars=stars,
        idempotency_key=identity.once,
    )
    response = json_response(rating_view(rating))
    remember(request, response, identity)
    return response


ROUTES = [
    Route("GET", PATH, read, "The rating of a broadcast", answer=RatingView),
    Route("POST", PATH, vote, "Rate a broadcast with 1 to 5 stars", Vote, RatingView),
]
