"""How cameras and broadcasts look to those who ask: the stored document and what is live of it."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads it at run time
from enum import StrEnum
from typing import TYPE_CHECKING

from relay.audience import ratings
from relay.errors import StoreError
from relay.gateway.keys import LIVE, REGISTRY, STATE
from relay.state.models import Camera, Model, Person, Projection, Pull

if TYPE_CHECKING:
    from aiohttp import web

    from relay.audience.ratings import Rating
    from relay.state.models import Broadcast


class Phase(StrEnum):
    """Where a broadcast stands."""

    BEFORE = "before"
    LIVE = "live"
    ENDED = "ended"


class RenditionView(Model):
    """A rung of a live camera."""

    name: str
    width: int
    height: int
    fps: float
    bitrate_bps: int
    codec: str


class CameraView(Model):
    """A camera as viewers see it."""

    id: str
    name: str
    live: bool
    projection: Projection
    renditions: list[RenditionView]


class RatingView(Model):
    """A rating."""

    average: float | None
    """Mean stars to two decimals; null before the first vote."""
    count: int
    """Number of votes."""
    yours: int | None = None
    """The asking viewer's own stars."""


class BroadcastView(Model):
    """A broadcast as viewers see it."""

    slug: str
    title: str
    description: str
    state: Phase
    starts_at: datetime | None
    ended_at: datetime | None
    crew: list[Person]
    credits: list[Person]
    tags: list[str]
    cameras: list[CameraView]
    programme: str | None
    """Id of the camera on air."""
    viewers: int
    rating: RatingView


class BroadcastList(Model):
    """All broadcasts."""

    broadcasts: list[BroadcastView]


class CameraDetails(CameraView):
    """A camera as operators see it."""

    pull: Pull | None
    source: dict[str, object] | None
    """What is known of what it sends; null while it is not live."""


class CameraList(Model):
    """All cameras."""

    cameras: list[CameraDetails]


def rating_view(rating: Rating) -> RatingView:
    """A rating for the API."""
    return RatingView(average=rating.average, count=rating.count, yours=rating.yours)


def camera_view(app: web.Application, camera_id: str, camera: Camera | None) -> CameraView:
    """A camera for viewers; one that was deleted shows as not live."""
    live = app[LIVE].camera(camera_id)
    return CameraView(
        id=camera_id,
        name=camera.name if camera else camera_id,
        projection=camera.projection if camera else Projection.FLAT,
        live=live["live"],
        renditions=[RenditionView(**item) for item in live["renditions"]],
    )


def camera_details(app: web.Application, camera: Camera) -> CameraDetails:
    """A camera for operators."""
    view = camera_view(app, camera.id, camera)
    source = app[LIVE].cameras.get(camera.id)
    return CameraDetails(**dict(view), pull=camera.pull, source=source)


async def broadcast_view(
    app: web.Application, broadcast: Broadcast, viewer: str | None = None
) -> BroadcastView:
    """A broadcast for viewers.

    Raises:
        StoreError: the state is out of reach.
    """
    live = app[LIVE]
    cameras = {camera.id: camera for camera in await app[REGISTRY].cameras.all()}
    on_air = live.programme(broadcast.slug, broadcast.cameras)
    rating = await ratings.read(app[STATE], broadcast.slug, viewer)
    try:
        viewers = await live.viewers(broadcast.slug)
    except StoreError:  # without the bus nobody can be watching
        viewers = 0
    return BroadcastView(
        slug=broadcast.slug,
        title=broadcast.title,
        description=broadcast.description,
        state=phase(broadcast, on_air),
        starts_at=broadcast.starts_at,
        ended_at=broadcast.ended_at,
        crew=list(broadcast.crew),
        credits=list(broadcast.credits),
        tags=list(broadcast.tags),
        cameras=[camera_view(app, name, cameras.get(name)) for name in broadcast.cameras],
        programme=on_air,
        viewers=viewers,
        rating=rating_view(rating),
    )


def phase(broadcast: Broadcast, on_air: str | None) -> Phase:
    """Where a broadcast stands: ended if that was set, live while a camera is, else before."""
    if broadcast.ended_at is not None:
        return Phase.ENDED
    return Phase.LIVE if on_air is not None else Phase.BEFORE
