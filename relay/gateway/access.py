"""Closed broadcasts: tokens that let somebody in, and grants that keep the door open.

A token is made by a partner's server, is good for an hour at the most, and travels in a URL's
fragment, which no browser sends. Whoever brings it gets a grant, good for as long as a broadcast
lasts: as a cookie, and once more for the page to show in the header `Eva-Access`, as browsers may
keep no cookies of a frame. All name the broadcast and when they end, and are signed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from typing import TYPE_CHECKING, Final

from relay.errors import Unauthorized
from relay.gateway.keys import ACCESS, AUTH, REGISTRY
from relay.ids import ACCESS_PREFIX, GRANT_PREFIX, same
from relay.state.models import Access, Broadcast

if TYPE_CHECKING:
    from aiohttp import web

ACCESS_COOKIE: Final = "eva_access"
ACCESS_HEADER: Final = "Eva-Access"
ACCESS_PROTOCOL: Final = "eva-access"
"""What a page offers as an events socket's protocol, and its grant as the next: browsers let it
send no header with one.
"""
GRANT_S: Final = 43_200
"""A grant lets in for so long."""
TOKEN_S: Final = 3600
"""A token is good for so long at the most."""
_MOST: Final = 8
"""One viewer's cookie opens so many broadcasts; the oldest goes first."""
_SEALED: Final = re.compile(r"([a-z0-9-]{1,64})\.([0-9a-f]{1,12})\.([\w-]{24})", re.ASCII)


class Doorkeeper:
    """Makes and checks tokens and grants. Times are seconds since the epoch."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def token(self, slug: str, until_s: float) -> str:
        """A token for a broadcast."""
        return ACCESS_PREFIX + self._seal("token", slug, until_s)

    def accepts(self, token: str, slug: str, now_s: float) -> bool:
        """Whether a token lets into a broadcast."""
        sealed = token.removeprefix(ACCESS_PREFIX)
        return sealed != token and self._opens("token", sealed, slug, now_s)

    def grant(self, cookie: str, slug: str, now_s: float) -> str:
        """The cookie that opens this broadcast as well as what `cookie` opens."""
        kept = [each for each in cookie.split("~") if each and not each.startswith(f"{slug}.")]
        return "~".join([*kept[1 - _MOST :], self._seal("grant", slug, now_s + GRANT_S)])

    def grants(self, cookie: str, slug: str, now_s: float) -> bool:
        """Whether a cookie opens a broadcast."""
        sealed = cookie.split("~")[:_MOST]
        return any(self._opens("grant", each, slug, now_s) for each in sealed)

    def page_grant(self, slug: str, now_s: float) -> str:
        """What a page shows to open this broadcast without a cookie."""
        return GRANT_PREFIX + self._seal("page", slug, now_s + GRANT_S)

    def admits(self, grant: str, slug: str, now_s: float) -> bool:
        """Whether what a page shows opens a broadcast."""
        sealed = grant.removeprefix(GRANT_PREFIX)
        return sealed != grant and self._opens("page", sealed, slug, now_s)

    def _seal(self, kind: str, slug: str, until_s: float) -> str:
        text = f"{slug}.{int(until_s):x}"
        return f"{text}.{self._sign(kind, text)}"

    def _opens(self, kind: str, sealed: str, slug: str, now_s: float) -> bool:
        match = _SEALED.fullmatch(sealed)
        if match is None or match[1] != slug or int(match[2], 16) <= now_s:
            return False
        return same(match[3], self._sign(kind, f"{match[1]}.{match[2]}"))

    def _sign(self, kind: str, text: str) -> str:
        digest = hmac.new(self._key, f"{kind}:{text}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:18]).decode()


def may_watch(request: web.Request, broadcast: Broadcast) -> bool:
    """Whether whoever asks may watch a broadcast."""
    if broadcast.access is Access.OPEN or request.app[AUTH].is_admin(request):
        return True
    keeper, slug, now_s = request.app[ACCESS], broadcast.slug, time.time()
    cookie = request.cookies.get(ACCESS_COOKIE, "")
    return keeper.grants(cookie, slug, now_s) or keeper.admits(_shown(request), slug, now_s)


def _shown(request: web.Request) -> str:
    """The grant that a page shows; empty: none."""
    ours, _, grant = request.headers.get("Sec-WebSocket-Protocol", "").partition(",")
    return grant.strip() if ours == ACCESS_PROTOCOL else request.headers.get(ACCESS_HEADER, "")


def require_access(request: web.Request, broadcast: Broadcast) -> None:
    """Let only those pass who may watch a broadcast.

    Raises:
        Unauthorized: the broadcast is closed, and nothing lets the request in.
    """
    if not may_watch(request, broadcast):
        raise Unauthorized("this broadcast is closed; it takes a token to watch", kind="closed")


async def require_camera(request: web.Request, camera: str) -> None:
    """Let only those watch a camera by itself who may watch a broadcast that shows it, if any does.

    Raises:
        Unauthorized: it is shown in closed broadcasts only, and nothing lets the request in.
    """
    shown = [
        each for each in await request.app[REGISTRY].broadcasts.all() if camera in each.cameras
    ]
    if shown and not any(may_watch(request, each) for each in shown):
        raise Unauthorized("this camera is shown to those with a token only", kind="closed")
