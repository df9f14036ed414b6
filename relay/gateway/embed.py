"""What other sites put into their pages: the player in a frame, its loader, and oEmbed."""

from __future__ import annotations

import re
import time
from html import escape
from typing import TYPE_CHECKING, Final, TypedDict
from urllib.parse import urlsplit

from aiohttp import web

from relay.errors import Invalid, NotFound
from relay.gateway import sharing
from relay.gateway.access import require_access, verdict
from relay.gateway.document import render
from relay.gateway.doors import File
from relay.gateway.error_page import refusal_page
from relay.gateway.frontend import EMBED, EMBED_DOCS
from relay.gateway.keys import AUTH, FRONTEND, HOSTING, REGISTRY, SETTINGS
from relay.gateway.route import json_response
from relay.gateway.views import BroadcastView, ClosedView, broadcast_view, still_of
from relay.gateway.visitor import language, origin, theme
from relay.gateway.words import words
from relay.ids import is_slug
from relay.state.models import Access
from relay.state.rights import Verdict, Way

if TYPE_CHECKING:
    from relay.gateway.words import Words
    from relay.state.models import Broadcast, Partner

ALLOW: Final = (
    "autoplay; fullscreen; picture-in-picture; screen-wake-lock; gyroscope; accelerometer; "
    "local-network; loopback-network; local-network-access"
)
"""What a frame has to let the player do. The motion sensors are for 360° pictures; the last three
are for relays on a private address, about which Chrome asks its user: from 142 on by the last name,
from 145 on by the two before it.
"""
_WIDTH: Final = 640
_EXAMPLE: Final = (
    '<iframe src="https://RELAY/embed/SLUG" title="TITLE" width="640" height="360"\n'
    f'  allow="{ALLOW}"></iframe>'
)
_LEAST: Final = 200
"""No player is smaller than this, in pixels."""
_PAGE: Final = re.compile(r"/(?:b|embed)/([a-z0-9-]{1,64})/?")
_CROSS_ORIGIN: Final = {"Cross-Origin-Resource-Policy": "cross-origin"}


class _Frame(TypedDict):
    viewer: str
    partner: str | None
    ticket: str | None


class EmbedView(BroadcastView):
    """A broadcast for a player in a frame."""

    viewer: str
    """What to send as Eva-Viewer where cookies are blocked."""
    partner: str | None
    """Whose site it stands in."""
    ticket: str | None
    """What heartbeats prove that with."""


class ClosedEmbedView(ClosedView):
    """A closed broadcast for a player in a frame."""

    viewer: str
    partner: str | None
    ticket: str | None


async def embed(request: web.Request) -> web.Response:
    """GET /embed/{slug}."""
    _require_built(request, EMBED)
    app, auth = request.app, request.app[AUTH]
    broadcast = await app[REGISTRY].broadcasts.get(request.match_info["slug"])
    partner = await _partner(request)
    lang, shade = language(request, embedded=True), theme(request, embedded=True)
    told = words(lang)
    found = verdict(request, broadcast, Way.EMBED, site="" if partner is None else partner.id)
    if found is Verdict.PARTNERS:
        return refusal_page(told.not_here, told.partners_only_text, lang=lang, shade=shade)
    if partner is not None and _framed_by_a_stranger(request, partner):
        return refusal_page(told.not_here, told.other_site_text, lang=lang, shade=shade)
    viewer = auth.viewer(request) or auth.new_viewer()
    frame: _Frame = {
        "viewer": auth.signed(viewer),
        "partner": None if partner is None else partner.id,
        "ticket": _ticket(request, partner, broadcast, viewer),
    }
    view: EmbedView | ClosedEmbedView
    if found is Verdict.YES:
        told_view = await broadcast_view(app, broadcast, viewer)
        view = EmbedView(**dict(told_view), **frame)
        title = broadcast.title
    else:
        view = ClosedEmbedView(slug=broadcast.slug, **frame)
        title = told.closed
    response = render(
        request,
        entry=EMBED,
        title=f"{title} · EVA Relay",
        description=title,
        head='<meta name="robots" content="noindex">\n',
        body=_body(broadcast.slug, title, _still(view), told),
        data=view,
        frame_ancestors="*" if partner is None else _ancestors(partner),
        embedded=True,
        viewer=viewer,
    )
    response.headers.update(_CROSS_ORIGIN)
    return response


def _require_built(request: web.Request, entry: str) -> None:
    if not request.app[FRONTEND].has(entry):
        raise web.HTTPNotFound


async def _partner(request: web.Request) -> Partner | None:
    name = request.query.get("partner")
    if name is None:
        return None
    if not is_slug(name):
        raise NotFound("there is no such partner")
    return await request.app[REGISTRY].partners.get(name)


def _ticket(
    request: web.Request, partner: Partner | None, broadcast: Broadcast, viewer: str
) -> str | None:
    """Proof of the partner, for a page in a frame: in a tab of its own it stands in nobody's site.

    Without the header (over plain HTTP, of old browsers) it passes for one in a frame.
    """
    if partner is None or request.headers.get("Sec-Fetch-Dest") == "document":
        return None
    return request.app[HOSTING].ticket(partner.id, broadcast.slug, viewer, time.time())


def _ancestors(partner: Partner) -> str:
    return " ".join(["'self'", *partner.origins])


