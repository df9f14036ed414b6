"""In what order broadcasts are listed. Pure; the page's twin is `web/src/pages/home/order.ts`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from relay.state.rights import Phase

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from relay.gateway.views import BroadcastView

_EARLY: Final = 1
_SILENT: Final = 2
_RANK: Final = {Phase.LIVE: 0, Phase.BEFORE: 3, Phase.ENDED: 4}


def in_order(views: Iterable[BroadcastView], now: datetime) -> list[BroadcastView]:
    """Live ones that send, early ones, live ones without a camera, upcoming ones, old ones.

    Those that start later than `now` stand with the nearest first, all others with the latest
    first; those without a start come last among their kind.
    """

    def place(view: BroadcastView) -> tuple[int, float]:
        early = view.state is Phase.LIVE and view.starts_at is not None and view.starts_at > now
        rank = _SILENT if is_silent(view) else _EARLY if early else _RANK[view.state]
        if view.starts_at is None:
            return rank, float("inf")
        start = view.starts_at.timestamp()
        return rank, start if early or view.state is Phase.BEFORE else -start

    return sorted(views, key=place)


def is_silent(view: BroadcastView) -> bool:
    """Whether it is live and none of its cameras sends."""
    return view.state is Phase.LIVE and view.programme is None
