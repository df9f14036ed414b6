"""oEmbed: what other sites are told of a broadcast, and of which."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from relay.gateway.embed import ALLOW
from relay.gateway.keys import ACCESS
from relay.state.rights import Pass
from tests.support.html import Page

if TYPE_CHECKING:
    from tests.support.gateway import Gateway

pytestmark = pytest.mark.parametrize("store_url", ["valkey"], indirect=True)

DEMO = "/api/v1/broadcasts/demo"


@pytest.fixture(autouse=True)
async def demo(gateway: Gateway) -> None:
    await gateway.begun("demo")


@pytest.mark.parametrize(
    ("query", "width", "height"),
    [
        *(("", 640, 360), ("&maxwidth=1280", 1280, 720), ("&maxheight=720", 1280, 720)),
        *(("&maxwidth=320", 320, 200), ("&maxwidth=200&maxheight=200", 200, 200)),
        ("&maxwidth=1920&maxheight=360&format=json", 640, 360),
    ],
)
async def test_oembed(gateway: Gateway, query: str, width: int, height: int) -> None:
    for page in ("b", "embed"):
        answer = await gateway.get(f"/oembed?url={gateway.url}/{page}/demo{query}")
        found = answer.ok()
        assert (found["version"], found["type"], found["title"]) == ("1.0", "video", "Demo")
        assert (found["width"], found["height"]) == (width, height)
        frame = Page(found["html"]).one("iframe").attributes
        assert frame["src"] == f"{gateway.url}/embed/demo"
        assert (frame["width"], frame["height"]) == (str(width), str(height))
        assert (frame["allow"], frame["title"]) == (ALLOW, "Demo")
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


async def test_caches_keep_what_is_told_of_open_broadcasts_only(gateway: Gateway) -> None:
    address = f"/oembed?url={gateway.url}/b/demo"
    # It names the host that was asked for, which anybody can make up: no shared cache keeps that.
    assert (await gateway.get(address)).headers["Cache-Control"] == "private, max-age=60"
    await gateway.change(DEMO, access="closed")
    grant = gateway.app[ACCESS].grant(Pass("demo", 1), time.time())
    answer = await gateway.get(address, headers={"Eva-Access": grant})
    assert answer.ok()["title"] == "Demo"
    assert answer.headers["Cache-Control"] == "no-store"


async def test_what_only_partners_may_embed_is_announced_to_nobody(gateway: Gateway) -> None:
    announced = ("oembed", "og:video", "embedUrl")
    text = (await gateway.get("/b/demo")).text
    assert all(name in text for name in announced)
    await gateway.change(DEMO, partners_only=True)
    text = (await gateway.get("/b/demo")).text
    assert "og:title" in text
    assert not any(name in text for name in announced)
    (await gateway.get(f"/oembed?url={gateway.url}/b/demo")).problem(403)


async def test_what_oembed_does_not_know(gateway: Gateway) -> None:
    here = gateway.url
    for url in (
        "",
        "https://evil.example/b/demo",
        f"{here}/b/none",
        f"{here}/b/",
        f"{here}/b/DEMO",
    ):
        (await gateway.get(f"/oembed?url={url}")).problem(404)
    (await gateway.get(f"/oembed?url={here}/b/demo&format=xml")).problem(501)
    for size in ("maxwidth=10", "maxheight=x", "maxwidth=-300", "maxwidth=999999"):
        (await gateway.get(f"/oembed?url={here}/b/demo&{size}")).problem(422)
