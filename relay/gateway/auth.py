"""Who asks: the admin by bearer token, a viewer by signed cookie."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Final

from relay.errors import Unauthorized
from relay.ids import hash_key, new_id, same

if TYPE_CHECKING:
    from aiohttp import web

VIEWER_COOKIE: Final = "eva_viewer"
_COOKIE_S: Final = 365 * 86_400


class Auth:
    """Checks tokens and cookies."""

    def __init__(self, *, admin_token_hash: str, viewer_key: bytes) -> None:
        """`admin_token_hash` is SHA-256 in hex; `viewer_key` signs viewers' cookies."""
        self._admin_token_hash = admin_token_hash
        self._viewer_key = viewer_key

    def require_admin(self, request: web.Request) -> None:
        """Let only the admin pass.

        Raises:
            Unauthorized: the request has no bearer token, or a wrong one.
        """
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthorized("this needs an Authorization header with a bearer token")
        if not same(hash_key(token.strip()), self._admin_token_hash):
            raise Unauthorized("the bearer token is not known")

    def viewer(self, request: web.Request) -> str | None:
        """The viewer's id from its cookie; None if there is none, or a forged one."""
        name, _, signature = request.cookies.get(VIEWER_COOKIE, "").partition(".")
        if not name or not same(signature, self._sign(name)):
            return None
        return name

    def new_viewer(self) -> str:
        """An id for a viewer that has none."""
        return new_id()

    def remember(self, response: web.StreamResponse, viewer: str, *, secure: bool) -> None:
        """Give the viewer its cookie."""
        response.set_cookie(
            VIEWER_COOKIE,
            f"{viewer}.{self._sign(viewer)}",
            max_age=_COOKIE_S,
            httponly=True,
            secure=secure,
            samesite="Lax",
            path="/",
        )

    def _sign(self, name: str) -> str:
        digest = hmac.new(self._viewer_key, b"viewer:" + name.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:18]).decode()
