"""Pages: rendered heads and readable bodies, to which the built scripts and styles are added."""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import web

from relay.bus import keys
from relay.bus.client import store_errors
from relay.errors import NotFound
from relay.gateway import sharing, skeleton
from relay.gateway.access import readable, require_access, verdict
from relay.gateway.document import render
from relay.gateway.doors import File
from relay.gateway.frontend import BROADCAST, HOME
from relay.gateway.keys import AUTH, BUS, FRONTEND, LIVE, REGISTRY
from relay.gateway.order import in_order
from relay.gateway.views import BroadcastList, ClosedView, broadcast_view, broadcast_views
from relay.gateway.visitor import language, origin
from relay.gateway.words import words
from relay.state.models import Access
from relay.state.rights import Verdict, Way


async def home(request: web.Request) -> web.Response:
    """GET /."""
    viewer = request.app[AUTH].viewer(request)
    stored = await readable(request)
    views = in_order(await broadcast_views(request.app, stored, viewer), datetime.now(UTC))
    told = words(language(request))
    return render(
        request,
        entry=HOME,
        title=f"{told.spacewalks} · EVA Relay",
        description=told.about,
        body=skeleton.home(views, told),
        data=BroadcastList(broadcasts=views),
    )


async def broadcast(request: web.Request) -> web.Response:
    """GET /b/{slug}."""
    viewer = request.app[AUTH].viewer(request)
    stored = await request.app[REGISTRY].broadcasts.get(request.match_info["slug"])
    told = words(language(request))
    if verdict(request, stored, Way.PAGE) is not Verdict.YES:
        return render(
            request,
            entry=BROADCAST,
            title=f"{told.closed} · EVA Relay",
            description=told.closed_text,
            head='<meta name="robots" content="noindex">\n',
            body=skeleton.closed(stored.slug, told),
            data=ClosedView(slug=stored.slug),
        )
    view = await broadcast_view(request.app, stored, viewer)
    return render(
        request,
        entry=BROADCAST,
        title=f"{view.title} · EVA Relay",
        description=sharing.describe(view, told),
        head=sharing.broadcast_head(view, origin(request), told),
        body=skeleton.broadcast(view, told),
        data=view,
    )


async def still(request: web.Request) -> web.Response:
    """GET /b/{slug}/still.jpg: the camera on air, or the one that the query names. With
    `small=1` it is a thumbnail.

    Before and after a broadcast its cameras show what is not of it.
    """
    app = request.app
    stored = await app[REGISTRY].broadcasts.get(request.match_info["slug"])
    require_access(request, stored, Way.STILL)
    on_air = app[LIVE].programme(stored.slug, stored.cameras)
    camera = request.query.get("camera", on_air)
    if camera is None:
        raise NotFound("no camera is on air")
    require_access(request, stored, Way.STILL, camera)
    async with store_errors("reading a still"):
        key = keys.thumbnail if request.query.get("small") == "1" else keys.still
        jpeg = await app[BUS].get(key(camera))
    if jpeg is None:
        raise NotFound("there is no picture at the moment")
    kept = "public, max-age=5" if stored.access is Access.OPEN else "private, no-store"
    return web.Response(
        body=jpeg,
        content_type="image/jpeg",
        headers={
            "Cache-Control": kept,
            "Cross-Origin-Resource-Policy": "cross-origin",
            "X-Content-Type-Options": "nosniff",
        },
    )


async def static(request: web.Request) -> web.StreamResponse:
    """GET /static/…: what the front-end's build made; only names that were there at the start."""
    name = request.match_info["name"]
    path = request.app[FRONTEND].file(name)
    if path is None:
        raise web.HTTPNotFound
    cache_for = "public, max-age=31536000, immutable" if name.startswith("assets/") else "no-cache"
    return File(path, headers={"Cache-Control": cache_for, "X-Content-Type-Options": "nosniff"})


def add_routes(app: web.Application) -> None:
    """Serve pages."""
    app.router.add_get("/", home)
    app.router.add_get("/b/{slug}", broadcast)
    app.router.add_get("/b/{slug}/still.jpg", still)
    app.router.add_get("/static/{name:.+}", static)
