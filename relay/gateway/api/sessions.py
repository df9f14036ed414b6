"""Who watches, for operators: open pages and audiences. No addresses, and nobody's name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field

from relay.audience import watching
from relay.errors import Invalid
from relay.gateway.keys import BUS, REGISTRY, STATE
from relay.gateway.query import Query, limit_of, read_limit
from relay.gateway.route import Route, json_response
from relay.state.models import Model

if TYPE_CHECKING:
    from aiohttp import web


SESSIONS: Final = "/api/v1/sessions"
_LIST: Final = 1000
AUDIENCE: Final = "/api/v1/broadcasts/{slug}/audience"


class SessionView(Model):
    """One open page, as it tells of itself."""

    id: str
    since: float
    """When it came, seconds since the epoch."""
    session: str | None
    """Its WHEP session; the part before the dot is its edge."""
    camera: str | None
    rendition: str | None
    latency_ms: float | None
    freezes: int
    frozen_ms: float
    received_bps: float | None
    loss: float | None
    playing: bool
    partner: str | None


class SessionList(Model):
    """Open pages of a broadcast, by their ids."""

    sessions: list[SessionView]
    next: str | None
    """What to ask for as `after` to get the ones after these; null: there are none."""


class PartnerAudience(Model):
    """The part of an audience that watches at a partner's site."""

    id: str
    watching: int
    unique: int
    peak: int
    watch_s: float


class AudienceView(Model):
    """The audience of a broadcast."""

    watching: int
    """Pages that play at this moment."""
    unique: Annotated[int, Field(ge=0)]
    """Different viewers so far; an estimate, to about 1 %."""
    peak: int
    """Most pages that played at the same time."""
    watch_s: float
    """Seconds played by all."""
    partners: list[PartnerAudience]


async def list_all(request: web.Request) -> web.Response:
    """GET /api/v1/sessions?broadcast=."""
    slug = request.query.get("broadcast")
    if slug is None:
        raise Invalid("broadcast: its slug has to be given in the query")
    broadcast = await request.app[REGISTRY].broadcasts.get(slug)
    found, more = await watching.pages(
        request.app[BUS],
        broadcast.slug,
        after=request.query.get("after", ""),
        limit=read_limit(request, most=_LIST, usual=_LIST),
    )
    views = [SessionView.model_validate(each) for each in found]
    return json_response(SessionList(sessions=views, next=more))


async def audience(request: web.Request) -> web.Response:
    """GET …/audience."""
    app = request.app
    broadcast = await app[REGISTRY].broadcasts.get(request.match_info["slug"])
    found = await watching.crowds(app[STATE], app[BUS], broadcast.slug)
    whole = found.pop("")
    return json_response(
        AudienceView(
            watching=whole.watching,
            unique=whole.unique,
            peak=whole.peak,
            watch_s=whole.watch_s,
            partners=[
                PartnerAudience(
                    id=name,
                    watching=crowd.watching,
                    unique=crowd.unique,
                    peak=crowd.peak,
                    watch_s=crowd.watch_s,
                )
                for name, crowd in found.items()
            ],
        )
    )


ROUTES = [
    Route(
        "GET",
        SESSIONS,
        list_all,
        "Open pages of a broadcast",
        answer=SessionList,
        admin=True,
        query=(
            Query("broadcast", "Its slug", required=True),
            Query("after", "What an earlier answer gave as next"),
            limit_of(_LIST, _LIST),
        ),
    ),
    Route("GET", AUDIENCE, audience, "A broadcast's audience", answer=AudienceView, admin=True),
]
