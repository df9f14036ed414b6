"""Similar broadcasts by the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.gateway import Gateway

pytestmark = pytest.mark.parametrize("store_url", ["valkey"], indirect=True)


async def test_similar_broadcasts(gateway: Gateway) -> None:
    await gateway.broadcast("demo", tags=["cooling"])
    began = (await gateway.begun("other", tags=["cooling", "solar"]))["starts_at"]
    await gateway.broadcast("secret", tags=["cooling"], access="closed")
    await gateway.broadcast("nothing")
    (await gateway.vote("other", 4)).ok()

    found = (await gateway.get("/api/v1/broadcasts/demo/similar")).ok()

    assert found == {
        "broadcasts": [
            {
                "slug": "other",
                "title": "Other",
                "state": "before",
                "starts_at": began,
                "tags": ["cooling", "solar"],
                "rating": {"average": 4.0, "count": 1, "yours": None},
                "still": None,
            }
        ]
    }
    assert (await gateway.get("/api/v1/broadcasts/nothing/similar")).ok() == {"broadcasts": []}
    (await gateway.get("/api/v1/broadcasts/none/similar")).problem(404)
