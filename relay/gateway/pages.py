"""Pages: rendered heads and readable bodies, to which the built scripts and styles are added."""

from __future__ import annotations

import json
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from relay.errors import OperatorError
from relay.gateway.api.rating import is_secure
from relay.gateway.keys import AUTH, REGISTRY
from relay.gateway.views import BroadcastList, broadcast_view

if TYPE_CHECKING:
    from pydantic import BaseModel

STATIC: Final = Path(__file__).parent / "static"
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


@cache
def manifest() -> dict[str, Any]:
    """Vite's manifest.

    Raises:
        OperatorError: the front-end was not built.
    """
    path = STATIC / "manifest.json"
    try:
        content: dict[str, Any] = json.loads(path.read_text())
    except OSError:
        raise OperatorError("the front-end is not built; run `make web`") from None
    return content


async def home(request: web.Request) -> web.Response:
    """GET /."""
    viewer = request.app[AUTH].viewer(request)
    stored = await request.app[REGISTRY].broadcasts.all()
    views = [await broadcast_view(request.app, broadcast, viewer) for broadcast in stored]
    links = "".join(f'<li><a href="/b/{view.slug}">{escape(view.title)}</a></li>' for view in views)
    body = f"<eva-home><main><h1>EVA Relay</h1><ul>{links}</ul></main></eva-home>"
    return render(
        request,
        entry="src/pages/home.ts",
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
        entry="src/pages/broadcast.ts",
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
        f"{_links(entry)}"
        "</head>\n<body>\n"
        f"{body}\n"
        f'<script type="application/json" id="eva-data">{_embed(data)}</script>\n'
        "</body>\n</html>\n"
    )
    response = web.Response(text=html, content_type="text/html", headers=_HEADERS)
    if auth.viewer(request) is None:
        auth.remember(response, auth.new_viewer(), secure=is_secure(request))
    return response


def _embed(data: BaseModel) -> str:
    """JSON that cannot end its script element."""
    return data.model_dump_json().replace("<", "\\u003c")


def _links(entry: str) -> str:
    chunk = manifest()[entry]
    preload = "".join(
        f'<link rel="modulepreload" href="/static/{manifest()[name]["file"]}">\n'
        for name in chunk.get("imports", ())
    )
    styles = "".join(f'<link rel="stylesheet" href="/static/{path}">\n' for path in _styles(entry))
    return f'{styles}{preload}<script type="module" src="/static/{chunk["file"]}"></script>\n'


def _styles(entry: str) -> list[str]:
    chunk = manifest()[entry]
    found = [path for name in chunk.get("imports", ()) for path in _styles(name)]
    return list(dict.fromkeys([*found, *chunk.get("css", ())]))


async def static(request: web.Request) -> web.StreamResponse:
    """GET /static/…: what the front-end's build made; only names that were there at the start."""
    name = request.match_info["name"]
    path = _files().get(name)
    if path is None:
        raise web.HTTPNotFound
    cache_for = "public, max-age=31536000, immutable" if name.startswith("assets/") else "no-cache"
    return web.FileResponse(
        path, headers={"Cache-Control": cache_for, "X-Content-Type-Options": "nosniff"}
    )


@cache
def _files() -> dict[str, Path]:
    return {
        path.relative_to(STATIC).as_posix(): path for path in STATIC.rglob("*") if path.is_file()
    }


def add_routes(app: web.Application) -> None:
    """Serve pages.

    Raises:
        OperatorError: the front-end was not built.
    """
    manifest()
    app.router.add_get("/", home)
    app.router.add_get("/b/{slug}", broadcast)
    app.router.add_get("/static/{name:.+}", static)
