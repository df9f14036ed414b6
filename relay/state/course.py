"""The course of a broadcast as operators steer it: started, ended, reopened; and its cameras' then.

Pure: `now` is an argument.

Cameras that are let go at an end are hung up on with the reason, pulls stop, and both stay refused
for as long as every broadcast that shows them has ended. So a new broadcast, or the old one opened
again, takes them back without a further step, and none is locked out by a flag that was forgotten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from relay.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from relay.state.models import Broadcast


def started(broadcast: Broadcast, began_us: int | None, now: datetime) -> Broadcast:
    """A broadcast that begins now, whether its cameras send or not.

    Raises:
        Conflict: it has begun, or ended.
    """
    slug, start = broadcast.slug, broadcast.starts_at
    if broadcast.ended_at is not None:
        raise Conflict(f"{slug} ended at {_moment(broadcast.ended_at)}; reopen it instead")
    if began_us is not None and (start is None or began_us >= start.timestamp() * 1e6):
        raise Conflict(f"{slug} has begun already")
    begins = now if start is None or start > now else start
    return broadcast.model_copy(update={"starts_at": begins})


def ended(broadcast: Broadcast, now: datetime, *, release: bool) -> Broadcast:
    """A broadcast that ends now; one that has ended may still let its cameras go.

    Raises:
        Conflict: it has ended, and there is nothing to change.
    """
    if broadcast.ended_at is not None and (broadcast.cameras_released or not release):
        raise Conflict(f"{broadcast.slug} has ended already, at {_moment(broadcast.ended_at)}")
    ended_at = broadcast.ended_at or now
    return broadcast.model_copy(update={"ended_at": ended_at, "cameras_released": release})


def reopened(broadcast: Broadcast) -> Broadcast:
    """A broadcast that goes on after its end, with its cameras.

    Raises:
        Conflict: it has not ended.
    """
    if broadcast.ended_at is None:
        raise Conflict(f"{broadcast.slug} has not ended")
    return broadcast.model_copy(update={"ended_at": None, "cameras_released": False})


def released_by(camera: str, broadcasts: Iterable[Broadcast]) -> Broadcast | None:
    """The broadcast that let this camera go, if it is to stay away."""
    showing = [each for each in broadcasts if camera in each.cameras]
    if any(each.ended_at is None for each in showing):
        return None
    return next((each for each in showing if each.cameras_released), None)


def kept_by_others(broadcast: Broadcast, broadcasts: Iterable[Broadcast]) -> dict[str, str]:
    """The cameras of a broadcast that others still need: camera → the other broadcast."""
    return {
        camera: other.slug
        for other in broadcasts
        if other.slug != broadcast.slug and other.ended_at is None
        for camera in broadcast.cameras
        if camera in other.cameras
    }


def farewell(broadcast: Broadcast) -> str:
    """What a camera that was let go is told."""
    return f"the broadcast {broadcast.title!r} has ended, and its cameras were let go"


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
