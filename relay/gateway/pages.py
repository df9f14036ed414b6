"""Pages: rendered heads and readable bodies, to which the built scripts and styles are added."""

from __future__ import annotations

from aiohttp import web

from relay.gateway import sharing, skeleton
from relay.gateway.access import may_watch
from relay.gateway.document import render
from relay.gateway.frontend import BROADCAST, HOME
from relay.gateway.keys import AUTH, FRONTEND, REGISTRY
from relay.gateway.views import BroadcastList, ClosedView, broadcast_view, broadcast_views
from relay.gateway.visitor import origin


async def home(request: web.Request) -> web.Response:
    """GET /."""
    viewer = request.app[AUTH].viewer(request)
    stored = [
        each for each in await request.app[REGISTRY].broadcasts.all() if may_watch(request, each)
    ]
    views = await broadcast_views(request.app, stored, viewer)
    return render(
        request,
        entry=HOME,
        title="EVA Relay: spacewalks, live",
        description="Spacewalks, live and in real time, from every camera.",
        body=skeleton.home(views),
        data=BroadcastList(broadcasts=views),
    )


async def broadcast(request: web.Request) -> web.Response:
    """GET /b/{slug}."""
    viewer = request.app[AUTH].viewer(request)
    stored = await request.app[REGISTRY].broadcasts.get(request.match_info["slug"])
    if not may_watch(request, stored):
        return render(
            request,
            entry=BROADCAST,
            title="Closed broadcast · EVA Relay",
            description="This broadcast is shown to those who were given a link to it.",
            head='<meta name="robots" content="noindex">\n',
            body=skeleton.closed(stored.slug),
            data=ClosedView(slug=stored.slug),
        )
    view = await broadcast_view(request.app, stored, viewer)
    return render(
        request,
        entry=BROADCAST,
        title=f"{view.title} · EVA Relay",
        description=sharing.describe(view),
        head=sharing.broadcast_head(view, origin(request)),
        body=skeleton.broadcast(view),
        data=view,
    )


async def static(request: web.Request) -> web.StreamResponse:
    """GET /static/…: what the front-end's build made; only names that were there at the start."""
    name = request.match_info["name"]
    path = request.app[FRONTEND].file(name)
    if path is None:
        raise web.HTTPNotFound
    cache_for = "public, max-age=31536000, immutable" if name.startswith("assets/") else "no-cache"
    return web.FileResponse(
        path, headers={"Cache-Control": cache_for, "X-Content-Type-Options": "nosniff"}
    )


def add_routes(app: web.Application) -> None:
    """Serve pages."""
    app.router.add_get("/", home)
    app.router.add_get("/b/{slug}", broadcast)
    app.router.add_get("/static/{name:.+}", static)
