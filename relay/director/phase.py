"""Where a broadcast stands: before, live, ended. Pure; `now` is an argument."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from relay.state.rights import Phase

if TYPE_CHECKING:
    from relay.state.models import Broadcast

EARLY_US: Final = 15 * 60 * 1_000_000
"""So long before its announced start a broadcast may be on air early; before that, a camera that
sends is one that is tried out."""


def phase(broadcast: Broadcast, on_air: str | None, began_us: int | None, now_us: int) -> Phase:
    """Where a broadcast stands at `now_us`, µs since the epoch.

    It depends on the camera on air, and on when one was first seen on air.

    A broadcast that has begun stays live while its cameras drop out, until its end is set.
    """
    if broadcast.ended_at is not None:
        return Phase.ENDED
    on_air_early = on_air is not None and now_us >= _start_us(broadcast) - EARLY_US
    if on_air_early or _has_begun(broadcast, began_us):
        return Phase.LIVE
    return Phase.BEFORE


def takes_votes(
    broadcast: Broadcast, on_air: str | None, began_us: int | None, now_us: int
) -> bool:
    """Whether it can be rated at `now_us`: from its first picture, or its announced start if that
    comes before, and ever after. Who has seen it to its end is the one who knows how it was.
    """
    announced = broadcast.starts_at is not None and now_us >= _start_us(broadcast)
    return announced or phase(broadcast, on_air, began_us, now_us) is not Phase.BEFORE


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
