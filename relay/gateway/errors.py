"""Errors become RFC 9457 problem documents, here and nowhere else."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

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
)
from relay.log import logger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

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


def problem(
    status: int, title: str, detail: str, *, retry_after: float | None = None
) -> web.Response:
    """A problem document (RFC 9457 section 3)."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
    }
    headers = {} if retry_after is None else {"Retry-After": str(math.ceil(retry_after))}
    return web.json_response(
        body, status=status, content_type="application/problem+json", headers=headers
    )


def from_call(error: Refused) -> RequestError:
    """The request error that another process raised."""
    cls = _BY_NAME.get(error.kind, RequestError)
    return cls(str(error), retry_after=error.retry_after)


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every error of a handler with a problem document."""
    try:
        return await handler(request)
    except RequestError as error:
        return _request_problem(error)
    except Refused as error:
        return _request_problem(from_call(error))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return problem(error.status, HTTPStatus(error.status).phrase, error.reason)
    except (StoreError, CallTimeout) as error:
        logger().warning("request failed", path=request.path, error=str(error))
        return problem(
            503, "Unavailable", "the relay's store is out of reach, try again", retry_after=2
        )
    except Exception:  # noqa: BLE001 - a fault of one request must not end the others
        logger().exception("request failed", path=request.path)
        return problem(500, "Internal error", "the relay has a fault; its log has the details")


def _request_problem(error: RequestError) -> web.Response:
    response = problem(error.status, error.title, str(error), retry_after=error.retry_after)
    if error.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response
