"""Similar broadcasts by the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from relay.gateway.keys import LOVED

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
                "language": None,
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


async def test_what_viewers_of_one_loved_as_well(gateway: Gateway) -> None:
    for slug in ("demo", "other", "third"):
        await gateway.begun(slug)
    assert await similar(gateway, "demo") == []
    cookies = [(await gateway.get("/")).cookie() for _ in range(5)]
    for cookie in cookies:
        for slug, stars in (("demo", 5), ("other", 5), ("third", 2)):
            (await gateway.vote(slug, stars, cookie=cookie)).ok()
    gateway.app[LOVED].clear()  # what was found before the votes
    assert await similar(gateway, "demo") == ["other"]
    assert await similar(gateway, "other") == ["demo"]
    assert await similar(gateway, "third") == []


async def similar(gateway: Gateway, slug: str) -> list[str]:
    found = (await gateway.get(f"/api/v1/broadcasts/{slug}/similar")).ok()
    return [each["slug"] for each in found["broadcasts"]]
