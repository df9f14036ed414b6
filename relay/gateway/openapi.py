"""The OpenAPI 3.1 document, made from the route table, and a page to read it."""

from __future__ import annotations

import re
from html import escape
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from aiohttp import web
from pydantic.json_schema import models_json_schema

from relay.gateway.route import json_response

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
    return {
        "openapi": "3.1.0",
        "info": {"title": "EVA Relay", "version": version("eva-relay")},
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}) | {"Problem": _PROBLEM},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route, refs: dict[Any, Any]) -> dict[str, Any]:
    success: dict[str, Any] = {"description": "Success"}
    if route.answer is not None:
        success["content"] = {"application/json": {"schema": refs[route.answer]}}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": f"{route.method.lower()}{re.sub(r'[^a-z0-9]+', '_', route.path)}",
        "responses": {
            **{str(status): success for status in (route.status, *route.also)},
            "default": {"description": "A problem", "content": problem},
        },
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in re.findall(r"\{(\w+)\}", route.path)
        ],
    }
    if route.body is not None:
        content = {"application/json": {"schema": refs[route.body]}}
        operation["requestBody"] = {"required": True, "content": content}
    if route.admin:
        operation["security"] = [{"bearer": []}]
    return operation


def page(routes: Sequence[Route]) -> str:
    """A readable list of the operations."""
    rows = "".join(
        f"<tr><td><code>{escape(route.method)}</code></td><td><code>{escape(route.path)}</code>"
        f"</td><td>{escape(route.summary)}</td>"
        f"<td>{'bearer token' if route.admin else ''}</td></tr>"
        for route in routes
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>EVA Relay: API</title>'
        '<meta name="viewport" content="width=device-width">'
        "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;"
        "padding:0 1rem;color-scheme:light dark}table{border-collapse:collapse;width:100%}"
        "td{padding:.4rem .8rem .4rem 0;border-bottom:1px solid #8884;vertical-align:top}</style>"
        "<main><h1>EVA Relay: API</h1><p>The whole of it, for machines: "
        '<a href="/api/openapi.json">openapi.json</a>. Errors are '
        "<code>application/problem+json</code>.</p>"
        f"<table>{rows}</table></main></html>"
    )


def add_routes(app: web.Application, routes: Sequence[Route]) -> None:
    """Serve document and page."""
    made = document(routes)
    html = page(routes)

    async def serve_document(_request: web.Request) -> web.Response:
        return json_response(made)

    async def serve_page(_request: web.Request) -> web.Response:
        return web.Response(text=html, content_type="text/html")

    app.router.add_get("/api/openapi.json", serve_document)
    app.router.add_get("/api/docs", serve_page)
