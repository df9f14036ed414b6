"""Closed broadcasts: tokens that let somebody in, and grants that keep the door open.

A token is made by a partner's server, is good for an hour at the most, and travels in a URL's
fragment, which no browser sends. Whoever brings it gets a grant, good for as long as a broadcast
lasts: as a cookie, and once more for the page to show in the header `Eva-Access`, as browsers may
keep no cookies of a frame. All are passes (see `state.rights`) that name when they end, and are
signed. Who may watch what is decided by the rule there; here its verdicts become answers.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from typing import TYPE_CHECKING, Final

from relay.errors import Forbidden, NotFound, NotLive, RequestError, Unauthorized
from relay.gateway.keys import ACCESS, AUTH, LIVE, REGISTRY
from relay.ids import ACCESS_PREFIX, GRANT_PREFIX, same
from relay.state.rights import Asker, Pass, Verdict, Way, may_watch, may_watch_camera

if TYPE_CHECKING:
    from aiohttp import web

    from relay.state.models import Broadcast

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
_SEALED: Final = re.compile(
    r"([a-z0-9-]{1,64})\.([0-9a-f]{1,12})\.([a-z0-9-]{0,64})\.([0-9a-f]{1,12})"
    r"\.([0-9a-f]{1,12})\.([\w-]{24})",
    re.ASCII,
)


class Doorkeeper:
    """Makes and checks tokens and grants. Times are seconds since the epoch."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def token(self, allowed: Pass, until_s: float) -> str:
        """A token for a pass."""
        return ACCESS_PREFIX + self._seal("token", allowed, until_s)

    def of_token(self, token: str, now_s: float) -> Pass | None:
        """The pass of a token; None: it is forged, or too old."""
        sealed = token.removeprefix(ACCESS_PREFIX)
        return None if sealed == token else self._open("token", sealed, now_s)

    def cookie(self, former: str, allowed: Pass, now_s: float) -> str:
        """The cookie that opens this broadcast as well as what `former` opens.

        Of that nothing is repeated but what we have signed.
        """
        kept = []
        for sealed in former.split("~")[:_MOST]:
            found = self._open("grant", sealed, now_s)
            if found is not None and found.slug != allowed.slug:
                kept.append(sealed)
        return "~".join([*kept[1 - _MOST :], self._seal("grant", allowed, now_s + GRANT_S)])

    def of_cookie(self, cookie: str, now_s: float) -> list[Pass]:
        """The passes of a cookie."""
        found = (self._open("grant", each, now_s) for each in cookie.split("~")[:_MOST])
        return [each for each in found if each is not None]

    def grant(self, allowed: Pass, now_s: float) -> str:
        """What a page shows to open this broadcast without a cookie."""
        return GRANT_PREFIX + self._seal("page", allowed, now_s + GRANT_S)

    def of_grant(self, grant: str, now_s: float) -> Pass | None:
        """The pass that a page shows; None: it is forged, or too old."""
        sealed = grant.removeprefix(GRANT_PREFIX)
        return None if sealed == grant else self._open("page", sealed, now_s)

    def _seal(self, kind: str, of: Pass, until_s: float) -> str:
        text = (
            f"{of.slug}.{of.generation:x}.{of.partner}.{of.partner_generation:x}.{int(until_s):x}"
        )
        return f"{text}.{self._sign(kind, text)}"

    def _open(self, kind: str, sealed: str, now_s: float) -> Pass | None:
        match = _SEALED.fullmatch(sealed)
        if match is None or int(match[5], 16) <= now_s:
            return None
        if not same(match[6], self._sign(kind, sealed.rpartition(".")[0])):
            return None
        return Pass(match[1], int(match[2], 16), match[3], int(match[4], 16))

    def _sign(self, kind: str, text: str) -> str:
        digest = hmac.new(self._key, f"{kind}:{text}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:18]).decode()


def asker(request: web.Request, site: str = "") -> Asker:
    """Who asks; `site` is the partner in whose site the player stands."""
    if request.app[AUTH].is_admin(request):
        return Asker(operator=True, site=site)
    keeper, now_s = request.app[ACCESS], time.time()
    passes = keeper.of_cookie(request.cookies.get(ACCESS_COOKIE, ""), now_s)
    shown = keeper.of_grant(_shown(request), now_s)
    return Asker(passes=tuple(passes if shown is None else [*passes, shown]), site=site)


def _shown(request: web.Request) -> str:
    """The grant that a page shows; empty: none."""
    ours, _, grant = request.headers.get("Sec-WebSocket-Protocol", "").partition(",")
    return grant.strip() if ours == ACCESS_PROTOCOL else request.headers.get(ACCESS_HEADER, "")


def verdict(request: web.Request, broadcast: Broadcast, way: Way, *, site: str = "") -> Verdict:
    """What the rule says to whoever asks."""
    return may_watch(request.app[LIVE].show(broadcast), asker(request, site), way)


async def readable(request: web.Request) -> list[Broadcast]:
    """The broadcasts of which whoever asks may read."""
    who, live = asker(request), request.app[LIVE]
    stored = await request.app[REGISTRY].broadcasts.all()
    return [each for each in stored if may_watch(live.show(each), who, Way.PAGE) is Verdict.YES]


def require_access(
    request: web.Request, broadcast: Broadcast, way: Way = Way.PAGE, camera: str | None = None
) -> Asker:
    """Let only those pass who may watch a broadcast, or one of its cameras; returns who asks.

    Raises:
        RequestError: whoever asks may not.
    """
    who = asker(request)
    _require(may_watch(request.app[LIVE].show(broadcast), who, way, camera), way, "broadcast")
    return who


async def require_camera(request: web.Request, camera: str, way: Way) -> Asker:
    """Let only those watch a camera by itself who may watch a broadcast that shows it.

    Raises:
        RequestError: whoever asks may watch none, or there is none.
    """
    who, live = asker(request), request.app[LIVE]
    shows = [live.show(each) for each in await request.app[REGISTRY].broadcasts.all()]
    _require(may_watch_camera(shows, who, way, camera), way, "camera")
    return who


def require_operator(request: web.Request, way: Way) -> None:
    """Let only those pass to whom the rule gives what is of no broadcast.

    Raises:
        Unauthorized: the admin token is missing, or wrong.
    """
    if may_watch(None, asker(request), way) is not Verdict.YES:
        request.app[AUTH].require_admin(request)


def _require(found: Verdict, way: Way, what: str) -> None:
    if found is not Verdict.YES:
        raise _refusal(found, way, what)


def _refusal(found: Verdict, way: Way, what: str) -> RequestError:
    match found:
        case Verdict.CLOSED:
            return Unauthorized(f"this {what} is closed; it takes a token to watch", kind="closed")
        case Verdict.PARTNERS:
            return Forbidden("this broadcast may be embedded by partners of the relay only")
        case Verdict.BEFORE if way is Way.WHEP:  # players wait
            return NotLive("the broadcast has not begun")
        case Verdict.ENDED if way is Way.WHEP:
            return NotLive("the broadcast has ended")
        case Verdict.BEFORE | Verdict.ENDED:
            return NotFound("the broadcast is not live")
        case _:
            return NotFound(f"there is no such {what}")
