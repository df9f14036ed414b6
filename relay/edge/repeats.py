"""What a viewer may have sent again: a budget, and a pause between repetitions of one packet. Pure.

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
PAUSE_S: Final = 0.05
"""A packet is sent again at most once in this time, or in a round trip: one that stands in a queue
is asked for over and over.
"""
MAX_KNOWN: Final = 256
"""Packets whose last repetition is remembered; of more, the one longest ago is forgotten."""


class Repeats:
    """One viewer's. Times are Unix seconds, which may be set back."""

    def __init__(self) -> None:
        self._left = float(BYTES_S)
        self._at = 0.0
        self._sent: dict[tuple[int, int], float] = {}

    def allowed(
        self, ssrc: int, sequences: Sequence[int], now: float, rtt_s: float | None
    ) -> Iterator[int]:
        """Those of the packets asked for that may be looked for, each once; note what comes of it
        with `sent` before the next.
        """
        self._left = min(self._left + max(now - self._at, 0.0) * BYTES_S, BYTES_S)
        self._at = now
        pause_s = max(rtt_s or 0.0, PAUSE_S)
        for sequence in dict.fromkeys(sequences):
            if self._left <= 0:
                return
            self._left -= LOOK_UP_BYTES
            if abs(now - self._sent.get((ssrc, sequence), -math.inf)) >= pause_s:
                yield sequence

    def sent(self, ssrc: int, sequence: int, size: int, now: float) -> None:
        """A packet of `size` bytes was sent again."""
        self._left -= size
        self._sent.pop((ssrc, sequence), None)
        self._sent[ssrc, sequence] = now
        if len(self._sent) > MAX_KNOWN:
            del self._sent[next(iter(self._sent))]
