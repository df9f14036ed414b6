"""The page of a live broadcast: its picture comes, all is told, and it shuts nobody out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.axe import violations
from tests.support.looks import SIZES
from tests.support.walk import SLUG, fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.chromium import Tab
    from tests.support.stack import Stack


READ = """[...it.renderRoot.querySelectorAll(argument)].map((one) =>
  one instanceof HTMLAnchorElement ? [one.innerText, one.href] : one.innerText)"""
DETAILS = {
    "Written by": "writers",
    "Performed by": "performer",
    "Published by": "publisher",
    "Licence": "licence",
}


def test_the_live_page(walk: Stack, open_either: Callable[[str], Tab]):
    tab = open_either(f"{walk.url}/b/{SLUG}")
    tab.wait_picture(30)
    tab.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    for part in ("eva-comments", "eva-curve", "eva-similar"):
        tab.wait_for(part, "it.hasUpdated === true", 10)
    everything_is_told(tab)
    for width in (320, 1280):
        tab.page.set_viewport_size({"width": width, "height": SIZES[width]})
        assert tab.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        assert violations(tab.page) == []
    # The tab's name follows the broadcast's.
    former = fields()["title"]
    try:
        walk.request("PATCH", f"/api/v1/broadcasts/{SLUG}", {"title": "Pump & valve"})
        tab.wait_for("html", "document.title === 'Pump & valve · EVA Relay'", 10)
    finally:
        walk.request("PATCH", f"/api/v1/broadcasts/{SLUG}", {"title": former})


def everything_is_told(tab: Tab) -> None:
    """All that the broadcast's document says is there to be read."""

    def read(selector: str) -> Any:
        return tab.element("eva-broadcast", READ, selector)

    said = fields()
    assert read("h1") == [said["title"]]
    assert read(".about strong") == ["failed pump"]
    assert read(".about ul:not(.tags) li")[0] == "Remove the old unit"
    assert read(".about a") == [["the procedure", "https://example.org/procedure"]]
    assert read(".tags li") == said["tags"]
    assert read(".crew .who") == [one["name"] for one in said["crew"]]
    assert read(".crew .who + bdi") == [one["role"] for one in said["crew"]]
    assert read(".credits dt")[:-1] == [one["role"] for one in said["credits"]]
    assert read(".credits dd")[:-1] == [one["name"] for one in said["credits"]]
    for kind in ("follow", "link"):
        links = [[one["label"], one["url"]] for one in said["links"] if one["kind"] == kind]
        assert read(f".links.{kind} a") == links
    music = said["soundtrack"] | {"writers": ", ".join(said["soundtrack"]["writers"])}
    assert read(".music a") == [[music["title"], music["url"]]]
    assert read(".music .detail") == [f"{word} {music[of]}" for word, of in DETAILS.items()]


def test_a_phone_keeps_the_picture_while_its_viewer_reads(
    walk: Stack, open_tab: Callable[[str], Tab]
):
    tab = open_tab(f"{walk.url}/b/{SLUG}")
    tab.page.set_viewport_size({"width": 360, "height": 760})
    tab.wait_for("eva-cameras >> eva-still", "it.offsetWidth > 0", 10)  # each camera has its own
    tab.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    tab.wait_for("eva-comments", "it.hasUpdated === true", 10)
    tab.page.evaluate("scrollTo(0, 1500)")
    top, bottom = tab.element(
        "eva-player", "[it.getBoundingClientRect().top, it.getBoundingClientRect().bottom]"
    )
    assert tab.page.evaluate("scrollY") > 760, "the page is too short to say"
    assert (top, 100 < bottom < 760 / 2) == (0, True)


def test_what_its_makers_wrote_has_their_language(walk: Stack, open_tab: Callable[[str], Tab]):
    former = fields().get("language")
    walk.request("PATCH", f"/api/v1/broadcasts/{SLUG}", {"language": "es"})
    try:
        tab = open_tab(f"{walk.url}/b/{SLUG}")
        for part in ("h1", "eva-cameras >> .name", ".about .text", ".tags"):
            tab.wait_for(part, "it.lang === 'es'", 10)
        tab = open_tab(f"{walk.url}/embed/{SLUG}")
        tab.wait_for("eva-embed >> h1", "it.lang === 'es'", 10)
    finally:
        walk.request("PATCH", f"/api/v1/broadcasts/{SLUG}", {"language": former})


def test_the_page_without_scripts(walk: Stack, open_either: Callable[..., Tab]):
    tab = open_either("about:blank", "sandboxed")
    tab.go_without_scripts(f"{walk.url}/b/{SLUG}")
    said = fields()
    for width in (320, 1280):
        tab.page.set_viewport_size({"width": width, "height": SIZES[width]})
        heading = tab.page.get_by_role("heading", level=1)
        assert heading.inner_text() == said["title"]
        assert heading.is_visible()
        assert tab.page.locator("noscript p").is_visible()
        words = ["failed pump", "Remove the old unit"]
        for text in words + [one["name"] for one in said["crew"]]:
            assert tab.page.get_by_text(text).is_visible(), text
        assert tab.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
