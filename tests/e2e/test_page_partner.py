"""What partners' pages do besides embedding the element: oEmbed, the API, and messages by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.partner import HEAD, site
from tests.support.stack import Stack
from tests.support.walk import SLUG, fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Route

    from tests.support.chromium import Tab

pytestmark = pytest.mark.slow

FRAME = "/embed/"
EXAMPLES = """[...it.renderRoot.querySelectorAll("eva-code")].map((one) => one.text)"""
ASK = """(url) => fetch(url).then((answer) => answer.json(), (error) => String(error.name))"""


@pytest.fixture
def club() -> Iterator[tuple[str, dict[str, str]]]:
    """A site of another origin."""
    with site() as found:
        yield found


def wait_playing(tab: Tab, camera: str | None = None) -> None:
    """Wait until the picture in the page's frame moves, of that camera if one is named."""
    tab.page.frame_locator("iframe").locator("eva-player[phase='live']").wait_for(timeout=30_000)
    frame = next(one for one in tab.page.frames if FRAME in one.url)
    told = frame.evaluate(
        """async (camera) => {
          const player = document.querySelector("eva-embed").renderRoot.querySelector("eva-player");
          const until = performance.now() + 20_000;
          while (camera !== null && !(player.camera === camera && player.phase === "live")) {
            if (performance.now() > until) return "no such camera";
            await new Promise((resolve) => setTimeout(resolve, 50));
          }
          return new Promise((resolve) => {
            player.video.requestVideoFrameCallback(() => resolve("a picture"));
            setTimeout(() => resolve("no picture"), 10_000);
          });
        }""",
        camera,
    )
    assert told == "a picture"


def test_what_oembed_answers_plays_in_another_sites_page(
    walk: Stack, club: tuple[str, dict[str, str]], open_either: Callable[..., Tab]
):
    origin, pages = club
    tab = open_either(f"{walk.url}/b/{SLUG}")
    address = tab.page.locator('link[type="application/json+oembed"]').get_attribute("href")
    assert address is not None
    answer: dict[str, Any] = walk.get(address.removeprefix(walk.url))
    assert (answer["version"], answer["type"]) == ("1.0", "video")
    assert answer["title"] == fields()["title"]
    pages["/"] = HEAD + answer["html"]
    tab.page.goto(origin)
    wait_playing(tab)
    box = tab.page.locator("iframe").bounding_box()
    assert box is not None
    assert (round(box["width"]), round(box["height"])) == (answer["width"], answer["height"])


def test_the_documented_frame_and_messages_work_as_they_stand(
    walk: Stack, club: tuple[str, dict[str, str]], open_either: Callable[..., Tab]
):
    origin, pages = club
    tab = open_either("about:blank")

    def one_of_them(route: Route) -> None:
        answer = route.fetch()
        found = [one for one in answer.json()["broadcasts"] if one["slug"] == SLUG]
        route.fulfill(response=answer, json={"broadcasts": found})

    tab.page.route("**/api/v1/broadcasts", one_of_them)  # the examples are of the first
    tab.page.goto(f"{walk.url}/docs/embed")
    tab.wait_for("eva-embed-docs", f"{EXAMPLES}.some((text) => text.includes('/embed/{SLUG}'))", 15)
    examples = tab.element("eva-embed-docs", EXAMPLES)
    (frame,) = (one for one in examples if one.startswith("<iframe"))
    (messages,) = (one for one in examples if one.startswith("const frame"))
    (element,) = (one for one in examples if "eva-player id=" in one)
    told = "<script>window.told = []; console.log = (...all) => window.told.push(all);</script>"
    pages["/"] = f"{HEAD}{told}{frame}<script>{messages}</script>"
    pages["/element"] = f"{HEAD}{told}{element}"
    camera = messages.partition('value: "')[2].partition('"')[0]
    tab.page.goto(origin)
    wait_playing(tab, camera)
    tab.wait_for("html", "window.told.some(([event]) => event === 'state')", 10)
    tab.page.goto(f"{origin}/element")
    tab.page.get_by_role("button", name="Sound on").wait_for()
    tab.wait_for("html", "window.told.some(([phase]) => phase === 'live')", 30)


def test_partners_pages_read_the_api_and_strangers_do_not(
    walk: Stack, club: tuple[str, dict[str, str]], open_either: Callable[..., Tab]
):
    origin, pages = club
    pages["/"] = HEAD
    with site() as (stranger, others):
        others["/"] = HEAD
        walk.partner("club", "A club", origin)
        # Where the answer may not be read, each browser says so in its own words.
        partner, other = open_either(origin), open_either(stranger, "CORS", "ERR_FAILED")
        rating, broadcast = f"/api/v1/broadcasts/{SLUG}/rating", f"/api/v1/broadcasts/{SLUG}"
        walk.wait(
            lambda: partner.page.evaluate(ASK, walk.url + rating) != "TypeError",
            "the partner to be known",
            10,
        )
        partner.complaints.clear()  # of the time before
        assert partner.page.evaluate(ASK, walk.url + broadcast)["title"] == fields()["title"]
        assert partner.page.evaluate(ASK, walk.url + rating)["count"] == walk.get(rating)["count"]
        for path in (rating, broadcast):
            assert other.page.evaluate(ASK, walk.url + path) == "TypeError"


def test_a_frame_that_goes_on_without_its_relay_tells_no_trouble(
    tmp_path: Path, club: tuple[str, dict[str, str]], open_either: Callable[..., Tab]
):
    origin, pages = club
    with Stack(tmp_path).running() as stack:
        stack.broadcast("alone", [])
        pages["/"] = (
            f'{HEAD}<script src="{stack.url}/embed.js"></script>'
            f'<eva-player id="it" src="{stack.url}/b/alone"></eva-player>'
            '<script>window.errors = []; it.addEventListener("error", ({ detail }) =>'
            "errors.push(detail.code))</script>"
        )
        tab = open_either(origin, "ERR_CONNECTION_REFUSED", "can’t establish a connection")
        frame = tab.page.frame_locator("iframe").locator("eva-player")
        frame.wait_for(state="attached")
        failed: list[str] = []
        tab.page.on("requestfailed", lambda request: failed.append(request.url))
        stack.stop()
        # It asks every fifteen seconds as long as no news comes.
        stack.wait(
            lambda: tab.page.wait_for_timeout(100) or any("/broadcasts/alone" in u for u in failed),
            "the frame to ask in vain",
            40,
        )
        tab.page.wait_for_timeout(500)
        assert tab.page.evaluate("window.errors") == []
