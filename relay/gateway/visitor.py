"""What a request says of who asks: origin, address, language and theme."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING, Final

from relay.gateway.keys import SETTINGS
from relay.network import parsed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp import web

LANGUAGES: Final = ("en", "fr", "de", "es", "it")
_HOST: Final = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?")
_RANGE: Final = re.compile(r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9-]*)?\s*(?:;\s*q=([01](?:\.\d*)?))?")
_MAX_HOPS: Final = 16


def is_secure(request: web.Request) -> bool:
    """Whether the viewer came by HTTPS, perhaps through a proxy that says so in the public URL."""
    return request.secure or request.app[SETTINGS].public_url.startswith("https://")


def origin(request: web.Request) -> str:
    """Where the viewer finds this relay: the public URL, or what it asked for."""
    configured = request.app[SETTINGS].public_url
    if configured:
        return configured
    host = request.host if _HOST.fullmatch(request.host) else "localhost"
    return f"{request.scheme}://{host}"


def theme(request: web.Request, *, embedded: bool = False) -> str | None:
    """The theme that the viewer chose, if it did; an `embedded` page asks its address first."""
    wanted = request.query.get("theme") if embedded else None
    if wanted in ("dark", "light"):
        return wanted
    chosen = request.cookies.get("eva_theme")
    return chosen if chosen in ("dark", "light") else None


def language(request: web.Request, *, embedded: bool = False) -> str:
    """The language of the viewer's choice, else of its browser, else English; of an `embedded` page
    first of its address, as its site's choice is not the viewer's.
    """
    wanted = request.query.get("lang") if embedded else None
    if wanted in LANGUAGES:
        return str(wanted)
    chosen = request.cookies.get("eva_lang")
    if chosen in LANGUAGES:
        return str(chosen)
    return preferred(request.headers.get("Accept-Language", ""))


def preferred(header: str) -> str:
    """The language of ours that an Accept-Language header (RFC 9110 section 12.5.4) likes best."""
    best, weight = "en", 0.0
    for part in header[:1000].split(","):
        match = _RANGE.fullmatch(part.rstrip())
        if match is None or match[1].lower() not in LANGUAGES:
            continue
        quality = float(match[2] or 1)
        if quality > weight:
            best, weight = match[1].lower(), quality
    return best


def address(request: web.Request) -> str:
    """The viewer's address: the peer's, or the one that proxies which a setting names tell."""
    forwarded = ",".join(request.headers.getall("X-Forwarded-For", ()))
    return client_address(request.remote or "", forwarded, request.app[SETTINGS].trusted_proxies)


def client_address(peer: str, forwarded: str, trusted: Sequence[str]) -> str:
    """The address furthest from us that only trusted proxies stand in front of.

    `forwarded` is X-Forwarded-For: each proxy adds the address that it was reached from, so what
    stands left of the first untrusted one is anybody's claim.
    """
    networks = _networks(tuple(trusted))
    found = parsed(peer)
    if found is None:
        return peer
    for claim in reversed(forwarded.split(",")[-_MAX_HOPS:] if forwarded else []):
        if not any(found in network for network in networks if network.version == found.version):
            break
        told = parsed(claim.strip())
        if told is None:
            break
        found = told
    return str(found)


def is_trusted(peer: str, trusted: Sequence[str]) -> bool:
    """Whether this is one of the proxies, for all of whose viewers it stands."""
    found = parsed(peer)
    networks = _networks(tuple(trusted))
    return found is not None and any(
        found in network for network in networks if network.version == found.version
    )


@lru_cache(maxsize=8)
def _networks(texts: tuple[str, ...]) -> list[IPv4Network | IPv6Network]:
    return [ip_network(each, strict=False) for each in texts]
