"""Scarce slots that strangers may hold, shared out by network. Pure: no socket, no clock.

A pool has `size` slots for those who have not proven anything yet (a session without media, a
connection without a request, a socket that has said nothing), and `proven` more for those who have.

* While there is room anybody gets in: somebody alone may fill the pool.
* When it is full, the newcomer displaces the oldest unproven one of the network that holds the most
  unproven slots, if that holds more than the newcomer's would. So N networks get about size / N
  each, and who holds few is never displaced by who holds many.
* Who is proven holds no slot of these and cannot be displaced: a school of 400 viewers behind one
  address gets in, a share at a time, as fast as its viewers prove themselves.
* The proven of one network are `share` of `proven` at the most, once half of that is taken.

What is displaced is counted, and so is who finds no room. A pool that begins to be full says so
once, and again only after it has been less than half full.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Size:
    """How many a pool holds."""

    unproven: int
    """Who has not proven anything."""
    proven: int
    """Who has."""
    share: float = 0.5
    """Part of `proven` that one network may hold while others want it too."""


class Pool(Generic[T]):
    """See the module. `T` is whoever holds a slot, hashable."""

    def __init__(self, name: str, size: Size, full: Callable[[str, str], None]) -> None:
        """`full` is told the pool's name and the heaviest network when it begins to be full."""
        self.name = name
        self._size = size
        self._tell = full
        self._unproven: dict[str, dict[T, None]] = {}
        """By network, the oldest first."""
        self._network: dict[T, str] = {}
        self._proven: dict[T, str] = {}
        self._proven_by: Counter[str] = Counter()
        self._waiting = 0
        self._was_full = False
        self.displaced = 0
        """Who had to go so that somebody of another network could come."""
        self.refused = 0
        """Who found no room."""

    def __len__(self) -> int:
        return self._waiting + len(self._proven)

    def counters(self) -> dict[str, int]:
        """For metrics."""
        return {
            f"pool_{self.name}": len(self),
            f"pool_{self.name}_displaced": self.displaced,
            f"pool_{self.name}_refused": self.refused,
        }

    @property
    def unproven(self) -> int:
        """How many have not proven anything."""
        return self._waiting

    def enter(self, who: T, network: str) -> tuple[bool, T | None]:
        """Whether a newcomer gets in, and whom it displaces: the caller ends that one, and need not
        say that it `leave`s.
        """
        victim: T | None = None
        if self._waiting >= self._size.unproven:
            heaviest = max(self._unproven, key=lambda name: len(self._unproven[name]))
            self._note_full(heaviest)
            if len(self._unproven[heaviest]) <= len(self._unproven.get(network, ())) + 1 and (
                heaviest != network
            ):
                self.refused += 1
                return False, None
            victim = next(iter(self._unproven[heaviest]))
            self._forget(victim)
            self.displaced += 1
        self._unproven.setdefault(network, {})[who] = None
        self._network[who] = network
        self._waiting += 1
        return True, victim

    def prove(self, who: T) -> bool:
        """Somebody has shown that it is no mere holder of a slot; False, and it has to go, if its
        network has had its share of those. Harmless if it has proven that already.
        """
        if who in self._proven or who not in self._network:
            return True
        network = self._network[who]
        taken, size = len(self._proven), self._size.proven
        most = max(int(size * self._size.share), 1)
        if taken >= size or (taken >= size // 2 and self._proven_by[network] >= most):
            self._note_full(self._proven_by.most_common(1)[0][0])
            self.refused += 1
            self._forget(who)
            return False
        self._forget(who)
        self._proven[who] = network
        self._proven_by[network] += 1
        return True

    def rest(self, who: T) -> None:
        """Somebody proven is idle, and may be displaced again as if it had just come."""
        network = self._proven.pop(who, None)
        if network is not None:
            self._count_out(network)
            self._unproven.setdefault(network, {})[who] = None
            self._network[who] = network
            self._waiting += 1

    def leave(self, who: T) -> None:
        """Somebody has gone; harmless if it is not there."""
        if who in self._network:
            self._forget(who)
        network = self._proven.pop(who, None)
        if network is not None:
            self._count_out(network)
        if 2 * self._waiting < self._size.unproven and 2 * len(self._proven) < self._size.proven:
            self._was_full = False

    def _count_out(self, network: str) -> None:
        self._proven_by[network] -= 1
        if not self._proven_by[network]:
            del self._proven_by[network]

    def _forget(self, who: T) -> None:
        network = self._network.pop(who)
        held = self._unproven[network]
        del held[who]
        if not held:
            del self._unproven[network]
        self._waiting -= 1

    def _note_full(self, heaviest: str) -> None:
        if not self._was_full:
            self._was_full = True
            self._tell(self.name, heaviest)
