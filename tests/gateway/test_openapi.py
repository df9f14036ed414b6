"""The OpenAPI document covers all that is served."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.gateway import Gateway

pytestmark = pytest.mark.parametrize("store_url", ["valkey"], indirect=True)


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
