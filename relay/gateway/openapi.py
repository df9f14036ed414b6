"""The OpenAPI 3.1 document, made from the route table, and a page to read it."""

from __future__ import annotations

import re
from html import escape
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web
from pydantic.json_schema import models_json_schema

from relay.gateway.access import ACCESS_HEADER, ACCESS_PROTOCOL
from relay.gateway.document import FONT_SIZE, headers
from relay.gateway.query import Query
from relay.gateway.route import json_response
from relay.gateway.visitor import LANGUAGES
from relay.gateway.whep import Hints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relay.gateway.route import Route

_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}

_GRANT: Final = {
    "type": "apiKey",
    "in": "header",
    "name": ACCESS_HEADER,
    "description": "What entering a closed broadcast gives, where its cookie is not kept; WHEP "
    f"takes it too, and the events' socket as its second protocol, after {ACCESS_PROTOCOL}",
}
_PROBLEM_RESPONSE: Final = {
    "description": "A problem",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_FURTHER: Final = (
    ("get", "/", "Page of all broadcasts", 200, "text/html"),
    ("get", "/b/{slug}", "A broadcast's page", 200, "text/html"),
    ("get", "/b/{slug}/still.jpg", "A broadcast's live still", 200, "image/jpeg"),
    ("get", "/embed/{slug}", "The player, for frames", 200, "text/html"),
    ("get", "/embed.js", "What defines eva-player in pages of others", 200, "text/javascript"),
    ("get", "/docs/embed", "How to embed", 200, "text/html"),
    ("get", "/oembed", "oEmbed 1.0 of a broadcast", 200, "application/json"),
    ("get", "/static/{name}", "Files of the pages", 200, "*/*"),
    ("get", "/api/openapi.json", "This document", 200, "application/json"),
    ("get", "/api/docs", "A list of the operations", 200, "text/html"),
    ("get", "/api/v1/broadcasts/{slug}/events", "Events, over WebSocket", 101, None),
    ("get", "/whep/{target}", "Whether the endpoint is there", 204, None),
    ("post", "/whep/{target}", "Open a WHEP session", 201, "application/sdp"),
    ("options", "/whep/{target}", "What other origins may do", 204, None),
    ("options", "/whep/{target}/{session}", "What other origins may do", 204, None),
    (
        *("patch", "/whep/{target}/{session}", "Trickle ICE, or restart it", 200),
        "application/trickle-ice-sdpfrag",
    ),
    ("delete", "/whep/{target}/{session}", "Close a WHEP session", 200, None),
)
"""What is served besides the table: method, path, summary, status and media type of success."""


_CAMERA: Final = Query("camera", "Which camera; the one on air, if none is named")
_PIXELS: Final = (("type", "integer"), ("minimum", 200), ("maximum", 99_999))
_QUERIES: Final = {
    ("get", "/b/{slug}/still.jpg"): (_CAMERA, Query("small", "1 gives a thumbnail")),
    ("get", "/embed/{slug}"): (
        Query("partner", "Whose site it stands in"),
        _CAMERA,
        Query("controls", "0 leaves the controls out"),
        Query("lang", "Its language", (("type", "string"), ("enum", list(LANGUAGES)))),
        Query("theme", "Its theme", (("type", "string"), ("enum", ["dark", "light"]))),
    ),
    ("get", "/oembed"): (
        Query("url", "The address of the broadcast's page", required=True),
        Query("maxwidth", "Pixels that there are", _PIXELS),
        Query("maxheight", "Pixels that there are", _PIXELS),
        Query("format", "Only JSON", (("type", "string"), ("enum", ["json"]))),
    ),
    ("post", "/whep/{target}"): (
        _CAMERA,
        *(
            Query(name, "A hint, as PATCH takes it", tuple(schema.items()))
            for name, schema in Hints.model_json_schema()["properties"].items()
        ),
    ),
}
"""What their queries may name."""


def document(routes: Sequence[Route]) -> dict[str, Any]:
    """The document for `routes`."""
    models = [m for route in routes for m in (route.body, route.answer) if m is not None]
    refs, definitions = models_json_schema(
        [(model, "validation") for model in dict.fromkeys(models)],
        ref_template="#/components/schemas/{model}",
    )
    by_model: dict[Any, Any] = {model: schema for (model, _), schema in refs.items()}
    paths: dict[str, Any] = {}
    for route in routes:
        operation = _operation(route, by_model)
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    for method, path, summary, status, media in _FURTHER:
        paths.setdefault(path, {})[method] = _further(method, path, summary, status, media)
    return {
        "openapi": "3.1.0",
        "info": {"title": "EVA Relay", "version": version("eva-relay")},
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}) | {"Problem": _PROBLEM},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}, "grant": _GRANT},
        },
    }


