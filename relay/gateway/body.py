"""Reading the bodies of requests: within limits of size and time, and of one meaning only."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final, NoReturn

from aiohttp import web

from relay.errors import Invalid, RequestError, TooSlow, UnsupportedType

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_BODY: Final = 128 * 1024
"""Bytes of a request's body; more is answered with 413."""
BODY_S: Final = 20.0
"""Within this a body has to arrive."""


async def read_bytes(request: web.Request, *types: str) -> bytes:
    """The body of a request.

    Raises:
        UnsupportedType: it is of none of `types`, compressed, or in another charset than UTF-8.
        TooSlow: it does not arrive.
        RequestError: it is broken off, or malformed.
    """
    if request.content_type not in types:
        raise UnsupportedType(f"the body has to be {' or '.join(types)}")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedType("the body must not be compressed")
    if (request.charset or "utf-8").lower() not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedType("the body has to be UTF-8")
    try:
        if request.content.is_eof():  # it has come with its head, as short ones do
            return await request.read()
        async with asyncio.timeout(BODY_S):
            return await request.read()
    except TimeoutError:
        raise TooSlow(f"the body has not arrived within {BODY_S:.0f} s") from None
    except (web.RequestPayloadError, ConnectionError):
        raise RequestError("the body is broken off or malformed") from None


def check_json(raw: bytes) -> None:
    """Check that this is JSON with one meaning: UTF-8, no NaN or infinity, no name twice.

    What lets a name stand twice is read differently by different programs (RFC 8259 section 4).

    Raises:
        Invalid: it is not.
    """
    try:
        _DECODER.decode(raw.decode())
    except UnicodeDecodeError:
        raise Invalid("the body is not UTF-8") from None
    except RecursionError:
        raise Invalid("the body is nested too deeply") from None
    except ValueError as error:
        raise Invalid(f"the body is not JSON: {error}") from None


def _once_each(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name[:64]!r} stands in it twice")
        found[name] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"it has no {name}")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_once_each, parse_constant=_no_constant)
