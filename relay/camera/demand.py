"""Which rungs a camera's worker encodes: those that somebody wants, and what joins need. Pure.

A rung goes on for `LINGER_S` after the last wish for it. While a camera has had an audience of late
two rungs are made in any case: the one that viewers begin with, so that a join need not wait, and
the smallest, so that a congested viewer need not. Without an audience nothing is encoded; the
decoder goes on, so that a rung begins with the next picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from relay.media.ladder import SOURCE

if TYPE_CHECKING:
    from collections.abc import Collection

    from relay.media.ladder import Ladder

LINGER_S: Final = 1.0
AUDIENCE_S: Final = 60.0


class Demand:
    """See the module. Times are seconds of any monotonic clock."""

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}
        self._audience: float | None = None

    def see(self, wanted: Collection[str], now: float) -> None:
        """Take note of what is wanted."""
        for name in wanted:
            self._seen[name] = now
        if wanted:
            self._audience = now

    def unseen(self, now: float) -> None:
        """Take note that it is not known what is wanted: what was wanted goes on."""
        for name in self._seen:
            self._seen[name] = now

    def active(self, ladder: Ladder, now: float) -> set[str]:
        """The rungs to encode."""
        self._seen = {name: at for name, at in self._seen.items() if now - at <= LINGER_S}
        wanted = set(self._seen)
        if self._audience is not None and now - self._audience <= AUDIENCE_S and ladder.video:
            begin = ladder.default
            wanted |= {ladder.video[-1].name} | (set() if begin is None else {begin.name})
        return wanted & {rung.name for rung in ladder.video} - {SOURCE}