def _framed_by_a_stranger(request: web.Request, partner: Partner) -> bool:
    """Whether the page around this frame is of a site that the partner does not name.

    A browser that does not tell which site that is obeys `frame-ancestors` all the same.
    """
    if request.headers.get("Sec-Fetch-Dest") not in ("iframe", "frame", "embed", "object"):
        return False
    try:
        parts = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return False
    if parts.scheme not in ("http", "https"):
        return False
    return f"{parts.scheme}://{parts.netloc}" not in (origin(request), *partner.origins)


def _still(view: EmbedView | ClosedEmbedView) -> str:
    """The picture on air, for whoever runs no scripts."""
    path = None if isinstance(view, ClosedEmbedView) else still_of(view)
    return "" if path is None else f'<img src="{path}" alt="">'


def _body(slug: str, title: str, still: str, told: Words) -> str:
    return (
        f'<eva-embed slug="{slug}"><main class="skeleton"><div class="skeleton-stage">'
        f"<noscript>{still}<div><h1><bdi>{escape(title)}</bdi></h1><p>{told.no_script} "
        f'<a href="/b/{slug}" target="_blank" rel="noopener">{told.its_page}</a></p></div>'
        "</noscript></div></main></eva-embed>"
    )


async def loader(request: web.Request) -> web.StreamResponse:
    """GET /embed.js: what defines `<eva-player>` in other sites' pages."""
    path = request.app[FRONTEND].loader()
    if path is None:
        raise web.HTTPNotFound
    return File(
        path,
        headers=_CROSS_ORIGIN
        | {
            "Content-Type": "text/javascript; charset=utf-8",
            # Its address stays the same, so that a page that embeds it need never change.
            "Cache-Control": "public, max-age=600, stale-while-revalidate=86400",
            "Access-Control-Allow-Origin": "*",
            "X-Content-Type-Options": "nosniff",
        },
    )


async def docs(request: web.Request) -> web.Response:
    """GET /docs/embed."""
    _require_built(request, EMBED_DOCS)
    told = words(language(request))
    body = (
        '<eva-embed-docs><header class="skeleton-bar"><a href="/">EVA Relay</a></header>'
        f'<main class="skeleton"><h1>{told.embedding}</h1><p>{told.embedding_text}</p>'
        f"<pre>{escape(_EXAMPLE)}</pre></main></eva-embed-docs>"
    )
    return render(
        request,
        entry=EMBED_DOCS,
        title=f"{told.embedding} · EVA Relay",
        description=told.embedding_text,
        body=body,
        data=None,
    )


# --- oEmbed --------------------------------------------------------------------------------------


async def oembed(request: web.Request) -> web.Response:
    """GET /oembed (oembed.com, version 1.0)."""
    if request.query.get("format", "json") != "json":
        raise web.HTTPNotImplemented
    slug = _slug(request.query.get("url", ""), origin(request))
    if slug is None:
        raise NotFound("url: this is no broadcast of this relay")
    broadcast = await request.app[REGISTRY].broadcasts.get(slug)
    require_access(request, broadcast, Way.OEMBED)
    width, height = _size(*(_pixels(request, name) for name in ("maxwidth", "maxheight")))
    view = await broadcast_view(request.app, broadcast)
    response = json_response(_described(view, origin(request), width, height))
    response.headers["Access-Control-Allow-Origin"] = "*"
    if broadcast.access is Access.OPEN:
        # Without a public URL the answer names whatever host was asked for: no shared cache may
        # give that to others.
        shared = "public" if request.app[SETTINGS].public_url else "private"
        response.headers["Cache-Control"] = f"{shared}, max-age=60"
    return response


def _described(view: BroadcastView, here: str, width: int, height: int) -> dict[str, object]:
    frame = (
        f'<iframe src="{escape(f"{here}/embed/{view.slug}")}" width="{width}" height="{height}" '
        f'title="{escape(view.title)}" style="border:0" loading="lazy" '
        f'allow="{ALLOW}"></iframe>'
    )
    found: dict[str, object] = {
        "version": "1.0",
        "type": "video",
        "title": view.title,
        "provider_name": "EVA Relay",
        "provider_url": here,
        "html": frame,
        "width": width,
        "height": height,
        "cache_age": 300,
    }
    still = sharing.still(view, here)
    if still is not None:
        found |= {
            "thumbnail_url": still,
            "thumbnail_width": sharing.STILL_WIDTH,
            "thumbnail_height": sharing.STILL_HEIGHT,
        }
    return found


def _slug(url: str, here: str) -> str | None:
    """The broadcast whose page has this address."""
    try:
        parts, own = urlsplit(url), urlsplit(here)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or parts.netloc.lower() != own.netloc.lower():
        return None
    match = _PAGE.fullmatch(parts.path)
    return match[1] if match else None


def _pixels(request: web.Request, name: str) -> int | None:
    text = request.query.get(name)
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) < _LEAST:
        raise Invalid(f"{name}: at least {_LEAST} pixels")
    return int(text)


def _size(most_wide: int | None, most_high: int | None) -> tuple[int, int]:
    """The largest player of the picture's shape within these limits, and not below the least."""
    limits = [
        each for each in (most_wide, None if most_high is None else most_high * 16 // 9) if each
    ]
    wide = max(_LEAST, min(limits) if limits else _WIDTH)
    return wide, max(_LEAST, wide * 9 // 16)


def add_routes(app: web.Application) -> None:
    """Serve what other sites embed."""
    app.router.add_get("/embed/{slug}", embed)
    app.router.add_get("/embed.js", loader)
    app.router.add_get("/docs/embed", docs)
    app.router.add_get("/oembed", oembed)
