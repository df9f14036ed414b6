"""Where the operator of a 360° camera looks, for viewers who follow."""

from __future__ import annotations

from typing import Annotated, Final

from aiohttp import web
from pydantic import Field

from relay.errors import Conflict
from relay.gateway.keys import REGISTRY
from relay.gateway.route import Route, read_body
from relay.gateway.telling import tell
from relay.state.models import Model, Projection

PATH: Final = "/api/v1/cameras/{id}/view"


class OperatorView(Model):
    """A direction and an angle of view, degrees."""

    yaw: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False, strict=True)]
    """To the right of the picture's middle."""
    pitch: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False, strict=True)]
    """Above the horizon."""
    fov: Annotated[float, Field(ge=1, le=179, allow_inf_nan=False, strict=True)]
    """The vertical angle of view; players keep to what they can show of it."""


async def put(request: web.Request) -> web.Response:
    """PUT …/view: tell the pages of every broadcast that has this camera.

    Nothing is stored: a gateway that is up hears of it and tells those who come later.
    """
    view = await read_body(request, OperatorView)
    registry = request.app[REGISTRY]
    camera = await registry.cameras.get(request.match_info["id"])
    if camera.projection is not Projection.EQUIRECTANGULAR:
        raise Conflict(f"camera {camera.id!r} has no 360° picture to look around in")
    event = {"type": "view", "camera": camera.id, **view.model_dump()}
    for broadcast in await registry.broadcasts.all():
        if camera.id in broadcast.cameras:
            await tell(request.app, broadcast.slug, event)
    return web.Response(status=204)


ROUTES = [
    Route(
        "PUT",
        PATH,
        put,
        "Say where the operator of a 360° camera looks",
        OperatorView,
        status=204,
        admin=True,
    ),
]
