"""Errors become RFC 9457 problem documents, or a page for people; here and nowhere else."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from relay.bus.rpc import CallTimeout, Refused
from relay.errors import (
    Invalid,
    NotFound,
    NotLive,
    Overloaded,
    PreconditionFailed,
    PreconditionRequired,
    RequestError,
    StoreError,
    StoreFull,
    StoreRefused,
)
from relay.gateway.error_page import error_page
from relay.gateway.keys import DOORS
from relay.gateway.visitor import address, language, theme
from relay.gateway.words import words
from relay.log import logger
from relay.network import prefix

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PROBLEM: Final = "application/problem+json"
_TYPES: Final = "urn:eva-relay:problem:"
"""What the types of problems begin with that programs tell apart."""
_STORE_AWAY_S: Final = 2.0
_STORE_MENDED_S: Final = 30.0
"""Somebody has to do something about it."""
_BY_NAME = {
    cls.__name__: cls
    for cls in (
        Invalid,
        NotFound,
        NotLive,
        Overloaded,
        PreconditionFailed,
        PreconditionRequired,
    )
}
_DETAILS: Final = {
    400: "the request is malformed",
    404: "there is nothing under this address",
    405: "this resource does not take the method {method}, only {allow}",
    413: "the body is too long",
    426: "this resource speaks WebSocket only",
}
"""What to say of the errors that aiohttp raises."""


def problem(
    status: int, title: str, detail: str, *, retry_after: float | None = None, **members: Any
) -> web.Response:
    """A problem document (RFC 9457 section 3), with further members if any are named."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **members}
    headers = {"Cache-Control": "no-store"}
    if retry_after is not None:
        headers["Retry-After"] = str(math.ceil(retry_after))
    return web.json_response(body, status=status, content_type=PROBLEM, headers=headers)


def from_call(error: Refused) -> RequestError:
    """The request error that another process raised."""
    cls = _BY_NAME.get(error.kind, RequestError)
    return cls(str(error), retry_after=error.retry_after)


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every error of a handler with a problem document, or a page."""
    try:
        return await handler(request)
    except RequestError as error:
        return _request_error(request, error)
    except Refused as error:
        return _request_error(request, from_call(error))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _http_error(request, error)
    except (StoreError, CallTimeout) as error:
        # The supervisor tells of a full disk; a line for each vote would fill what is left of it.
        tell = logger().debug if isinstance(error, StoreFull) else logger().warning
        tell("request failed", path=request.path, error=str(error), stranger=_network(request))
        detail, retry_after = _store_trouble(error)
        return _answer(request, 503, "Unavailable", detail, retry_after=retry_after)
    except Exception as error:  # noqa: BLE001 - a fault of one request must not end the others
        return _fault(request, error)


def _fault(request: web.Request, error: Exception) -> web.Response:
    """Answer what no handler has foreseen: ours, unless it is that its peer has gone."""
    if isinstance(error, ConnectionError) and request.transport is None:
        request.app[DOORS].gone_early += 1
        return web.Response(status=499)  # nobody reads it
    logger().error("request failed", path=request.path, stranger=_network(request), exc_info=error)
    return _answer(request, 500, "Internal error", "the relay has a fault; its log has the details")


def _network(request: web.Request) -> str:
    return prefix(address(request))


def _store_trouble(error: Exception) -> tuple[str, float]:
    """What is told of it, and when it may be worth another try."""
    if isinstance(error, StoreFull):
        detail = "the relay has no room to store this; what it has stored before is safe"
        return detail, _STORE_MENDED_S
    if isinstance(error, StoreRefused):
        detail = "the relay's store refuses the relay; its operator has to mend that"
        return detail, _STORE_MENDED_S
    return "the relay's store is out of reach, try again", _STORE_AWAY_S


def _answer(
    request: web.Request,
    status: int,
    title: str,
    detail: str,
    *,
    retry_after: float | None = None,
    kind: str = "",
) -> web.Response:
    request.app[DOORS].refused[status] += 1
    if _is_for_people(request):
        framed = request.path.startswith("/embed/")
        lang, shade = language(request, embedded=framed), theme(request, embedded=framed)
        told = words(lang).errors.get(status)
        if told is None:
            lang = "en"
        else:
            title, detail = told
        return error_page(
            status, title, detail, lang=lang, shade=shade, framed=framed, retry_after=retry_after
        )
    members = {"type": f"{_TYPES}{kind}"} if kind else {}
    return problem(status, title, detail, retry_after=retry_after, **members)


def _is_for_people(request: web.Request) -> bool:
    """Whether a browser asks for a page: not a script for data, nor an element for a file."""
    if request.method not in ("GET", "HEAD"):
        return False
    if request.path.startswith(("/api/", "/whep/", "/static/")):
        return False
    return "text/html" in request.headers.get("Accept", "")


def _request_error(request: web.Request, error: RequestError) -> web.Response:
    response = _answer(
        request,
        error.status,
        error.title,
        str(error),
        retry_after=error.retry_after,
        kind=error.kind,
    )
    if error.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _http_error(request: web.Request, error: web.HTTPException) -> web.Response:
    if isinstance(error, web.HTTPMethodNotAllowed):
        allow = ", ".join(sorted(error.allowed_methods | {"OPTIONS"}))
        if request.method == "OPTIONS":
            return web.Response(status=204, headers={"Allow": allow})
        detail = _DETAILS[405].format(method=request.method, allow=allow)
        response = _answer(request, 405, "Method not allowed", detail)
        response.headers["Allow"] = allow
        return response
    title = HTTPStatus(error.status).phrase.capitalize()
    response = _answer(request, error.status, title, _DETAILS.get(error.status, title))
    if "Upgrade" in error.headers:
        response.headers["Upgrade"] = error.headers["Upgrade"]
    return response
