"""Who asks: the admin by bearer token, a viewer by signed cookie."""

from __future__ import annotations

import base64
import hmac
import re
import time
from typing import TYPE_CHECKING, Final

from relay.errors import Unauthorized
from relay.ids import hash_key, new_id, same, to_bytes

if TYPE_CHECKING:
    from aiohttp import web

VIEWER_COOKIE: Final = "eva_viewer"
VIEWER_HEADER: Final = "Eva-Viewer"
"""What a page sends instead, in a frame whose cookies are blocked."""
_ID: Final = 22
"""Characters of an id before the time."""
COOKIE_S: Final = 365 * 86_400


class Auth:
    """Checks tokens and cookies."""

    def __init__(self, *, admin_token_hash: str, viewer_key: bytes) -> None:
        """`admin_token_hash` is SHA-256 in hex; `viewer_key` signs viewers' cookies."""
        self._admin_token_hash = admin_token_hash
        self._viewer_key = viewer_key

    @staticmethod
    def bearer(request: web.Request) -> str | None:
        """The bearer token of a request, if it has one."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return token.strip() or None if scheme.lower() == "bearer" else None

    def is_admin(self, request: web.Request) -> bool:
        """Whether the admin asks."""
        token = self.bearer(request)
        return token is not None and same(hash_key(token), self._admin_token_hash)

    def require_admin(self, request: web.Request) -> None:
        """Let only the admin pass.

        Raises:
            Unauthorized: the request has no bearer token, or a wrong one.
        """
        if self.bearer(request) is None:
            raise Unauthorized("this needs an Authorization header with a bearer token")
        if not self.is_admin(request):
            raise Unauthorized("the bearer token is not known")

    def viewer(self, request: web.Request) -> str | None:
        """The viewer's id from its cookie or header; None if there is none, or a forged one."""
        return self._read(request.cookies.get(VIEWER_COOKIE, "")) or self._read(
            request.headers.get(VIEWER_HEADER, "")
        )

    def claims(self, request: web.Request) -> bool:
        """Whether the request names a viewer, truly or not."""
        return bool(request.cookies.get(VIEWER_COOKIE) or request.headers.get(VIEWER_HEADER))

    def _read(self, signed: str) -> str | None:
        name, _, signature = signed.partition(".")
        if not name or not same(signature, self._sign(name)):
            return None
        return name

    def signed(self, viewer: str) -> str:
        """What the viewer shows to be known again."""
        return f"{viewer}.{self._sign(viewer)}"

    def name_for(self, text: str) -> str:
        """An id that is the same for the same text, and that nobody else can make."""
        return self._digest("name:" + text, 16).rstrip("=")

    def issue(self, session: str) -> str:
        """The name of a session that an edge has opened, as its viewer learns it."""
        return f"{session}.{self._seal(session)}"

    def issued(self, name: str) -> str | None:
        """The session of this name; None if no edge has opened one."""
        session, _, seal = name.rpartition(".")
        return session if session and same(seal, self._seal(session)) else None

    def _seal(self, session: str) -> str:
        return self._digest("session:" + session, 9)

    def new_viewer(self) -> str:
        """An id for a viewer that has none; it tells when it was made."""
        return f"{new_id()}{int(time.time()):08x}"

    @staticmethod
    def age_s(viewer: str, now_s: float) -> float:
        """How long ago this id was made; 0 where it does not tell."""
        made = viewer[_ID:]
        return now_s - int(made, 16) if re.fullmatch(r"[0-9a-f]{8}", made) else 0.0

    def repeating_viewer(self, request: web.Request, idempotency_key: str) -> str:
        """An id for a viewer without a cookie, the same when it sends the same request again.

        Its cookie may have been lost with the answer. Whoever else comes upon the same key does not
        come from the same address with the same program.
        """
        parts = (idempotency_key, request.remote or "", request.headers.get("User-Agent", ""))
        return self._digest("repeating:" + "\n".join(parts), 16).rstrip("=")

    def _sign(self, name: str) -> str:
        return self._digest("viewer:" + name, 18)

    def _digest(self, text: str, size: int) -> str:
        digest = hmac.digest(self._viewer_key, to_bytes(text), "sha256")
        return base64.urlsafe_b64encode(digest[:size]).decode()
