"""Cookies, for pages of their own and for frames in other sites' pages."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from relay.gateway.visitor import is_secure

if TYPE_CHECKING:
    from aiohttp import web


def set_cookie(
    request: web.Request,
    response: web.StreamResponse,
    name: str,
    value: str,
    *,
    max_age: int,
    embedded: bool,
) -> None:
    """Give a cookie that scripts cannot read.

    An `embedded` one also works in a frame, for each site that holds the frame apart (CHIPS). That
    takes HTTPS, or loopback, which browsers trust; elsewhere it works in pages of our own only.
    """
    parts = [f"{name}={value}", f"Max-Age={max_age}", "Path=/", "HttpOnly"]
    if embedded and (is_secure(request) or _is_loopback(request.host)):
        parts += ["Secure", "SameSite=None", "Partitioned"]
    else:
        parts += [*(["Secure"] if is_secure(request) else []), "SameSite=Lax"]
    # The standard library's cookies know of no partitions before Python 3.14.
    response.headers.add("Set-Cookie", "; ".join(parts))


def _is_loopback(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or name.endswith(".localhost") or ip_address(name).is_loopback
    except ValueError:
        return False
