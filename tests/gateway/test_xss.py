"""What people write cannot become anything but text: in every field, on every page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

import pytest

from tests.support.hostile import INVISIBLE, PAYLOADS
from tests.support.html import Page

if TYPE_CHECKING:
    from tests.support.gateway import Gateway

pytestmark = pytest.mark.parametrize("store_url", ["valkey"], indirect=True)

DEMO = "/api/v1/broadcasts/demo"
PLAIN = "Plain words"


def fields(text: str) -> dict[str, Any]:
    """A broadcast with this text in every field that takes one."""
    person = {"name": text, "role": text}
    return {
        "title": text,
        "description": text,
        "crew": [person],
        "credits": [person],
        "tags": [text],
        "links": [{"label": text, "url": "https://example.org/x"}],
        "soundtrack": {
            "title": text,
            "writers": [text],
            "performer": text,
            "publisher": text,
            "licence": text,
            "url": "https://example.org/y",
        },
    }


def shape(page: Page) -> list[tuple[str, tuple[str, ...]]]:
    """Elements and the names of their attributes; those of a description are its own matter."""
    return [
        (element.tag, tuple(sorted(element.attributes)))
        for element in page.elements
        if element.tag not in ("p", "a", "em", "code", "pre", "ul", "li", "h3")
    ]


async def fill(gateway: Gateway, text: str) -> None:
    await gateway.change(DEMO, **fields(text))
    await gateway.change("/api/v1/cameras/helmet", name=text)
    for marker in (await gateway.get(f"{DEMO}/markers")).ok()["markers"]:
        (await gateway.send("DELETE", f"{DEMO}/markers/{marker['id']}", admin=True)).ok(204)
    (await gateway.post(f"{DEMO}/markers", {"title": text}, admin=True)).ok(201)


async def test_on_every_page_it_is_text(gateway: Gateway) -> None:
    await gateway.camera("helmet")
    await gateway.broadcast("demo", cameras=["helmet"])
    await gateway.broadcast("friend", tags=["x"])
    paths = ("/b/demo", "/", "/embed/demo", "/docs/embed")
    await fill(gateway, PLAIN)
    plain = {path: shape(Page((await gateway.get(path)).text)) for path in paths}

    for payload in PAYLOADS:
        await fill(gateway, payload)
        view = (await gateway.get(DEMO)).ok()
        for name, value in fields(payload).items():
            assert json.dumps(view[name]).count(json.dumps(payload.strip())[1:-1]) == json.dumps(
                value
            ).count(json.dumps(payload)[1:-1]), (name, payload)
        for path in paths:
            page = Page((await gateway.get(path)).text)
            assert shape(page) == plain[path], (path, payload)
            for element in page.elements:
                assert not [name for name in element.attributes if name.startswith("on")]
                link = element.attributes.get("href") or element.attributes.get("src") or "/"
                assert link.startswith(("http://", "https://", "/")), (path, payload, link)
        page = Page((await gateway.get("/b/demo")).text)
        assert page.one("title").text == f"{payload} · EVA Relay"
        assert page.one("h1").text == payload
        assert json.loads(page.one("script", type="application/ld+json").text)["name"] == payload
        assert json.loads(page.one("script", id="eva-data").text) == view
        oembed = (await gateway.get(f"/oembed?url={gateway.url}/b/demo")).ok()
        assert oembed["title"] == payload
        assert [e.tag for e in Page(oembed["html"]).elements] == ["iframe"]
        assert Page(oembed["html"]).one("iframe").attributes["title"] == payload


@pytest.mark.parametrize("payload", INVISIBLE)
async def test_a_line_that_hides_something_is_refused(gateway: Gateway, payload: str) -> None:
    await gateway.camera("helmet")
    await gateway.broadcast("demo")
    for answer in (
        await gateway.send("PATCH", DEMO, body={"title": payload}, admin=True),
        await gateway.send("PATCH", "/api/v1/cameras/helmet", body={"name": payload}, admin=True),
        await gateway.post(f"{DEMO}/markers", {"title": payload}, admin=True),
        await gateway.post(f"{DEMO}/comments", {"text": "hello", "name": payload}),
    ):
        assert "must not have invisible characters" in answer.problem(422)["detail"]


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_comments_and_feedback_are_kept_as_they_are(gateway: Gateway, payload: str) -> None:
    await gateway.broadcast("demo")
    body = {"text": f"{payload}\nsecond line", "name": payload.strip()[:60]}
    answer = await gateway.post(f"{DEMO}/comments", body)
    assert answer.status in (201, 202)
    found = answer.json()
    name = normalize("NFKC", body["name"])
    assert (found["text"], found["name"]) == (body["text"].strip(), name)
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    exported = (await gateway.get(f"{DEMO}/comments/export", admin=True)).ok()["comments"]
    assert exported[0]["text"] == body["text"].strip()
    (await gateway.post(f"{DEMO}/feedback", {"text": payload})).ok(201)
    told = (await gateway.get(f"{DEMO}/feedback", admin=True)).ok()["feedback"]
    assert told[0]["text"] == payload.strip()


@pytest.mark.parametrize(
    "url",
    [
        *("javascript:alert(1)", "JAVASCRIPT:alert(1)", " javascript:alert(1)", "data:text/html,x"),
        *(
            "//evil.example",
            "/path",
            "https:evil",
            "https://",
            "http://user:pw@host/",
            "vbscript:x",
        ),
        *('https://x/"onload="y', "https://x/<script>", "https://x/\nx", "https://x y", ""),
    ],
)
async def test_links_lead_to_the_web_only(gateway: Gateway, url: str) -> None:
    await gateway.broadcast("demo")
    for body in (
        {"links": [{"label": "a", "url": url}]},
        {"soundtrack": {"title": "a", "url": url}},
    ):
        answer = await gateway.send("PATCH", DEMO, body=body, admin=True)
        assert next(iter(body)) in answer.problem(422)["detail"]


async def test_the_policy_forbids_what_is_not_ours(gateway: Gateway) -> None:
    await gateway.broadcast("demo")
    for path in ("/", "/b/demo", "/embed/demo", "/docs/embed"):
        rules = (await gateway.get(path)).headers["Content-Security-Policy"].split("; ")
        assert "script-src 'self'" in rules
        assert "object-src 'none'" in rules
        assert "base-uri 'none'" in rules
        assert not [rule for rule in rules if "unsafe-eval" in rule]
