"""Whoever shows a wrong token waits, ever longer: tokens cannot be tried out in numbers, or unseen.

The wait is the network's, and it grows with each wrong token; others never wait, and neither does
the right token, from whatever network it comes. Who waits holds an idle connection's place, which
whoever comes may take; a network waits `MAX_WAITING` times at once, and is refused beyond that.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from aiohttp import web

from relay.errors import TooMany
from relay.gateway.keys import AUTH, DOORS, GUESSES, REGISTRY
from relay.gateway.visitor import address
from relay.ids import PARTNER_KEY_PREFIX
from relay.log import logger
from relay.network import prefix

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator


class Guesses:
    """Counts wrong tokens by network. Pure: times are seconds of any monotonic clock."""

    FIRST_S: Final = 0.25
    LONGEST_S: Final = 4.0
    FORGET_S: Final = 60.0
    """After so long without a wrong token a network begins from scratch."""
    MAX_WAITING: Final = 8
    """Of one network; of all together it is 32 times as many."""
    MAX_NETWORKS: Final = 10_000
    """The network that has been quiet for the longest time is forgotten."""
    TELL_S: Final = 1.0

    def __init__(self) -> None:
        self._seen: OrderedDict[str, tuple[int, float]] = OrderedDict()
        """Wrong tokens of a network, and when the last one came; the last ones at the end."""
        self._waiting: Counter[str] = Counter()
        self._untold: Counter[str] = Counter()
        self._told_at = float("-inf")
        self.wrong = 0
        """Wrong tokens so far."""
        self.refused = 0
        """Those that were refused unseen, since too many of their network waited."""

    def delay_s(self, network: str, now: float) -> float:
        """Count a wrong token; for how long its answer has to wait."""
        self.wrong += 1
        self._untold[network] += 1
        count, at = self._seen.pop(network, (0, now))
        count = 0 if now - at >= self.FORGET_S else min(count, 30)
        self._seen[network] = count + 1, now
        if len(self._seen) > self.MAX_NETWORKS:
            self._seen.popitem(last=False)
        return float(min(self.FIRST_S * 2**count, self.LONGEST_S))

    @contextmanager
    def waiting(self, network: str) -> Iterator[None]:
        """Hold one of the network's places.

        Raises:
            TooMany: they are all taken.
        """
        full = self._waiting.total() >= 32 * self.MAX_WAITING
        if full or self._waiting[network] >= self.MAX_WAITING:
            self.refused += 1
            raise TooMany(
                "too many wrong tokens came from this network", retry_after=self.LONGEST_S
            )
        self._waiting[network] += 1
        try:
            yield
        finally:
            self._waiting[network] -= 1
            self._waiting += Counter()  # without those of nobody

    def news(self, now: float) -> dict[str, int | str] | None:
        """What the operator has not been told, if there is something and it is time to."""
        if not self._untold or now - self._told_at < self.TELL_S:
            return None
        self._told_at = now
        untold, self._untold = self._untold, Counter()
        network, most = untold.most_common(1)[0]
        return {
            "count": untold.total(),
            "networks": len(untold),
            "network": network,
            "of_network": most,
        }

    def counters(self) -> dict[str, int]:
        """For metrics."""
        return {
            "tokens_wrong": self.wrong,
            "tokens_refused": self.refused,
            "tokens_waiting": self._waiting.total(),
        }


@web.middleware
async def guesses(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Let whoever shows a wrong token wait, whatever it is shown for."""
    if await _is_wrong(request):
        await _wait(request, request.app[GUESSES], prefix(address(request)))
    return await handler(request)


async def _is_wrong(request: web.Request) -> bool:
    auth = request.app[AUTH]
    token = auth.bearer(request)
    if token is None or auth.is_admin(request):
        return False
    if not token.startswith(PARTNER_KEY_PREFIX):
        return True
    return await request.app[REGISTRY].partner_of_key(token) is None


async def _wait(request: web.Request, found: Guesses, network: str) -> None:
    clock = asyncio.get_running_loop().time
    delay_s = found.delay_s(network, clock())
    _tell(found, clock())
    with found.waiting(network):
        request.app[DOORS].pool.rest(request.protocol)
        await asyncio.sleep(delay_s)
    _tell(found, clock())


def _tell(found: Guesses, now: float) -> None:
    news = found.news(now)
    if news is not None:
        logger().warning(
            "wrong tokens: somebody may be trying to guess the admin token, or uses an old one",
            **news,
        )
