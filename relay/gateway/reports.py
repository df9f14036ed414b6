"""What one open page reports of its player, over its events socket."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from relay.audience.heartbeats import Page
from relay.audience.watching import Beat, Watching
from relay.gateway.identity import somebody
from relay.gateway.keys import AUTH, DOORS, HEARTBEATS, HOSTING, LIVE
from relay.ids import new_id

if TYPE_CHECKING:
    from aiohttp import web

    from relay.gateway.hosting import Hosted


class Reports:
    """The reports of one socket."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self._broadcast = request.match_info["slug"]
        self._name = new_id()
        self._page = Page()
        self._since_s = time.time()
        self._viewer = request.app[AUTH].viewer(request)
        self._hosted: Hosted | None = None
        """What the page has proved of the site that it stands in."""
        self._last: Beat | None = None

    @property
    def watches(self) -> bool:
        """Whether it has reported of a session that an edge has issued."""
        return self._last is not None and self._last.session is not None

    async def hear(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """Take a report; one that is malformed, or comes too soon, is left alone.

        Returns:
            What to tell the page, if anything.
        """
        try:
            report = Watching.model_validate(message)
        except ValidationError:
            return None
        watched_s = self._page.hear(report, asyncio.get_running_loop().time())
        if watched_s is None:
            return None
        reply = self._prove(report.partner)
        if self._viewer is None:  # a page whose cookies are blocked
            self._viewer = await somebody(self._request)
        session = report.session and self._request.app[AUTH].issued(report.session)
        if report.session and session is None:
            self._request.app[DOORS].unissued_sessions += 1
        self._last = beat = Beat(
            self._broadcast,
            self._name,
            self._viewer,
            report,
            self._since_s,
            watched_s,
            self._partner(),
            session=session,
        )
        self._request.app[HEARTBEATS].put(beat)
        return reply

    def _prove(self, ticket: str | None) -> dict[str, Any] | None:
        """Look at the page's ticket, unless one has been good; returns another for an old one."""
        if ticket is None or self._hosted is not None:
            return None
        now_s, hosting = time.time(), self._request.app[HOSTING]
        self._hosted = hosted = hosting.read(ticket, self._broadcast, now_s)
        if hosted is None:
            return None
        # The ticket knows the viewer where cookies are blocked; a copy of it makes nobody else.
        self._viewer = hosted.viewer
        if not hosted.is_old(now_s):
            return None
        again = hosting.ticket(hosted.partner, self._broadcast, hosted.viewer, now_s)
        return {"type": "ticket", "ticket": again}

    def _partner(self) -> str | None:
        """The partner whose site the page stands in, if there still is such a partner."""
        known = self._request.app[LIVE].partners
        return self._hosted.partner if self._hosted and self._hosted.partner in known else None

    async def end(self) -> None:
        """The socket has ended."""
        if self._last is None:
            return
        watched_s = self._page.end(asyncio.get_running_loop().time())
        last = replace(self._last, watched_s=watched_s, partner=self._partner())
        await self._request.app[HEARTBEATS].leave(last)
