"""Markers: what happens in a broadcast, and when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

from aiohttp import web
from pydantic import Field

from relay.errors import Conflict, Invalid
from relay.gateway.keys import REGISTRY
from relay.gateway.route import Patch, Route, json_response, read_body
from relay.gateway.telling import tell
from relay.ids import new_id
from relay.state.models import Line, Marker, Model, Moment, Slug

if TYPE_CHECKING:
    from relay.state.models import Broadcast

PATH: Final = "/api/v1/broadcasts/{slug}/markers"
_MOST: Final = 500


class NewMarker(Model):
    """A marker to set."""

    title: Line
    at: Annotated[Moment | None, Field(default=None)]
    """When it happens; now if left out."""
    camera: Slug | None = None
    """The camera that shows it best."""


class MarkerList(Model):
    """All markers of a broadcast, by moment."""

    markers: list[Marker]


async def list_all(request: web.Request) -> web.Response:
    """GET …/markers."""
    broadcast = await _broadcast(request)
    found = await request.app[REGISTRY].markers_of([broadcast.slug])
    return json_response(MarkerList(markers=found[broadcast.slug]))


async def create(request: web.Request) -> web.Response:
    """POST …/markers."""
    new = await read_body(request, NewMarker)
    broadcast = await _broadcast(request)
    markers = request.app[REGISTRY].markers(broadcast.slug)
    _require_camera(broadcast, new.camera)
    if len(await markers.all()) >= _MOST:
        raise Conflict(f"a broadcast has at most {_MOST} markers")
    at = new.at or datetime.now(UTC)
    marker = Marker(id=new_id(), at=at, title=new.title, camera=new.camera)
    await markers.create(marker.id, marker)
    await _tell(request, broadcast.slug, marker)
    response = json_response(marker, status=201)
    response.headers["Location"] = f"{PATH.format(slug=broadcast.slug)}/{marker.id}"
    return response


async def change(request: web.Request) -> web.Response:
    """PATCH …/markers/{id}."""
    patch = await read_body(request, Patch)
    broadcast = await _broadcast(request)
    markers, name = request.app[REGISTRY].markers(broadcast.slug), request.match_info["id"]
    present = await markers.get(name)
    wanted = patch.applied_to(present)
    if wanted.camera != present.camera:
        _require_camera(broadcast, wanted.camera)
    marker = await markers.change(name, patch.applied_to)
    await _tell(request, broadcast.slug, marker)
    return json_response(marker)


async def delete(request: web.Request) -> web.Response:
    """DELETE …/markers/{id}."""
    broadcast = await _broadcast(request)
    name = request.match_info["id"]
    await request.app[REGISTRY].markers(broadcast.slug).delete(name)
    await tell(request.app, broadcast.slug, {"type": "marker_removed", "id": name})
    return web.Response(status=204)


async def _broadcast(request: web.Request) -> Broadcast:
    return await request.app[REGISTRY].broadcasts.get(request.match_info["slug"])


def _require_camera(broadcast: Broadcast, camera: str | None) -> None:
    if camera is not None and camera not in broadcast.cameras:
        raise Invalid(f"camera: this broadcast has no camera {camera}")


async def _tell(request: web.Request, slug: str, marker: Marker) -> None:
    event = {"type": "marker", "marker": marker.model_dump(mode="json")}
    await tell(request.app, slug, event)


_ONE = PATH + "/{id}"
ROUTES = [
    Route("GET", PATH, list_all, "The markers of a broadcast", answer=MarkerList),
    Route("POST", PATH, create, "Set a marker", NewMarker, Marker, 201, admin=True),
    Route("PATCH", _ONE, change, "Change fields of a marker", Patch, Marker, admin=True),
    Route("DELETE", _ONE, delete, "Remove a marker", status=204, admin=True),
]