def _further(method: str, path: str, summary: str, status: int, media: str | None) -> Any:
    success: dict[str, Any] = {"description": "Success"}
    if media is not None:
        kind = "object" if media == "application/json" else "string"
        success["content"] = {media: {"schema": {"type": kind}}}
    return {
        "summary": summary,
        "operationId": _operation_id(method, path),
        "responses": {str(status): success, "default": _PROBLEM_RESPONSE},
        "parameters": [
            *_parameters(path),
            *(_in_query(each) for each in _QUERIES.get((method, path), ())),
        ],
    }


def _operation_id(method: str, path: str) -> str:
    return f"{method.lower()}{re.sub(r'[^a-z0-9]+', '_', path)}"


def _parameters(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", path)
    ]


def _in_query(query: Query) -> dict[str, Any]:
    return {
        "name": query.name,
        "in": "query",
        "required": query.required,
        "description": query.text,
        "schema": dict(query.schema),
    }


def _operation(route: Route, refs: dict[Any, Any]) -> dict[str, Any]:
    success: dict[str, Any] = {"description": "Success"}
    if route.answer is not None:
        success["content"] = {"application/json": {"schema": refs[route.answer]}}
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": _operation_id(route.method, route.path),
        "responses": {
            **{str(status): success for status in (route.status, *route.also)},
            "default": _PROBLEM_RESPONSE,
        },
        "parameters": [*_parameters(route.path), *(_in_query(each) for each in route.query)],
    }
    if route.body is not None:
        content = {"application/json": {"schema": refs[route.body]}}
        operation["requestBody"] = {"required": True, "content": content}
    if route.admin:
        operation["security"] = [{"bearer": []}]
    elif route.guarded and "{slug}" in route.path:
        operation["security"] = [{}, {"grant": []}, {"bearer": []}]
    return operation


def page(routes: Sequence[Route]) -> str:
    """A readable list of the operations."""
    items = "".join(
        f"<li><code>{escape(route.method)}</code> <code class=path>{escape(route.path)}</code> "
        f"<span>{escape(route.summary)}{' (bearer token)' if route.admin else ''}</span></li>"
        for route in routes
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>EVA Relay: API</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="/static/favicon.svg" type="image/svg+xml">'
        f"<style>:root{{color-scheme:light dark;background:Canvas;font-size:{FONT_SIZE}}}"
        "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
        "ul{padding:0;list-style:none}"
        "li{display:flex;flex-wrap:wrap;gap:0 1rem;padding:.4rem 0;border-bottom:1px solid #8884}"
        "code{flex:0 0 4rem}.path{flex:1 1 22rem;overflow-wrap:anywhere}span{flex:1 1 20rem}"
        "</style>"
        "<main><h1>EVA Relay: API</h1><p>The whole of it, for machines: "
        '<a href="/api/openapi.json">openapi.json</a>. Errors are '
        "<code>application/problem+json</code>.</p>"
        f"<ul>{items}</ul></main></html>"
    )


def add_routes(app: web.Application, routes: Sequence[Route]) -> None:
    """Serve document and page."""
    made = document(routes)
    html = page(routes)
    given = headers() | {"Cache-Control": "no-cache"}

    async def serve_document(_request: web.Request) -> web.Response:
        return json_response(made)

    async def serve_page(_request: web.Request) -> web.Response:
        return web.Response(text=html, content_type="text/html", headers=given)

    app.router.add_get("/api/openapi.json", serve_document)
    app.router.add_get("/api/docs", serve_page)
