"""Where a broadcast stands: before, live, ended. Pure; `now` is an argument."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from relay.state.models import Broadcast


class Phase(StrEnum):
    """Where a broadcast stands."""

    BEFORE = "before"
    LIVE = "live"
    ENDED = "ended"


def phase(broadcast: Broadcast, on_air: str | None, began_us: int | None) -> Phase:
    """Where a broadcast stands, given the camera on air and when one was first seen on air.

    A broadcast that has begun stays live while its cameras drop out, until its end is set.
    """
    if broadcast.ended_at is not None:
        return Phase.ENDED
    if on_air is not None or _has_begun(broadcast, began_us):
        return Phase.LIVE
    return Phase.BEFORE


def begins(broadcast: Broadcast, on_air: str | None, began_us: int | None, now_us: int) -> bool:
    """Whether this is the moment to note as its beginning: µs since the epoch.

    A camera that is tried out before the time that was announced begins nothing.
    """
    if on_air is None or broadcast.ended_at is not None or _has_begun(broadcast, began_us):
        return False
    return now_us >= _start_us(broadcast)


def _has_begun(broadcast: Broadcast, began_us: int | None) -> bool:
    # Of a broadcast that was put off, what was seen before its new time does not count.
    return began_us is not None and began_us >= _start_us(broadcast)


def _start_us(broadcast: Broadcast) -> int:
    return 0 if broadcast.starts_at is None else int(broadcast.starts_at.timestamp() * 1e6)
