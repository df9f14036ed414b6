"""What pages of other sites may ask: those of partners to read the API, and to vote; players of any
origin to open WebRTC sessions. Events are for our own pages only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiohttp import web

from relay.gateway.keys import LIVE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_PLAYERS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, Location, Accept-Patch, Accept-Post, Retry-After",
}
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Content-Type, Eva-Viewer, Idempotency-Key",
    "Access-Control-Max-Age": "600",
}


@web.middleware
async def cors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let pages of other sites read the answers that are meant for them."""
    if request.path.startswith("/whep/"):
        # Players of any origin have to read refusals as well, and when to try again.
        response = await handler(request)
        if not response.prepared:
            response.headers.update(_PLAYERS)
        return response
    if not request.path.startswith("/api/v1/"):
        return await handler(request)
    origin = request.headers.get("Origin")
    allowed = origin is not None and origin in request.app[LIVE].partner_origins
    wanted = request.headers.get("Access-Control-Request-Method", request.method)
    if not allowed or not _is_open(wanted, request.path):
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


def _is_open(method: str, path: str) -> bool:
    return method in ("GET", "HEAD") or (method == "POST" and path.endswith("/rating"))
