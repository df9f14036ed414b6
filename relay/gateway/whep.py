"""WHEP (draft-ietf-wish-whep): signalling of viewers' sessions, each forwarded to its edge.

That players of other origins may read the answers is seen to by `gateway.cors`.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, Final

from aiohttp import web
from pydantic import Field, ValidationError

from relay.bus.rpc import CallTimeout, Refused, call
from relay.config import primary_address
from relay.errors import Invalid, NotFound, NotLive, Overloaded
from relay.gateway.access import require_access, require_camera
from relay.gateway.body import read_bytes
from relay.gateway.identity import network
from relay.gateway.keys import AUTH, BUS, DOORS, LIVE, PLACEMENT, REGISTRY, SETTINGS
from relay.gateway.placement import Placement
from relay.gateway.route import read_body
from relay.gateway.visitor import address
from relay.network import prefix
from relay.state.models import Model, explain
from relay.state.rights import Way
from relay.webrtc.description import MAX_SIZE

if TYPE_CHECKING:
    from collections.abc import Coroutine

_OPEN_S: Final = 2.5
"""An edge that lives answers sooner; the next one is asked then."""
_CALL_S: Final = 4.0
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, POST, PATCH, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Eva-Access, If-Match",
    "Access-Control-Max-Age": "86400",
}


class Hints(Model):
    """What a player asks for: as a query when a session is opened, or as JSON by PATCH later."""

    rendition: str | None = None
    """A rung that the viewer has chosen; null: automatic."""
    height: Annotated[int, Field(ge=1, le=16_384)] | None = None
    """How large the picture is shown, in physical pixels; null: full size."""
    hidden: bool = False
    """Whether the page is not to be seen: only sound is sent."""
    data_saver: bool = False
    """Whether the viewer pays for bytes: the smallest rung is sent."""
    pace: Annotated[float, Field(gt=0, lt=1)] | None = None
    """By PATCH, once: pictures queue up on their way, and come at this part of their speed."""


async def preflight(_request: web.Request) -> web.Response:
    """OPTIONS: what other origins may do."""
    return web.Response(status=204, headers=_PREFLIGHT | {"Accept-Post": "application/sdp"})


async def probe(_request: web.Request) -> web.Response:
    """GET: the endpoint is there."""
    return web.Response(status=204)


async def open_session(request: web.Request) -> web.Response:
    """POST an offer; 201 with the answer."""
    raw = await read_bytes(request, "application/sdp")
    offer = raw[: MAX_SIZE + 1].decode("utf-8", "replace")
    target = request.match_info["target"]
    camera, right = await _camera(request, target)
    body = {
        "sdp": offer,
        "broadcast": target,
        "camera": camera,
        "right": right,
        "host": _advertised(request),
        "viewer": _viewer(request),
        "network": await network(request),
        **_queried_hints(request),
    }
    answer = await _in_its_place(request, _call_an_edge(request.app, body))
    session = answer["session"]
    return web.Response(
        text=answer["sdp"],
        status=201,
        content_type="application/sdp",
        headers={
            "Location": f"/whep/{target}/{request.app[AUTH].issue(session)}",
            "ETag": f'"{answer["etag"]}"',
            "Accept-Patch": "application/trickle-ice-sdpfrag, application/json",
        },
    )


async def patch_session(request: web.Request) -> web.Response:
    """PATCH a fragment: candidates (nothing to do for an ICE-lite agent), or an ICE restart.

    As JSON: hints; those that are left out stay as they are.
    """
    if request.content_type == "application/json":
        hints = await read_body(request, Hints)
        session = _session(request)
        told = {"session": session, **hints.model_dump(exclude_unset=True)}
        await _call_owner(request, session, "hint", told)
        return web.Response(status=204)
    raw = await read_bytes(request, "application/trickle-ice-sdpfrag", "application/json")
    fragment = raw[: MAX_SIZE + 1].decode("utf-8", "replace")
    session = _session(request)
    body = {"session": session, "fragment": fragment, "etag": request.headers.get("If-Match")}
    answer = await _call_owner(request, session, "patch", body)
    if not answer:
        return web.Response(status=204)
    return web.Response(
        text=answer["fragment"],
        content_type="application/trickle-ice-sdpfrag",
        headers={"ETag": f'"{answer["etag"]}"'},
    )


async def close_session(request: web.Request) -> web.Response:
    """DELETE a session; 200 also where it has ended already."""
    session = _session(request)
    with suppress(NotFound, CallTimeout, Refused):
        await _call_owner(request, session, "close", {"session": session})
    return web.Response(status=200)


def _session(request: web.Request) -> str:
    """A session as its edge knows it: what seals its name for heartbeats is not a part of that."""
    return ".".join(request.match_info["session"].split(".")[:2])


def _viewer(request: web.Request) -> str | None:
    """A name by which all sessions of a viewer are known as one's; nobody can vote with it."""
    auth = request.app[AUTH]
    viewer = auth.viewer(request)
    return None if viewer is None else auth.name_for(f"watches:{viewer}")


