"""WebSocket of a broadcast's events: its state at once, then every change, and a clock to ask.

Back-pressure: the hub's, which keeps the newest message of each kind for a slow reader; one that
takes nothing at all for `_SEND_S` is hung up on, and so is one that says more than `MESSAGES`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from aiohttp import WSCloseCode, WSMsgType, web

from relay.budget import Budget
from relay.errors import Forbidden, NotFound, Overloaded, StoreError, Unauthorized
from relay.gateway.access import ACCESS_PROTOCOL, require_access
from relay.gateway.hub import End
from relay.gateway.keys import AUTH, DOORS, HUB, LIVE, REGISTRY, SETTINGS
from relay.gateway.live import DELETED
from relay.gateway.reports import Reports
from relay.gateway.views import broadcast_view
from relay.gateway.visitor import address
from relay.log import logger
from relay.network import prefix
from relay.state.rights import Way

if TYPE_CHECKING:
    from relay.gateway.hub import Listener

_PING_S: Final = 20.0
_SEND_S: Final = 10.0
_CLOSE_S: Final = 2.0
_MAX_MESSAGE: Final = 4096
_LARGEST: Final = sys.float_info.max
MESSAGES: Final = (5.0, 60.0)
"""How many messages a page may send a second, and at once; ours send one in some seconds."""
_GOING_AWAY: Final = End(WSCloseCode.GOING_AWAY, "the gateway stops")
_CLOSED: Final = End(4401, "the broadcast is closed to this page")
_TRY_LATER: Final = End(WSCloseCode.TRY_AGAIN_LATER, "the relay's store is out of reach")
TOO_MANY: Final = End(WSCloseCode.POLICY_VIOLATION, "too many messages")
_DISPLACED: Final = End(WSCloseCode.TRY_AGAIN_LATER, "others need its place")
_DONE: Final = End(WSCloseCode.OK, "")


async def events(request: web.Request) -> web.WebSocketResponse:
    """WS /api/v1/broadcasts/{slug}/events."""
    require_same_origin(request)
    socket = web.WebSocketResponse(
        heartbeat=_PING_S,
        max_msg_size=_MAX_MESSAGE,
        timeout=_CLOSE_S,
        protocols=(ACCESS_PROTOCOL,),
        # A compressor keeps some 300 KB a socket; messages have a tenth of a KB.
        compress=False,
    )
    if not socket.can_prepare(request):
        raise web.HTTPUpgradeRequired(headers={"Upgrade": "websocket"})
    # Listening comes first, so that nothing is missed between the state and the changes.
    listener, leave = request.app[HUB].join(request.match_info["slug"])
    pool = request.app[DOORS].sockets
    entered, victim = pool.enter(listener, prefix(address(request)))
    if victim is not None:
        victim.hang_up(_DISPLACED)
    try:
        if not entered:
            raise Overloaded("there are too many pages; try again")
        first = await _state(request)
        await socket.prepare(request)
        await _serve(request, socket, listener, first)
    finally:
        pool.leave(listener)
        leave()
    return socket


async def _state(request: web.Request) -> list[str]:
    """The state, and where operators look."""
    app = request.app
    broadcast = await app[REGISTRY].broadcasts.get(request.match_info["slug"])
    require_access(request, broadcast, Way.EVENTS)
    view = await broadcast_view(app, broadcast, app[AUTH].viewer(request))
    state = {"type": "state", "broadcast": view.model_dump(mode="json")}
    return [json.dumps(each) for each in (state, *app[LIVE].views(broadcast.cameras))]


async def _serve(
    request: web.Request, socket: web.WebSocketResponse, listener: Listener, first: list[str]
) -> None:
    """Send and receive until either side has had enough, then close the socket."""
    transport = request.transport
    tasks = [
        asyncio.create_task(_send(request, socket, listener, first)),
        asyncio.create_task(_receive(request, socket, listener)),
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception) and not isinstance(outcome, OSError):
                network = prefix(address(request))
                logger().error("an events socket has failed", exc_info=outcome, stranger=network)
    if not _abort_if_stuck(transport):
        end = listener.end or _DONE
        with suppress(TimeoutError, ConnectionError):
            # One that says too much is not listened to until it closes, too.
            async with asyncio.timeout(0 if end is TOO_MANY else _CLOSE_S):
                await socket.close(code=end.code, message=end.reason.encode())
        _abort_if_stuck(transport)
    if transport is not None and listener.end is TOO_MANY:
        transport.close()


def _abort_if_stuck(transport: asyncio.Transport | None) -> bool:
    """Cut off a peer that does not take what was sent: closing would wait for it for ever."""
    if transport is None or not transport.get_write_buffer_size():
        return False
    transport.abort()
    return True


async def _send(
    request: web.Request, socket: web.WebSocketResponse, listener: Listener, first: list[str]
) -> None:
    for text in first:
        await _send_text(socket, text)
    while True:
        renew, texts = await listener.get()
        if listener.end is not None:
            return
        if renew:
            try:
                texts = [*await _state(request), *texts]
            except NotFound:
                listener.end = DELETED
                return
            except Unauthorized:
                listener.end = _CLOSED
                return
            except StoreError:
                listener.end = _TRY_LATER
                return
        for text in texts:
            await _send_text(socket, text)


async def _send_text(socket: web.WebSocketResponse, text: str) -> None:
    async with asyncio.timeout(_SEND_S):
        await socket.send_str(text)


async def _receive(request: web.Request, socket: web.WebSocketResponse, listener: Listener) -> None:
    """Answer what a page asks and note what it reports; whatever else it says is left alone."""
    reports = Reports(request)
    now = asyncio.get_running_loop().time
    budget = Budget(*MESSAGES, now())
    try:
        async for message in socket:
            # What has come is read without a break, which would keep all others waiting.
            await asyncio.sleep(0)
            if not budget.spend(now()):
                request.app[DOORS].said_too_much += 1
                listener.end = TOO_MANY
                return
            if message.type is not WSMsgType.TEXT:
                continue
            said = _parsed(message.data)
            if said.get("type") == "clock":
                reply = _clock(said)
                if reply is not None:
                    await _send_text(socket, reply)
            elif said.get("type") == "watching":
                answer = await reports.hear(said)
                if reports.watches and not request.app[DOORS].sockets.prove(listener):
                    listener.end = _DISPLACED
                    return
                if answer is not None:
                    await _send_text(socket, json.dumps(answer))
    finally:
        await asyncio.shield(reports.end())


def _parsed(text: str) -> dict[str, Any]:
    try:
        message: Any = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def _clock(message: dict[str, Any]) -> str | None:
    """The answer to `{"type": "clock", "t0": …}`."""
    t0 = message.get("t0")
    # An integer may be larger than any float, and is compared to one nevertheless.
    if not isinstance(t0, int | float) or isinstance(t0, bool) or not abs(t0) <= _LARGEST:
        return None
    return json.dumps({"type": "clock", "t0": t0, "server_us": time.time_ns() // 1000})


def require_same_origin(request: web.Request) -> None:
    """Refuse WebSockets that another site's page opens: cookies go along with those.

    Raises:
        Forbidden: the Origin is neither this host nor the public URL.
    """
    origin = request.headers.get("Origin")
    if origin is None:  # not a browser
        return
    try:
        parts = urlsplit(origin)
    except ValueError:
        parts = urlsplit("")
    own = {request.host, urlsplit(request.app[SETTINGS].public_url).netloc} - {""}
    # A page of no host, such as one in a sandbox, says "null". A proxy that ends TLS for us makes
    # the scheme another one than ours.
    if parts.scheme not in ("http", "https") or parts.netloc not in own:
        raise Forbidden("pages of another origin may not listen here")


async def hang_up(app: web.Application) -> None:
    """Tell all pages that this gateway stops, so that they turn to another one at once."""
    for broadcast in list(app[HUB].broadcasts):
        app[HUB].hang_up(broadcast, _GOING_AWAY)


def add_routes(app: web.Application) -> None:
    """Serve events."""
    app.router.add_get("/api/v1/broadcasts/{slug}/events", events, allow_head=False)
    app.on_shutdown.append(hang_up)
