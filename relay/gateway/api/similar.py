"""Similar broadcasts."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads it at run time
from typing import TYPE_CHECKING, Final

from relay.audience import similar
from relay.errors import NotFound
from relay.gateway.keys import LOVED, REGISTRY, STATE
from relay.gateway.route import Route, json_response
from relay.gateway.views import RatingView, broadcast_views, still_of
from relay.state.models import Access, Model
from relay.state.rights import Phase  # noqa: TC001 - pydantic reads it at run time

if TYPE_CHECKING:
    from aiohttp import web

PATH: Final = "/api/v1/broadcasts/{slug}/similar"
LOVED_S: Final = 60.0
"""What viewers love is asked no more often than this."""


class SimilarView(Model):
    """A broadcast in a few words."""

    slug: str
    title: str
    language: str | None
    """The title's language, BCP 47; null where its makers do not say."""
    state: Phase
    starts_at: datetime | None
    tags: list[str]
    rating: RatingView
    still: str | None
    """Where its live picture is, a new one every few seconds; null while there is none."""


class SimilarList(Model):
    """Broadcasts that go well with one, the best first."""

    broadcasts: list[SimilarView]


async def read(request: web.Request) -> web.Response:
    """GET …/similar."""
    app, slug = request.app, request.match_info["slug"]
    everything = {each.slug: each for each in await app[REGISTRY].broadcasts.all()}
    broadcast = everything.get(slug)
    if broadcast is None:
        raise NotFound(f"there is no broadcast {slug!r}")
    others = [
        each for each in everything.values() if each is not broadcast and each.access is Access.OPEN
    ]
    names = [each.slug for each in others]
    loved = await app[LOVED].get(slug, lambda: similar.also_loved(app[STATE], slug, names))
    chosen = similar.best(similar.scores(broadcast, others, loved))
    views = await broadcast_views(app, [everything[name] for name in chosen])
    return json_response(
        SimilarList(
            broadcasts=[
                SimilarView(
                    slug=view.slug,
                    title=view.title,
                    language=view.language,
                    state=view.state,
                    starts_at=view.starts_at,
                    tags=view.tags,
                    rating=view.rating,
                    still=still_of(view),
                )
                for view in views
            ]
        )
    )


ROUTES = [Route("GET", PATH, read, "Broadcasts that go well with this one", answer=SimilarList)]
