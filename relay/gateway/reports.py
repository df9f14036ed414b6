"""What one open page reports of its player, over its events socket."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from relay.audience.heartbeats import Page
from relay.audience.watching import Beat, Watching
from relay.gateway.identity import somebody
from relay.gateway.keys import AUTH, HEARTBEATS, LIVE
from relay.ids import new_id

if TYPE_CHECKING:
    from aiohttp import web


class Reports:
    """The reports of one socket."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self._broadcast = request.match_info["slug"]
        self._name = new_id()
        self._page = Page()
        self._since_s = time.time()
        self._viewer = request.app[AUTH].viewer(request)

    async def hear(self, message: dict[str, Any]) -> None:
        """Take a report; one that is malformed, or comes too soon, is left alone."""
        try:
            report = Watching.model_validate(message)
        except ValidationError:
            return
        # What a page says of itself makes no partner, nor lasting numbers of one.
        if report.partner is not None and report.partner not in self._request.app[LIVE].partners:
            report = report.model_copy(update={"partner": None})
        watched_s = self._page.hear(report, asyncio.get_running_loop().time())
        if watched_s is None:
            return
        if self._viewer is None:  # a page whose cookies are blocked
            self._viewer = await somebody(self._request)
        self._request.app[HEARTBEATS].put(
            Beat(self._broadcast, self._name, self._viewer, report, self._since_s, watched_s)
        )

    @property
    def any(self) -> bool:
        """Whether there were any."""
        return self._page.has_reported

    async def end(self) -> None:
        """The socket has ended."""
        beats = self._request.app[HEARTBEATS]
        await beats.leave(self._broadcast, self._name, self._page.partner)
