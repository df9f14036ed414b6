"""The OpenAPI document covers all that is served."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from relay import gateway as gateway_package
from relay.gateway.whep import Hints

if TYPE_CHECKING:
    from tests.support.gateway import Gateway

pytestmark = pytest.mark.parametrize("store_url", ["valkey"], indirect=True)


GATEWAY = Path(gateway_package.__file__).parent


async def test_every_route_is_in_the_document(gateway: Gateway) -> None:
    paths = (await gateway.get("/api/openapi.json")).ok()["paths"]
    documented = {(method, path) for path, methods in paths.items() for method in methods}
    served = {
        (route.method.lower(), route.resource.canonical)
        for route in gateway.app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    assert served - documented == set()
    assert documented - served == set()
    names = [
        operation["operationId"] for methods in paths.values() for operation in methods.values()
    ]
    assert len(names) == len(set(names))


async def test_every_query_is_in_the_document(gateway: Gateway) -> None:
    paths = (await gateway.get("/api/openapi.json")).ok()["paths"]
    told = {
        parameter["name"]
        for methods in paths.values()
        for operation in methods.values()
        for parameter in operation["parameters"]
        if parameter["in"] == "query"
    }
    code = "".join(path.read_text() for path in GATEWAY.rglob("*.py"))
    read = set(re.findall(r'request\.query(?:\.get\(|\[)"(\w+)"', code))
    assert {"camera", "before", "broadcast", "lang"} <= read
    # oEmbed's sizes are read by name, and the page's own script reads `controls`.
    assert told == read | {"limit", "maxwidth", "maxheight", "controls"} | set(Hints.model_fields)


async def test_the_list_of_operations_is_a_page_like_others(gateway: Gateway) -> None:
    answer = await gateway.get("/api/docs")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
