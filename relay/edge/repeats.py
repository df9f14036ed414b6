"""What a viewer may have sent again: a budget, and pauses between repetitions of one packet. Pure.

The budget is refilled by time. A request costs a little of it whether there is something to send
or not, because looking for it takes time too.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BYTES_S: Final = 125_000
"""What a viewer may have sent again each second."""
LOOK_UP_BYTES: Final = 20
"""What a request costs by itself."""
PAUSE_S: Final = 0.012
"""A packet is sent again once more after this long, and from then on after twice as long each time:
what is lost again has to come soon, but what stands in a queue is asked for over and over. Viewers
ask again after 15 ms at the soonest.
"""
LONGEST_S: Final = 0.2
"""At most so long."""
TRIP: Final = 0.8
"""It is at least this part of a round trip, which a viewer may take for a little shorter."""
FORGOTTEN_S: Final = 1.0
"""Repetitions this long ago do not count."""
MAX_KNOWN: Final = 256
"""Packets whose repetitions are remembered; of more, the one longest ago is forgotten."""

_NEVER: Final = -math.inf, 0
_MANY: Final = 16
"""Counting on would make no pause longer."""


class Repeats:
    """One viewer's. Times are Unix seconds, which may be set back."""

    def __init__(self) -> None:
        self._left = float(BYTES_S)
        self._at = 0.0
        self._sent: dict[tuple[int, int], tuple[float, int]] = {}
        """When a packet was last sent again, and how often it has been."""

    def allowed(
        self, ssrc: int, sequences: Sequence[int], now: float, rtt_s: float | None
    ) -> Iterator[int]:
        """Those of the packets asked for that may be looked for, each once; note what comes of it
        with `sent` before the next.
        """
        self._left = min(self._left + max(now - self._at, 0.0) * BYTES_S, BYTES_S)
        self._at = now
        least_s = TRIP * (rtt_s or 0.0)
        for sequence in dict.fromkeys(sequences):
            if self._left <= 0:
                return
            self._left -= LOOK_UP_BYTES
            at, times = self._sent.get((ssrc, sequence), _NEVER)
            pause_s = PAUSE_S * 2 ** max(times - 2, 0)
            if abs(now - at) >= max(min(pause_s, LONGEST_S), least_s):
                yield sequence

    def sent(self, ssrc: int, sequence: int, size: int, now: float) -> None:
        """A packet of `size` bytes was sent again."""
        self._left -= size
        at, times = self._sent.pop((ssrc, sequence), _NEVER)
        again = abs(now - at) < FORGOTTEN_S
        self._sent[ssrc, sequence] = now, min(times + 1, _MANY) if again else 1
        if len(self._sent) > MAX_KNOWN:
            del self._sent[next(iter(self._sent))]
