"""Stars."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field, StrictInt

from relay.audience import ratings, series
from relay.audience.ratings import Ballot, Refusal
from relay.errors import Conflict, Forbidden, Invalid, TooMany
from relay.gateway.access import require_access
from relay.gateway.identity import has_watched, identify, network, remember
from relay.gateway.keys import AUTH, BALLOTS, LIVE, REGISTRY, SETTINGS, STATE
from relay.gateway.route import Route, json_response, read_body
from relay.gateway.views import RatingView, rating_view
from relay.state.models import Model

if TYPE_CHECKING:
    from aiohttp import web

    from relay.audience.ratings import Rating
    from relay.audience.series import Point
    from relay.state.models import Broadcast

PATH: Final = "/api/v1/broadcasts/{slug}/rating"
_AHEAD_US: Final = 5_000_000
_BEHIND_US: Final = 24 * 3600 * 1_000_000
"""A vote may speak of a moment up to so long ago."""


class Vote(Model):
    """One viewer's stars."""

    stars: Annotated[StrictInt, Field(ge=1, le=5)]
    """1 to 5."""
    at_us: Annotated[StrictInt | None, Field(default=None)]
    """When the picture was captured that the viewer saw, µs since the epoch."""
    session: Annotated[str | None, Field(default=None, max_length=128, pattern=r"^[\w.:-]*$")]
    """The WHEP session that it watches; in a frame without cookies, its heartbeats speak for it."""


class PointView(Model):
    """What viewers thought of one moment."""

    at: datetime
    count: int
    average: float


class SeriesView(Model):
    """The rating over the time of the broadcast."""

    bucket_s: int
    """Length of what a point stands for."""
    points: list[PointView]
    moments: list[PointView]
    """The best-loved moments, the best first."""


async def read(request: web.Request) -> web.Response:
    """GET the rating, with the asking viewer's own stars."""
    broadcast = await request.app[REGISTRY].broadcasts.get(request.match_info["slug"])
    viewer = request.app[AUTH].viewer(request)
    return json_response(
        rating_view(await ratings.read(request.app[STATE], broadcast.slug, viewer))
    )


async def vote(request: web.Request) -> web.Response:
    """POST a vote; a viewer's later vote replaces its earlier one.

    Votes are taken from the beginning on, and after the end: people rate what they saw.
    """
    body = await read_body(request, Vote)
    now_s = time.time()
    app, identity = request.app, identify(request)
    watch_s = app[SETTINGS].vote_watch_s
    ballot = Ballot(
        broadcast=request.match_info["slug"],
        viewer=identity.viewer,
        stars=body.stars,
        key=identity.key,
        now_s=now_s,
        network=await network(request),
        at_us=_moment(app, request.match_info["slug"], body.at_us, now_s),
        proven=_has_been_there(app, request.match_info["slug"], identity.viewer, now_s),
    )
    rating = await _cast(request, ballot, body.session, watch_s)
    response = json_response(rating_view(rating))
    remember(request, response, identity)
    return response


def _has_been_there(app: web.Application, slug: str, viewer: str, now_s: float) -> bool:
    """Whether a viewer's id alone speaks for it: it tells when its page came.

    While there is a picture, ids that were only kept for a while are no proof of having watched:
    the heartbeats are asked, see `_cast`. Either matters where a crowd votes from one network only.
    """
    broadcast = app[LIVE].broadcast(slug)
    if broadcast is not None and app[LIVE].programme(slug, broadcast.cameras) is not None:
        return False
    return app[AUTH].age_s(viewer, now_s) >= app[SETTINGS].vote_watch_s


async def _cast(
    request: web.Request, ballot: Ballot, session: str | None, watch_s: float
) -> Rating:
    ballots = request.app[BALLOTS]

    def check(broadcast: Broadcast) -> None:
        require_access(request, broadcast)
        if not request.app[LIVE].takes_votes(broadcast):
            raise Conflict("this broadcast has not begun", kind="not-begun")

    rating, refusal = await ballots.cast(ballot, check)
    if refusal is Refusal.UNPROVEN and await has_watched(
        request, ballot.broadcast, ballot.viewer, watch_s, session=session
    ):
        rating, refusal = await ballots.cast(ballot.as_proven(), check)
    if refusal is Refusal.UNPROVEN:
        raise Forbidden(
            f"watch for {watch_s:.0f} seconds before you rate",
            retry_after=watch_s,
            kind="watch-first",
        )
    if refusal is Refusal.HASTY:
        raise TooMany(
            "so many votes within a minute are too many; wait for the next one",
            retry_after=60.0 - ballot.now_s % 60,
            kind="too-often",
        )
    if refusal is Refusal.CROWDED:
        raise TooMany(
            "too many new votes come from your network; try again in a minute",
            retry_after=60.0,
            kind="too-often",
        )
    return rating


def _moment(app: web.Application, slug: str, at_us: int | None, now_s: float) -> int | None:
    """The moment of the broadcast that a vote speaks of.

    Raises:
        Invalid: it is none of the last day.
    """
    if at_us is None:
        return None
    now_us = int(now_s * 1e6)
    if not now_us - _BEHIND_US <= at_us <= now_us + _AHEAD_US:
        raise Invalid("at_us: a moment of the last 24 hours, in µs since the epoch")
    broadcast = app[LIVE].broadcast(slug)
    if broadcast is None:
        return at_us
    return series.moment_within(broadcast, at_us, began_us=app[LIVE].began(slug), now_us=now_us)


async def read_series(request: web.Request) -> web.Response:
    """GET the rating by moments."""
    broadcast = await request.app[REGISTRY].broadcasts.get(request.match_info["slug"])
    state = request.app[STATE]

    async def work() -> str:
        every = series.points(*await ratings.read_moments(state, broadcast.slug))
        found = series.of_this_run(every, broadcast, time.time_ns() // 1000)
        view = SeriesView(
            bucket_s=ratings.BUCKET_S,
            points=[_point_view(point) for point in found],
            moments=[_point_view(point) for point in series.best_loved(found)],
        )
        return view.model_dump_json()

    # Every open page asks at the moment when it is told of a change.
    return json_response(await request.app[LIVE].series.get(broadcast.slug, work))


def _point_view(point: Point) -> PointView:
    at = datetime.fromtimestamp(point.at_s, UTC)
    return PointView(at=at, count=point.count, average=point.average)


ROUTES = [
    Route("GET", PATH, read, "The rating of a broadcast", answer=RatingView),
    Route(
        "POST", PATH, vote, "Rate a broadcast with 1 to 5 stars", Vote, RatingView, guarded=False
    ),
    Route(
        "GET",
        PATH + "/series",
        read_series,
        "The rating by the moments that votes speak of",
        answer=SeriesView,
    ),
]
