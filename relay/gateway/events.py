"""WebSocket of a broadcast's events: its state at once, then every change, and a clock to ask.

Back-pressure: the hub's, which keeps the newest message of each kind for a slow reader.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from aiohttp import WSMsgType, web

from relay.errors import Forbidden
from relay.gateway.keys import AUTH, HUB, REGISTRY, SETTINGS
from relay.gateway.views import broadcast_view

if TYPE_CHECKING:
    from relay.gateway.hub import Listener

_PING_S: Final = 20.0
_MAX_MESSAGE: Final = 4096


async def events(request: web.Request) -> web.WebSocketResponse:
    """WS /api/v1/broadcasts/{slug}/events."""
    require_same_origin(request)
    app = request.app
    broadcast = await app[REGISTRY].broadcasts.get(request.match_info["slug"])
    viewer = app[AUTH].viewer(request)
    listener, leave = app[HUB].join(broadcast.slug)
    socket = web.WebSocketResponse(heartbeat=_PING_S, max_msg_size=_MAX_MESSAGE)
    try:
        await socket.prepare(request)
        view = await broadcast_view(app, broadcast, viewer)
        await socket.send_str(
            json.dumps({"type": "state", "broadcast": view.model_dump(mode="json")})
        )
        sender = asyncio.create_task(_send(socket, listener))
        try:
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    break
                await _answer(socket, message.data)
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
    finally:
        leave()
    return socket


async def _send(socket: web.WebSocketResponse, listener: Listener) -> None:
    while True:
        for text in await listener.get():
            await socket.send_str(text)


async def _answer(socket: web.WebSocketResponse, text: str) -> None:
    """Answer `{"type": "clock", "t0": …}`; whatever else a page says is left alone."""
    try:
        message: Any = json.loads(text)
    except ValueError:
        return
    if not isinstance(message, dict) or message.get("type") != "clock":
        return
    t0 = message.get("t0")
    if isinstance(t0, int | float) and not isinstance(t0, bool):
        reply = {"type": "clock", "t0": t0, "server_us": time.time_ns() // 1000}
        await socket.send_str(json.dumps(reply))


def require_same_origin(request: web.Request) -> None:
    """Refuse WebSockets that another site's page opens: cookies go along with those.

    Raises:
        Forbidden: the Origin is neither this host nor the public URL.
    """
    origin = request.headers.get("Origin")
    if origin is None:  # not a browser
        return
    own = {request.host, urlsplit(request.app[SETTINGS].public_url).netloc}
    if urlsplit(origin).netloc not in own:
        raise Forbidden(f"pages of {origin} may not listen here")


def add_routes(app: web.Application) -> None:
    """Serve events."""
    app.router.add_get("/api/v1/broadcasts/{slug}/events", events)
