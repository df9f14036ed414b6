"""Pages as search engines, other sites and people without JavaScript read them."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pytest

from relay.gateway.words import words
from tests.support.gateway import Gateway, go_live, running
from tests.support.html import Page
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from redis.asyncio import Redis

pytestmark = pytest.mark.parametrize("store_url", ["valkey"], indirect=True)

FIELDS: dict[str, Any] = {
    "title": "Replacing a pump",
    "description": "Six hours *outside*.\n\n# Plan\n\n[Read more](https://example.org/a?b=1&c=2)",
    "crew": [{"name": "Ada", "role": "EV1"}],
    "credits": [{"name": "Mission control", "role": "Commentary"}],
    "tags": ["cooling"],
    "starts_at": "2026-11-22T14:00:00Z",
    "links": [{"label": "Follow us", "url": "https://example.org/follow", "kind": "follow"}],
    "soundtrack": {
        "title": "Drift",
        "writers": ["A. Writer", "B. Writer"],
        "performer": "The Tethers",
        "publisher": "Airlock",
        "licence": "CC BY 4.0",
        "url": "https://example.org/drift",
    },
}


async def page(gateway: Gateway, path: str = "/b/demo", **headers: str) -> Page:
    answer = await gateway.get(path, headers=headers)
    assert answer.status == 200
    return Page(answer.text)


def linked(found: Page) -> Any:
    return json.loads(found.one("script", type="application/ld+json").text)


async def test_texts_tell_their_own_language(gateway: Gateway) -> None:
    await gateway.broadcast("demo", language="pt-BR", **FIELDS)
    found = await page(gateway, **{"Accept-Language": "de"})
    assert found.one("html").attributes["lang"] == "de"
    assert found.one("h1").attributes["lang"] == "pt-BR"
    (await gateway.get("/api/v1/broadcasts/demo")).ok(200)
    await gateway.change("/api/v1/broadcasts/demo", language=None)
    found = await page(gateway, **{"Accept-Language": "de"})
    assert found.one("h1").attributes["lang"] == ""  # that of the page would be wrong
    wrong = {"slug": "odd", "title": "Odd", "language": "no language"}
    refused = await gateway.post("/api/v1/broadcasts", wrong, admin=True)
    assert refused.status == 422


async def test_names_of_all_scripts_are_isolated_and_links_say_where_they_lead(
    gateway: Gateway,
) -> None:
    title = "\u0627\u0644\u0633\u064a\u0631"
    fields = {"title": title, "crew": [{"name": title, "role": "EV1"}]}
    links = [{"label": "nasa.gov", "url": "https://m\u00fcnchen.de/"}]
    await gateway.broadcast("demo", **fields, links=links)
    found = await page(gateway)
    assert [each.text for each in found.all("bdi")] == [
        *(title, title, "EV1", "nasa.gov (xn--mnchen-3ya.de)"),
    ]
    assert title in [each.text for each in (await page(gateway, "/")).all("bdi")]


async def test_everything_is_readable_without_javascript(gateway: Gateway) -> None:
    await gateway.camera("helmet")
    await gateway.broadcast("demo", cameras=["helmet"], **FIELDS)
    body = {"title": "Airlock opens", "at": "2026-11-22T14:10:00Z", "camera": "helmet"}
    (await gateway.post("/api/v1/broadcasts/demo/markers", body, admin=True)).ok(201)

    found = await page(gateway)

    assert found.one("eva-broadcast").attributes["slug"] == "demo"
    main = found.one("main")
    assert main.attributes["class"] == "skeleton"
    for text in (
        *("Replacing a pump", "Six hours outside.", "Ada, EV1", "Mission control, Commentary"),
        *("Airlock opens", "Drift", "A. Writer, B. Writer", "The Tethers", "Airlock", "CC BY 4.0"),
    ):
        assert text in main.text
    assert found.one("h1").text == "Replacing a pump"
    assert found.one("h3").text == "Plan"  # a description's headings stand below the page's own
    assert found.all("time")[0].attributes["datetime"] == "2026-11-22T14:00:00+00:00"
    links = {a.attributes["href"]: a.attributes.get("rel") for a in found.all("a")}
    ugc = "noopener nofollow ugc"
    assert links == {
        "/": None,
        "https://example.org/a?b=1&c=2": ugc,
        "https://example.org/follow": ugc,
        "https://example.org/drift": ugc,
    }


async def test_the_head_tells_other_sites(gateway: Gateway, store: Redis) -> None:
    await gateway.camera("helmet")
    await gateway.broadcast("demo", cameras=["helmet"], **FIELDS)
    found = await page(gateway)
    drawn = f"{gateway.url}/static/card.jpg"
    assert found.one("meta", property="og:image").attributes["content"] == drawn
    assert linked(found)["thumbnailUrl"] == [drawn]
    assert found.one("meta", property="og:image:width").attributes["content"] == "1200"
    assert "aggregateRating" not in linked(found)
    assert found.meta("twitter:card") == "summary_large_image"

    await go_live(store, "helmet")
    (await gateway.vote("demo", 4)).ok()
    await eventually(lambda: live(gateway), "the camera")
    found = await page(gateway)

    assert found.one("meta", property="og:title").attributes["content"] == "Replacing a pump"
    still = f"{gateway.url}/b/demo/still.jpg"
    assert found.one("meta", property="og:image").attributes["content"] == still
    assert found.meta("twitter:card") == "summary_large_image"
    assert found.meta("description") == "Six hours outside. Plan Read more"
    assert found.one("link", rel="canonical").attributes["href"] == f"{gateway.url}/b/demo"
    data = linked(found)
    assert data["@type"] == "VideoObject"
    assert data["uploadDate"] == "2026-11-22T14:00:00+00:00"
    assert data["thumbnailUrl"] == [still]
    assert data["publication"] == {
        "@type": "BroadcastEvent",
        "name": "Replacing a pump",
        "isLiveBroadcast": True,
        "startDate": "2026-11-22T14:00:00+00:00",
    }
    assert data["aggregateRating"] == {
        "@type": "AggregateRating",
        "ratingValue": 4.0,
        "ratingCount": 1,
        "bestRating": 5,
        "worstRating": 1,
    }
    discovery = found.one("link", type="application/json+oembed").attributes["href"]
    assert discovery is not None
    assert discovery.startswith(f"{gateway.url}/oembed?url=")


async def live(gateway: Gateway) -> bool:
    return bool((await gateway.get("/api/v1/broadcasts/demo")).ok()["programme"])


async def test_the_home_page_says_what_is_live(gateway: Gateway, store: Redis) -> None:
    await gateway.camera("helmet")
    await gateway.broadcast("demo", cameras=["helmet"])
    await gateway.broadcast("later")
    await go_live(store, "helmet")
    await eventually(lambda: live(gateway), "the camera")

    found = await page(gateway, "/")

    assert found.one("h1").text == "Spacewalks, live"
    assert [item.text for item in found.all("li")] == ["Demo (live now)", "Later (coming up)"]


@pytest.mark.parametrize(
    ("cookie", "accept", "lang", "theme"),
    [
        ("", "", "en", None),
        ("eva_lang=fr; eva_theme=dark", "de", "fr", "dark"),
        ("eva_lang=xx; eva_theme=pink", "de-CH,de;q=0.9,en;q=0.8", "de", None),
        ('eva_theme="light"', "pt, it;q=0.5", "it", "light"),
        ('eva_theme=dark"onload=x', "es", "es", None),
    ],
)
async def test_language_and_theme(
    gateway: Gateway, cookie: str, accept: str, lang: str, theme: str | None
) -> None:
    headers = {"Cookie": cookie, "Accept-Language": accept}
    html = (await page(gateway, "/", **headers)).one("html")

    assert html.attributes["lang"] == lang
    assert html.attributes.get("data-theme") == theme


async def test_addresses_are_those_of_the_public_url(
    store: Redis, store_url: str, frontend: Path
) -> None:
    async with running(store_url, frontend, public_url="https://eva.example") as gateway:
        await gateway.broadcast("demo")
        found = await page(gateway)
        assert found.one("link", rel="canonical").attributes["href"] == "https://eva.example/b/demo"
    async with running(store_url, frontend) as gateway:
        found = await page(gateway, Host='a"><script>x</script>')
        assert found.one("link", rel="canonical").attributes["href"] == "http://localhost/b/demo"


@pytest.mark.parametrize(
    ("lang", "start", "marker"),
    [
        ("en", "2026-11-22 14:00 UTC", "2026-11-22 14:10 UTC"),
        ("fr", "22/11/2026 14:00 UTC", "22/11/2026 14:10 UTC"),
        ("de", "22.11.2026 14:00 UTC", "22.11.2026 14:10 UTC"),
    ],
)
async def test_times_are_written_as_in_the_pages_language(
    gateway: Gateway, lang: str, start: str, marker: str
) -> None:
    await gateway.broadcast("demo", **FIELDS)
    body = {"title": "Airlock opens", "at": "2026-11-22T14:10:00Z"}
    (await gateway.post("/api/v1/broadcasts/demo/markers", body, admin=True)).ok(201)
    found = await page(gateway, **{"Accept-Language": lang})
    assert [time.text for time in found.all("time")] == [start, marker]


@pytest.mark.parametrize("lang", ["fr", "de", "es", "it"])
async def test_words_are_of_the_pages_language(gateway: Gateway, lang: str) -> None:
    """Nothing that the relay itself says is English under another `<html lang>`."""
    soundtrack = {"title": "#", "writers": ["#"], "performer": "#", "publisher": "#"}
    person = {"name": "#", "role": "#"}
    await gateway.broadcast("whole", crew=[person], credits=[person], soundtrack=soundtrack)
    await gateway.broadcast("shut", access="closed")
    await gateway.broadcast("theirs", partners_only=True)
    english, own = words("en"), words(lang)
    names = [each.name for each in fields(english) if each.name != "errors"]
    texts = {
        getattr(english, name) for name in names if getattr(own, name) != getattr(english, name)
    }
    for path in ("/", "/b/whole", "/b/shut", "/embed/shut", "/embed/theirs", "/docs/embed"):
        answer = await gateway.get(path, headers={"Accept-Language": lang})
        assert Page(answer.text).one("html").attributes["lang"] == lang
        assert answer.headers["Content-Language"] == lang
        for text in texts:
            assert f">{text}<" not in answer.text
            assert f"{text} " not in answer.text
    found = (await gateway.get("/b/whole", headers={"Accept-Language": lang})).text
    for text in (own.crew, own.credits, own.soundtrack, own.written_by, own.no_script):
        assert text in found
    refused = await gateway.get("/embed/theirs?lang=" + lang)
    assert own.partners_only_text in refused.text


@pytest.mark.parametrize("lang", ["en", "fr", "de", "es", "it"])
async def test_error_pages_are_of_the_visitors_language(gateway: Gateway, lang: str) -> None:
    headers = {"Accept": "text/html", "Accept-Language": lang}
    answer = await gateway.get("/b/none", headers=headers)
    assert (answer.status, Page(answer.text).one("html").attributes["lang"]) == (404, lang)
    title, detail = words(lang).errors.get(404, ("Not found", "There is no broadcast"))
    assert title in answer.text
    assert detail in answer.text
    assert words(lang).all_broadcasts in answer.text
    # What has no words in a language is English, and says so.
    other = await gateway.get("/oembed?format=xml", headers=headers)
    assert (other.status, Page(other.text).one("html").attributes["lang"]) == (501, "en")
