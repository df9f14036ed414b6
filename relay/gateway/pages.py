"""Pages: rendered heads and readable bodies, to which the built scripts and styles are added."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Final

from aiohttp import web

from relay.gateway.api.rating import is_secure
from relay.gateway.frontend import BROADCAST, HOME
from relay.gateway.keys import AUTH, FRONTEND, REGISTRY
from relay.gateway.views import BroadcastList, broadcast_view, broadcast_views

if TYPE_CHECKING:
    from pydantic import BaseModel

_POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        # media-chrome puts its styles into style elements; styles cannot run code.
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-cache",
}


_ERROR_STYLE: Final = (
    ":root{color-scheme:dark light}"
    "body{margin:0;min-height:100svh;display:grid;align-content:center;"
    "padding:clamp(1rem,6vw,6rem);box-sizing:border-box;overflow-wrap:anywhere;"
    "font:400 1rem/1.6 system-ui,sans-serif;"
    "color:light-dark(#0b1220,#f1f4f9);background:light-dark(#f4f6f9,#06090f) "
    # The Earth's limb, as on every page.
    "radial-gradient(120vmax 120vmax at 50% calc(100% + 96vmax),"
    "light-dark(#cfe0f5,#0d2340) 99%,light-dark(#8fb7e8,#5aa9ff) 99.6%,#0000 100.4%) no-repeat}"
    "main{max-width:42rem}"
    ".status{margin:0;font-weight:650;font-variant-numeric:tabular-nums;"
    "color:light-dark(#c23a06,#ff7d47)}"
    "h1{margin:.25rem 0 1rem;font-size:clamp(2.1rem,1.5rem + 2.6vw,3.75rem);line-height:1.06;"
    "letter-spacing:-.03em;text-wrap:balance}"
    "a{color:light-dark(#c23a06,#ff7d47)}"
)


async def home(request: web.Request) -> web.Response:
    """GET /."""
    viewer = request.app[AUTH].viewer(request)
    stored = await request.app[REGISTRY].broadcasts.all()
    views = await broadcast_views(request.app, stored, viewer)
    links = "".join(f'<li><a href="/b/{view.slug}">{escape(view.title)}</a></li>' for view in views)
    body = f"<eva-home><main><h1>EVA Relay</h1><ul>{links}</ul></main></eva-home>"
    return render(
        request,
        entry=HOME,
        title="EVA Relay: spacewalks, live",
        description="Spacewalks, live and in real time, from every camera.",
        body=body,
        data=BroadcastList(broadcasts=views),
    )


async def broadcast(request: web.Request) -> web.Response:
    """GET /b/{slug}."""
    viewer = request.app[AUTH].viewer(request)
    stored = await request.app[REGISTRY].broadcasts.get(request.match_info["slug"])
    view = await broadcast_view(request.app, stored, viewer)
    crew = "".join(f"<li>{escape(person.role)}: {escape(person.name)}</li>" for person in view.crew)
    body = (
        f'<eva-broadcast slug="{view.slug}"><main><h1>{escape(view.title)}</h1>'
        f"<p>{escape(view.description)}</p><ul>{crew}</ul></main></eva-broadcast>"
    )
    return render(
        request,
        entry=BROADCAST,
        title=f"{view.title} · EVA Relay",
        description=view.description[:200],
        body=body,
        data=view,
    )


def render(
    request: web.Request, *, entry: str, title: str, description: str, body: str, data: BaseModel
) -> web.Response:
    """A page around `body`, with the scripts and styles of `entry` and `data` for them to read."""
    auth = request.app[AUTH]
    html = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="dark light">\n'
        f"<title>{escape(title)}</title>\n"
        f'<meta name="description" content="{escape(description)}">\n'
        '<link rel="icon" href="/static/favicon.svg" type="image/svg+xml">\n'
        f"{request.app[FRONTEND].head(entry)}"
        "</head>\n<body>\n"
        f"{body}\n"
        f'<script type="application/json" id="eva-data">{_embed(data)}</script>\n'
        "</body>\n</html>\n"
    )
    response = web.Response(text=html, content_type="text/html", headers=_HEADERS)
    if auth.viewer(request) is None:
        auth.remember(response, auth.new_viewer(), secure=is_secure(request))
    return response


def error_page(
    status: int, title: str, detail: str, *, retry_after: float | None = None
) -> web.Response:
    """A page that says what went wrong; it asks again by itself where that may help."""
    again = "" if retry_after is None else str(math.ceil(retry_after))
    refresh = f'<meta http-equiv="refresh" content="{again}">\n' if again else ""
    html = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="dark light">\n'
        '<meta name="robots" content="noindex">\n'
        f"{refresh}"
        f"<title>{escape(title)} · EVA Relay</title>\n"
        '<link rel="icon" href="/static/favicon.svg" type="image/svg+xml">\n'
        f"<style>{_ERROR_STYLE}</style>\n"
        "</head>\n<body>\n<main>\n"
        f'<p class="status">{status}</p>\n<h1>{escape(title)}</h1>\n'
        f'<p>{escape(_sentence(detail))}</p>\n<p><a href="/">All broadcasts</a></p>\n'
        "</main>\n</body>\n</html>\n"
    )
    headers = _HEADERS | {"Cache-Control": "no-store"}
    if again:
        headers["Retry-After"] = again
    return web.Response(text=html, status=status, content_type="text/html", headers=headers)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _embed(data: BaseModel) -> str:
    """JSON that cannot end its script element."""
    return data.model_dump_json().replace("<", "\\u003c")


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
