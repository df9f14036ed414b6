"""What pages of other sites may ask: those of partners to read the API, and players of any origin
to open WebRTC sessions; those of a broadcast that partners alone may embed, in partners' sites.

Nobody votes from there: browsers keep no cookie of an answer to another site, so that each vote
would be a new viewer's. The frame is the way, and events are for our own pages only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiohttp import web

from relay.gateway.keys import LIVE
from relay.gateway.visitor import origin as own_origin
from relay.state.models import Access

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from relay.gateway.live import Live

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_PLAYERS: Final = {
    "Access-Control-Expose-Headers": "ETag, Link, Location, Accept-Patch, Accept-Post, Retry-After",
}
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET",
    "Access-Control-Allow-Headers": "Content-Type, Eva-Access, Eva-Viewer",
    "Access-Control-Max-Age": "600",
}


@web.middleware
async def cors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let pages of other sites read the answers that are meant for them."""
    if request.path.startswith("/whep/"):
        return await _for_players(request, handler)
    if not request.path.startswith("/api/v1/"):
        return await handler(request)
    origin = request.headers.get("Origin")
    allowed = origin is not None and origin in request.app[LIVE].partner_origins
    wanted = request.headers.get("Access-Control-Request-Method", request.method)
    if not allowed or wanted not in ("GET", "HEAD"):
        response = await handler(request)
        if not response.prepared:
            response.headers.add("Vary", "Origin")
        return response
    if request.method == "OPTIONS":
        response = web.Response(status=204, headers=_PREFLIGHT)
    else:
        response = await handler(request)
    if not response.prepared:
        response.headers["Access-Control-Allow-Origin"] = origin or ""
        response.headers["Access-Control-Allow-Credentials"] = "true"
        response.headers["Access-Control-Expose-Headers"] = "Retry-After, Location"
        response.headers.add("Vary", "Origin")
    return response


async def _for_players(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Players have to read refusals as well, and when to try again."""
    response = await handler(request)
    if response.prepared:
        return response
    live, target = request.app[LIVE], request.path.split("/")[2]
    allowed: str | None = "*"
    if _is_for_partners(live, target):
        response.headers.add("Vary", "Origin")
        allowed = request.headers.get("Origin")
        if allowed not in live.partner_origins and allowed != own_origin(request):
            allowed = None
    if allowed is not None:
        response.headers.update(_PLAYERS | {"Access-Control-Allow-Origin": allowed})
    return response


def _is_for_partners(live: Live, target: str) -> bool:
    """Whether partners' sites alone may embed a broadcast, or all that show a camera openly."""
    broadcast = live.broadcast(target)
    if broadcast is not None:
        return broadcast.partners_only
    shown = [each for each in live.showing(target) if each.access is Access.OPEN]
    return bool(shown) and all(each.partners_only for each in shown)
