"""The table of API routes: one row drives the router, the access check and the OpenAPI document."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from aiohttp import web
from pydantic import BaseModel, JsonValue, RootModel, ValidationError

from relay.errors import Invalid
from relay.gateway.access import require_access
from relay.gateway.body import check_json, read_bytes
from relay.gateway.keys import AUTH, REGISTRY
from relay.state.models import Model, explain

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from relay.gateway.query import Query

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
    guarded: bool = True
    """Whether, of a closed broadcast, it is for those only who may watch; the path has `{slug}`."""
    also: tuple[int, ...] = ()
    """Further statuses of success, with the same answer."""
    query: tuple[Query, ...] = ()
    """What its query may name."""

    def add_to(self, app: web.Application) -> None:
        """Serve it."""
        handler = self.handler
        if self.admin:
            handler = self._checked
        elif self.guarded and "{slug}" in self.path:
            handler = self._for_viewers
        if self.method == "GET":
            app.router.add_get(self.path, handler)  # answers HEAD as well
        else:
            app.router.add_route(self.method, self.path, handler)

    async def _checked(self, request: web.Request) -> web.StreamResponse:
        request.app[AUTH].require_admin(request)
        return await self.handler(request)

    async def _for_viewers(self, request: web.Request) -> web.StreamResponse:
        broadcast = await request.app[REGISTRY].broadcasts.get(request.match_info["slug"])
        require_access(request, broadcast)
        return await self.handler(request)


class Patch(RootModel[dict[str, JsonValue]]):
    """Fields to replace, one level deep; those left out stay as they are, null empties one.

    That is RFC 7396, except that what a field holds is replaced whole.
    """

    def applied_to(self, document: D) -> D:
        """`document` with the fields replaced.

        Raises:
            Invalid: the result is not such a document, or its name would change.
        """
        for name in ("id", "slug", "key_hash"):
            if name in self.root:
                raise Invalid(f"{name}: it cannot be changed")
        model = type(document)
        emptied = {n for n, value in self.root.items() if value is None and n in model.model_fields}
        fields = document.model_dump(mode="json") | self.root
        kept = {name: value for name, value in fields.items() if name not in emptied}
        try:
            return model.model_validate(kept)
        except ValidationError as error:
            raise Invalid(explain(error)) from None


_JSON: Final = ("application/json",)
_MERGE_PATCH: Final = (*_JSON, "application/merge-patch+json")


async def read_body(request: web.Request, model: type[M]) -> M:
    """The request's JSON as `model`.

    Raises:
        RequestError: it cannot be read, see `read_bytes`.
        Invalid: it is not JSON, or not what is wanted; the text names every wrong field.
    """
    raw = await read_bytes(request, *(_MERGE_PATCH if issubclass(model, Patch) else _JSON))
    check_json(raw)
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise Invalid(explain(error)) from None


def json_response(content: BaseModel | dict[str, object] | str, status: int = 200) -> web.Response:
    """A JSON response that no cache keeps; a text is JSON already."""
    if isinstance(content, str):
        text = content
    else:
        text = content.model_dump_json() if isinstance(content, BaseModel) else json.dumps(content)
    return web.Response(
        text=text,
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )
