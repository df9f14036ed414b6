"""Cameras, for operators."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from pydantic import Field

from relay.errors import Invalid, MediaError
from relay.gateway.keys import REGISTRY, SETTINGS
from relay.gateway.route import Patch, Route, json_response, read_body
from relay.gateway.views import CameraDetails, CameraList, camera_details
from relay.ingest.fetch import SCHEMES, is_url
from relay.ingest.files import Files
from relay.state.models import Camera, Line, Model, Projection, Pull, Slug

BASE = "/api/v1/cameras"


class NewCamera(Model):
    """A camera to create."""

    id: Slug
    """Its name in URLs."""
    name: Annotated[Line | None, Field(default=None)]
    """Its name for people; its id if left out."""
    projection: Projection = Projection.FLAT
    """How its picture maps to the world."""
    pull: Pull | None = None
    """Where to fetch it from; left out: it sends by itself."""


class PublishKey(Model):
    """A camera's publish key, shown this once."""

    id: str
    """The camera."""
    publish_key: str
    """What it has to send with."""


class CreatedCamera(CameraDetails):
    """A new camera, with its publish key, shown this once."""

    publish_key: str


def _require_source(request: web.Request, camera: Camera) -> None:
    """Let nobody afar have something pulled that is no stream, or a file that nobody here named.

    Raises:
        Invalid: it is.
    """
    if camera.pull is None:
        return
    if is_url(camera.pull.url):
        scheme = camera.pull.url.partition("://")[0].lower()
        if scheme not in SCHEMES:
            allowed = ", ".join(f"{each}://" for each in SCHEMES)
            raise Invalid(f"pull.url: {scheme[:32]}:// cannot be pulled; allowed are {allowed}")
        return
    try:
        Files.of(request.app[SETTINGS]).require(camera.id, camera.pull.url)
    except MediaError as error:
        raise Invalid(f"pull.url: {error}") from None


async def list_all(request: web.Request) -> web.Response:
    """GET /api/v1/cameras."""
    stored = await request.app[REGISTRY].cameras.all()
    return json_response(CameraList(cameras=[camera_details(request.app, c) for c in stored]))


async def read(request: web.Request) -> web.Response:
    """GET /api/v1/cameras/{id}."""
    camera = await request.app[REGISTRY].cameras.get(request.match_info["id"])
    return json_response(camera_details(request.app, camera))


async def create(request: web.Request) -> web.Response:
    """POST /api/v1/cameras."""
    new = await read_body(request, NewCamera)
    camera = Camera(id=new.id, name=new.name or new.id, projection=new.projection, pull=new.pull)
    _require_source(request, camera)
    key = await request.app[REGISTRY].create_camera(camera)
    view = CreatedCamera(**dict(camera_details(request.app, camera)), publish_key=key)
    response = json_response(view, status=201)
    response.headers["Location"] = f"{BASE}/{camera.id}"
    return response


async def change(request: web.Request) -> web.Response:
    """PATCH /api/v1/cameras/{id}."""
    patch = await read_body(request, Patch)

    def applied(old: Camera) -> Camera:
        new = patch.applied_to(old)
        if new.pull is not None and (old.pull is None or new.pull.url != old.pull.url):
            _require_source(request, new)
        return new

    changed = await request.app[REGISTRY].cameras.change(request.match_info["id"], applied)
    return json_response(camera_details(request.app, changed))


async def rotate_key(request: web.Request) -> web.Response:
    """POST /api/v1/cameras/{id}/key."""
    camera_id = request.match_info["id"]
    key = await request.app[REGISTRY].rotate_key(camera_id)
    return json_response(PublishKey(id=camera_id, publish_key=key), status=201)


async def delete(request: web.Request) -> web.Response:
    """DELETE /api/v1/cameras/{id}."""
    await request.app[REGISTRY].delete_camera(request.match_info["id"])
    return web.Response(status=204)


_ONE = BASE + "/{id}"
ROUTES = [
    Route("GET", BASE, list_all, "All cameras", answer=CameraList, admin=True),
    Route("POST", BASE, create, "Create a camera", NewCamera, CreatedCamera, 201, admin=True),
    Route("GET", _ONE, read, "One camera", answer=CameraDetails, admin=True),
    Route("PATCH", _ONE, change, "Change fields of a camera", Patch, CameraDetails, admin=True),
    Route(
        "DELETE", _ONE, delete, "Delete a camera that no broadcast shows", status=204, admin=True
    ),
    Route(
        "POST",
        _ONE + "/key",
        rotate_key,
        "Give a camera a new publish key; the old one is refused from now on",
        answer=PublishKey,
        status=201,
        admin=True,
    ),
]
