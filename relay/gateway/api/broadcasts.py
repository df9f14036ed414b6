"""Broadcasts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aiohttp import web

from relay.errors import Invalid
from relay.gateway.access import readable
from relay.gateway.keys import AUTH, LIVE, REGISTRY
from relay.gateway.route import Patch, Route, json_response, read_body
from relay.gateway.views import BroadcastList, BroadcastView, broadcast_view, broadcast_views
from relay.state.models import Broadcast, Model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relay.state.registry import Registry

BASE = "/api/v1/broadcasts"


async def list_all(request: web.Request) -> web.Response:
    """GET /api/v1/broadcasts."""
    viewer = request.app[AUTH].viewer(request)
    stored = await readable(request)
    views = await broadcast_views(request.app, stored, viewer)
    return json_response(BroadcastList(broadcasts=views))


async def read(request: web.Request) -> web.Response:
    """GET /api/v1/broadcasts/{slug}."""
    viewer = request.app[AUTH].viewer(request)
    broadcast = await request.app[REGISTRY].broadcasts.get(request.match_info["slug"])
    view = await broadcast_view(request.app, broadcast, viewer)
    if request.app[AUTH].is_admin(request):
        view = _for_operators(view, broadcast)
    return json_response(view)


def _for_operators(view: BroadcastView, broadcast: Broadcast) -> BroadcastView:
    update = {
        "partners": list(broadcast.partners),
        "cameras_released": broadcast.cameras_released,
    }
    return view.model_copy(update=update)


async def create(request: web.Request) -> web.Response:
    """POST /api/v1/broadcasts."""
    broadcast = await read_body(request, Broadcast)
    registry = request.app[REGISTRY]
    await require_cameras(registry, broadcast.cameras)
    await _require_partners(registry, broadcast.partners)
    await registry.broadcasts.create(broadcast.slug, broadcast)
    view = await broadcast_view(request.app, broadcast)
    response = json_response(_for_operators(view, broadcast), status=201)
    response.headers["Location"] = f"{BASE}/{broadcast.slug}"
    return response


async def change(request: web.Request) -> web.Response:
    """PATCH /api/v1/broadcasts/{slug}."""
    patch = await read_body(request, Patch)
    registry = request.app[REGISTRY]
    slug = request.match_info["slug"]
    present = await registry.broadcasts.get(slug)
    wanted = patch.applied_to(present)
    await require_cameras(registry, [n for n in wanted.cameras if n not in present.cameras])
    await _require_partners(registry, [n for n in wanted.partners if n not in present.partners])
    return await _changed(request, await registry.change_broadcast(slug, patch.applied_to))


class End(Model):
    """How a broadcast ends."""

    release_cameras: bool = False
    """Whether to let its cameras go: they are hung up on within seconds, and refused while every
    broadcast that shows them has ended."""


async def start(request: web.Request) -> web.Response:
    """POST /api/v1/broadcasts/{slug}/start."""
    slug = request.match_info["slug"]
    changed = await request.app[REGISTRY].start_broadcast(slug, datetime.now(UTC))
    return await _changed(request, changed)


async def end(request: web.Request) -> web.Response:
    """POST /api/v1/broadcasts/{slug}/end."""
    wanted = await read_body(request, End)
    slug = request.match_info["slug"]
    changed = await request.app[REGISTRY].end_broadcast(
        slug, datetime.now(UTC), release=wanted.release_cameras
    )
    return await _changed(request, changed)


async def reopen(request: web.Request) -> web.Response:
    """POST /api/v1/broadcasts/{slug}/reopen."""
    return await _changed(
        request, await request.app[REGISTRY].reopen_broadcast(request.match_info["slug"])
    )


async def _changed(request: web.Request, broadcast: Broadcast) -> web.Response:
    """Tell open pages at once, and answer."""
    await request.app[LIVE].changed()
    view = await broadcast_view(request.app, broadcast)
    return json_response(_for_operators(view, broadcast))


async def delete(request: web.Request) -> web.Response:
    """DELETE /api/v1/broadcasts/{slug}."""
    slug = request.match_info["slug"]
    await request.app[REGISTRY].delete_broadcast(slug)
    await request.app[LIVE].changed()
    request.app[LIVE].series.forget(slug)  # what comes next by that name has votes of its own
    return web.Response(status=204)


async def require_cameras(registry: Registry, cameras: Sequence[str]) -> None:
    """Check that these cameras exist.

    Raises:
        Invalid: one does not.
    """
    known = {camera.id for camera in await registry.cameras.all()}
    missing = [camera for camera in cameras if camera not in known]
    if missing:
        raise Invalid(f"cameras: there is no camera {', '.join(missing)}")


async def _require_partners(registry: Registry, partners: Sequence[str]) -> None:
    if not partners:
        return
    known = {partner.id for partner in await registry.partners.all()}
    missing = [name for name in partners if name not in known]
    if missing:
        raise Invalid(f"partners: there is no partner {', '.join(missing)}")


ROUTES = [
    Route("GET", BASE, list_all, "All broadcasts", answer=BroadcastList),
    Route("GET", BASE + "/{slug}", read, "One broadcast", answer=BroadcastView),
    Route("POST", BASE, create, "Create a broadcast", Broadcast, BroadcastView, 201, admin=True),
    Route(
        "PATCH",
        BASE + "/{slug}",
        change,
        "Change fields of a broadcast",
        Patch,
        BroadcastView,
        admin=True,
    ),
    Route(
        *("POST", BASE + "/{slug}/start", start, "Begin a broadcast now"),
        answer=BroadcastView,
        admin=True,
    ),
    Route(
        *("POST", BASE + "/{slug}/end", end, "End a broadcast; its cameras stay, or are let go"),
        body=End,
        answer=BroadcastView,
        admin=True,
    ),
    Route(
        *("POST", BASE + "/{slug}/reopen", reopen, "Let a broadcast that has ended go on"),
        answer=BroadcastView,
        admin=True,
    ),
    Route(
        "DELETE",
        BASE + "/{slug}",
        delete,
        "Delete a broadcast and its rating",
        status=204,
        admin=True,
    ),
]
