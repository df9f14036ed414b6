"""Who says something: the viewer behind a request, and how often it may.

A viewer is known by its signed cookie, or, in a frame whose cookies are blocked, by the same value
in the header `Eva-Viewer`. One that has neither gets a cookie with the answer.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from relay.audience import watching
from relay.errors import Forbidden, Invalid, StoreError, TooMany
from relay.gateway.auth import COOKIE_S, VIEWER_COOKIE
from relay.gateway.cookies import set_cookie
from relay.gateway.keys import ANONYMOUS, AUTH, BUS, LIMITS
from relay.gateway.visitor import address
from relay.ids import new_id
from relay.network import prefix

if TYPE_CHECKING:
    from aiohttp import web

    from relay.bus.limits import Limit

_IDEMPOTENCY_KEY: Final = re.compile(r"[\w-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Identity:
    """The viewer behind a request."""

    viewer: str
    """Its id."""
    key: str
    """The request's Idempotency-Key, or a new one."""
    is_new: bool
    """Whether it came without a cookie."""

    @property
    def once(self) -> str:
        """Names this request of this viewer, however often it is sent."""
        return f"{self.viewer}:{self.key}"


def identify(request: web.Request) -> Identity:
    """The viewer.

    Raises:
        Forbidden: the cookie is forged, or signed by another relay.
        Invalid: the Idempotency-Key is not 1 to 64 letters, digits, `-` or `_`.
    """
    key = idempotency_key(request)
    auth = request.app[AUTH]
    viewer = auth.viewer(request)
    if viewer is not None:
        return Identity(viewer, key, is_new=False)
    if auth.claims(request):
        raise Forbidden(
            "the viewer's cookie was not given by this relay; reload the page", kind="forged-viewer"
        )
    return Identity(auth.repeating_viewer(request, key), key, is_new=True)


def idempotency_key(request: web.Request) -> str:
    """The request's Idempotency-Key, or a new one.

    Raises:
        Invalid: it is not 1 to 64 letters, digits, `-` or `_`.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return new_id()
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        raise Invalid("Idempotency-Key: 1 to 64 letters, digits, - or _")
    return key


def remember(request: web.Request, response: web.Response, identity: Identity) -> None:
    """Give a new viewer its cookie."""
    if identity.is_new:
        give_cookie(request, response, identity.viewer)


def give_cookie(
    request: web.Request, response: web.Response, viewer: str, *, embedded: bool = False
) -> None:
    """Give a viewer the cookie by which it is known again."""
    value = request.app[AUTH].signed(viewer)
    set_cookie(request, response, VIEWER_COOKIE, value, max_age=COOKIE_S, embedded=embedded)


async def network(request: web.Request) -> str:
    """The network that the request comes from, without telling which one: a hash of the day."""
    return await request.app[ANONYMOUS].hash(prefix(address(request)), time.time())


async def somebody(request: web.Request) -> str:
    """A name for whoever is no known viewer, by address: a hash of the day."""
    return await request.app[ANONYMOUS].hash(f"address:{address(request)}", time.time())


async def has_watched(
    request: web.Request, slug: str, viewer: str, seconds: float, *, session: str | None
) -> bool:
    """Whether the viewer's page has told that it played for so long; no if the bus is away.

    A session speaks for one viewer only, the first that names it; one that no edge has issued, for
    nobody.
    """
    issued = None if session is None else request.app[AUTH].issued(session)
    try:
        return await watching.has_watched(request.app[BUS], slug, viewer, seconds, issued)
    except StoreError:
        return False


async def require_pace(
    request: web.Request, identity: Identity, *, viewer: Limit, crowd: Limit
) -> None:
    """Let nobody do something more often than this: neither a viewer nor a network.

    While the bus is out of reach each gateway counts by itself.

    Raises:
        TooMany: with the seconds to wait.
    """
    limits = request.app[LIMITS]
    wait = await limits.take(viewer, identity.viewer) or await limits.take(
        crowd, await network(request)
    )
    if wait:
        raise TooMany("this is too often; wait a little", retry_after=wait, kind="too-often")
