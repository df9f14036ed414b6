"""The table of API routes: one row drives the router, the access check and the OpenAPI document."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from aiohttp import web
from pydantic import BaseModel, JsonValue, RootModel, ValidationError

from relay.errors import Invalid, UnsupportedType
from relay.gateway.keys import AUTH
from relay.state.models import Model, explain

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

M = TypeVar("M", bound=BaseModel)
D = TypeVar("D", bound=Model)


@dataclass(frozen=True, slots=True)
class Route:
    """One operation of the API."""

    method: str
    """HTTP method."""
    path: str
    """Path with `{variables}`."""
    handler: Handler
    """What answers."""
    summary: str
    """One line for the document."""
    body: type[BaseModel] | None = None
    """What the request's JSON has to be."""
    answer: type[BaseModel] | None = None
    """What the response's JSON is."""
    status: int = 200
    """Status of success."""
    admin: bool = False
    """Whether a bearer token is needed."""

    def add_to(self, app: web.Application) -> None:
        """Serve it."""
        app.router.add_route(self.method, self.path, self._checked if self.admin else self.handler)

    async def _checked(self, request: web.Request) -> web.StreamResponse:
        request.app[AUTH].require_admin(request)
        return await self.handler(request)


class Patch(RootModel[dict[str, JsonValue]]):
    """Fields to replace (RFC 7396, one level deep); those left out stay as they are."""

    def applied_to(self, document: D) -> D:
        """`document` with the fields replaced.

        Raises:
            Invalid: the result is not such a document, or its name would change.
        """
        for name in ("id", "slug", "key_hash"):
            if name in self.root:
                raise Invalid(f"{name}: it cannot be changed")
        try:
            return type(document).model_validate(document.model_dump(mode="json") | self.root)
        except ValidationError as error:
            raise Invalid(explain(error)) from None


async def read_body(request: web.Request, model: type[M]) -> M:
    """The request's JSON as `model`.

    Raises:
        UnsupportedType: the body is not declared as JSON.
        Invalid: it is not JSON, or not what is wanted; the text names every wrong field.
    """
    if request.content_type != "application/json":
        raise UnsupportedType("the body has to be application/json")
    raw = await request.read()
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise Invalid(explain(error)) from None
    except (ValueError, RecursionError):
        raise Invalid("the body is not JSON") from None


def json_response(content: BaseModel | dict[str, object], status: int = 200) -> web.Response:
    """A JSON response that no cache keeps."""
    text = content.model_dump_json() if isinstance(content, BaseModel) else json.dumps(content)
    return web.Response(
        text=text,
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
