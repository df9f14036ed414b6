"""How cameras and broadcasts look to those who ask: the stored document and what is live of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from relay.audience import ratings
from relay.bus.faults import verdict
from relay.gateway.keys import LIVE, REGISTRY, STATE
from relay.state.models import (
    Access,
    Camera,
    CommentPolicy,
    Link,
    Marker,
    Model,
    Person,
    Projection,
    Pull,
    Soundtrack,
)
from relay.state.rights import Phase

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiohttp import web

    from relay.audience.ratings import Rating
    from relay.state.models import Broadcast


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
    clock: Literal["camera", "arrival"]
    """What pictures' capture times go by: the camera's own clock, or their arrival at the relay."""
    projection: Projection
    renditions: list[RenditionView]
    no_picture: bool
    """Whether there is no picture to wait for: what it sends cannot be shown."""
    seen_at: datetime | None
    """When it was sent last; null while it is, and after a day."""


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
    language: str | None
    """The language of its texts, BCP 47; null where its makers do not say."""
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
    markers: list[Marker]
    """What happens in it, by moment."""
    links: list[Link]
    soundtrack: Soundtrack | None
    comments: CommentPolicy
    access: Access
    partners_only: bool
    partners: list[str] | None = None
    """Whose servers may let viewers in while it is closed; told to operators only."""
    cameras_released: bool | None = None
    """Whether its cameras were let go when it ended; told to operators only."""


class ClosedView(Model):
    """All that is told of a closed broadcast to those who are not let in."""

    slug: str
    access: Access = Access.CLOSED


class BroadcastList(Model):
    """All broadcasts."""

    broadcasts: list[BroadcastView]


class FaultView(Model):
    """Something that is wrong with a camera."""

    kind: str
    """For programs: refused, unreachable, no_picture, sound_lost, or one that is new."""
    text: str
    """What is wrong."""
    remedy: str
    """What to do about it; may be empty."""
    at: datetime
    """Since when; of a refusal, when it came last."""


class CameraDetails(CameraView):
    """A camera as operators see it."""

    released_by: str | None
    """The broadcast that let it go at its end, while it is refused for that."""
    verdict: str | None
    """All that is wrong with it, in a line; null while nothing is."""
    faults: list[FaultView]
    """The same, one by one."""
    counts: dict[str, int]
    """How often something befell it within a day, by what that is: refused, unusable_video, …"""

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
        clock=live["clock"],
        renditions=[RenditionView(**item) for item in live["renditions"]],
        no_picture=live["no_picture"],
        seen_at=live["seen_at"],
    )


def camera_details(app: web.Application, camera: Camera) -> CameraDetails:
    """A camera for operators."""
    live = app[LIVE]
    found = live.faults.get(camera.id, [])
    history = live.histories.get(camera.id)
    return CameraDetails(
        **dict(camera_view(app, camera.id, camera)),
        pull=camera.pull,
        source=live.cameras.get(camera.id),
        released_by=live.released_by(camera.id),
        verdict=verdict(camera.name, found),
        faults=[
            FaultView(
                kind=fault.kind,
                text=fault.text,
                remedy=fault.remedy,
                at=datetime.fromtimestamp(fault.at, UTC),
            )
            for fault in found
        ],
        counts=dict(history.counts) if history else {},
    )


def still_of(view: BroadcastView) -> str | None:
    """The path of a broadcast's live picture, while there is one."""
    shown = view.state is Phase.LIVE and any(
        camera.id == view.programme and camera.renditions for camera in view.cameras
    )
    return f"/b/{view.slug}/still.jpg" if shown else None


async def broadcast_view(
    app: web.Application, broadcast: Broadcast, viewer: str | None = None
) -> BroadcastView:
    """A broadcast for viewers, with the stars of `viewer`.

    Raises:
        StoreError: the state is out of reach.
    """
    return (await broadcast_views(app, [broadcast], viewer))[0]


async def broadcast_views(
    app: web.Application, broadcasts: Sequence[Broadcast], viewer: str | None = None
) -> list[BroadcastView]:
    """Several broadcasts, in as many round trips as one.

    Raises:
        StoreError: the state is out of reach.
    """
    cameras = {camera.id: camera for camera in await app[REGISTRY].cameras.all()}
    slugs = [each.slug for each in broadcasts]
    markers = await app[REGISTRY].markers_of(slugs)
    found = await ratings.read_many(app[STATE], slugs, viewer)
    # From here on nothing is waited for, so that each view is of one moment.
    return [_view(app, each, cameras, found[each.slug], markers[each.slug]) for each in broadcasts]


def _view(
    app: web.Application,
    broadcast: Broadcast,
    cameras: Mapping[str, Camera],
    rating: Rating,
    markers: list[Marker],
) -> BroadcastView:
    live = app[LIVE]
    on_air = live.programme(broadcast.slug, broadcast.cameras)
    live.shown(broadcast, cameras, rating)
    return BroadcastView(
        slug=broadcast.slug,
        title=broadcast.title,
        description=broadcast.description,
        language=broadcast.language,
        state=live.phase(broadcast),
        starts_at=broadcast.starts_at,
        ended_at=broadcast.ended_at,
        crew=list(broadcast.crew),
        credits=list(broadcast.credits),
        tags=list(broadcast.tags),
        cameras=[camera_view(app, name, cameras.get(name)) for name in broadcast.cameras],
        programme=on_air,
        viewers=live.viewers(broadcast.slug),
        rating=rating_view(rating),
        markers=markers,
        links=list(broadcast.links),
        soundtrack=broadcast.soundtrack,
        comments=broadcast.comments,
        access=broadcast.access,
        partners_only=broadcast.partners_only,
    )