def _queried_hints(request: web.Request) -> dict[str, Any]:
    if not request.query_string:
        return {}
    given = {name: request.query[name] for name in Hints.model_fields if name in request.query}
    try:
        return Hints.model_validate(given).model_dump(exclude_unset=True)
    except ValidationError as error:
        raise Invalid(explain(error)) from None


async def _camera(request: web.Request, target: str) -> tuple[str, dict[str, Any]]:
    """The camera to show for a broadcast's slug or a camera's id; and by what right, for the edge,
    which asks again when that may have changed.
    """
    registry, live = request.app[REGISTRY], request.app[LIVE]
    wanted = request.query.get("camera")
    broadcast = await registry.broadcasts.find(target)
    if broadcast is None:
        camera = await registry.cameras.find(target)
        if camera is None:
            raise NotFound(f"there is neither a broadcast nor a camera {target!r}")
        who = await require_camera(request, camera.id, Way.WHEP)
        return camera.id, {"asker": who.to_json(), "broadcast": None}
    require_access(request, broadcast)
    on_air = live.programme(target, broadcast.cameras)
    shown = wanted or on_air
    who = require_access(request, broadcast, Way.WHEP, shown)
    if shown is None:
        raise NotLive(f"no camera of broadcast {target!r} is live")
    return shown, {"asker": who.to_json(), "broadcast": target}


def _advertised(request: web.Request) -> str:
    """The address that the viewer's media goes to."""
    configured = request.app[SETTINGS].webrtc_host
    if configured:
        return configured
    transport = request.transport
    name = transport.get_extra_info("sockname") if transport is not None else None
    # What the viewer reached us on, it can send to as well. Behind a proxy, a unix socket or IPv6,
    # which edges do not speak, that says nothing.
    host = str(name[0]).removeprefix("::ffff:") if isinstance(name, tuple) else ":"
    proxied = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    # Firefox pairs none of its candidates with a loopback address.
    unpaired = host.startswith("127.") and "Firefox/" in request.headers.get("User-Agent", "")
    return primary_address() if proxied or unpaired or ":" in host else host


async def _in_its_place(
    request: web.Request, work: Coroutine[None, None, dict[str, Any]]
) -> dict[str, Any]:
    """Let an edge be called, unless others need the place of this network more."""
    pool, task = request.app[DOORS].posts, asyncio.create_task(work)
    entered, victim = pool.enter(task, prefix(address(request)))
    if victim is not None:
        victim.cancel()
    try:
        if entered:
            await asyncio.wait([task])
    finally:
        pool.leave(task)
        task.cancel()
    if not entered or task.cancelled():
        raise Overloaded("too many others of this network open sessions; try again")
    return task.result()


async def _call_an_edge(app: web.Application, body: dict[str, Any]) -> dict[str, Any]:
    edges, placement = await app[LIVE].living_edges(), app[PLACEMENT]
    for edge in placement.order(edges, time.monotonic()):
        placement.gave(edge, edges[edge])
        try:
            return await call(app[BUS], edge, "open", body, timeout_s=_OPEN_S)
        except CallTimeout:
            placement.missed(edge, time.monotonic())
        except Refused as refusal:
            if refusal.kind != Overloaded.__name__:
                raise
    raise Overloaded("no edge can take another viewer at the moment")


async def _call_owner(
    request: web.Request, session: str, method: str, body: dict[str, Any]
) -> dict[str, Any]:
    edge = session.partition(".")[0]
    if edge not in request.app[LIVE].edges:
        raise NotFound("there is no such session")
    return await call(request.app[BUS], edge, method, body, timeout_s=_CALL_S)


def add_routes(app: web.Application) -> None:
    """Serve WHEP."""
    app[PLACEMENT] = Placement()
    endpoint, resource = "/whep/{target}", "/whep/{target}/{session}"
    for path in (endpoint, resource):
        app.router.add_route("OPTIONS", path, preflight)
    app.router.add_get(endpoint, probe)
    app.router.add_post(endpoint, open_session)
    app.router.add_patch(resource, patch_session)
    app.router.add_delete(resource, close_session)
