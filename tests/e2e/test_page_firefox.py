"""The page in Firefox: it plays, tells how late it is, takes votes and keys, and embeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.test_page_demo import drawn
from tests.e2e.test_page_embed import page
from tests.support.axe import violations
from tests.support.partner import site
from tests.support.strip import check_badge
from tests.support.walk import SLUG, fields

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Frame

    from tests.support.chromium import Tab
    from tests.support.stack import Stack

__all__ = ["drawn"]

pytestmark = pytest.mark.slow

SHOWN = """new Promise((resolve) => {
  let shown = 0;
  const look = () => {
    shown += 1;
    it.requestVideoFrameCallback(look);
  };
  it.requestVideoFrameCallback(look);
  setTimeout(() => resolve(shown), argument);
})"""
"""How many frames are shown in so many milliseconds; Firefox counts none in a stream's playback
quality."""


def test_the_page_plays(
    walk: Stack, open_fox: Callable[[str], Tab], screenshots: Path, figure: Callable[[str], None]
):
    tab = open_fox(f"{walk.url}/b/{SLUG}")
    assert "Firefox/" in tab.page.evaluate("navigator.userAgent")
    tab.wait_picture(30)
    pixels = tab.pixels()
    shown = tab.element("video", SHOWN, 4000)
    figure(f"{shown / 4:.1f} frames/s of 25")
    assert shown > 40
    assert tab.pixels() != pixels
    stats = tab.stats()
    assert stats["codec"] == "video/H264"
    assert stats["totalAudioEnergy"] > 0
    tab.screenshot("page-firefox", screenshots)
    assert violations(tab.page) == []


def test_the_latency_badge_tells_the_truth_here_too(
    drawn: Stack, open_fox: Callable[[str], Tab], figure: Callable[[str], None]
):
    tab = open_fox(f"{drawn.url}/b/drawn")
    tab.wait_picture(30)
    tab.wait_for("eva-player >> .latency", "Number(it.dataset.ms) > 0", 20)
    check_badge(tab, 6, figure, "pictures")


def test_a_vote_is_cast_and_seen(walk: Stack, open_fox: Callable[[str], Tab]):
    walk.broadcast("voted", ["helmet"], **fields())
    tab, other = open_fox(f"{walk.url}/b/voted"), open_fox(f"{walk.url}/b/voted")
    for each in (tab, other):
        each.wait_picture(30)
    tab.page.get_by_role("radio", name="5 stars").check()
    tab.wait_for("eva-rating", "it.rating.yours === 5", 10)
    other.wait_for("eva-rating", "it.rating.count === 1 && it.rating.average === 5", 5)
    assert walk.get("/api/v1/broadcasts/voted")["rating"]["count"] == 1


def test_keys_steer_it(walk: Stack, open_fox: Callable[[str], Tab]):
    tab = open_fox(f"{walk.url}/b/{SLUG}")
    tab.wait_picture(30)
    keys = tab.page.keyboard
    tab.element("media-controller", "it.focus()")
    keys.press("k")
    tab.wait_for("video", "it.paused", 5)
    keys.press("k")
    tab.wait_for("video", "!it.paused", 5)
    keys.press("m")
    tab.wait_for("video", "!it.muted", 5)
    keys.press("m")
    tab.wait_for("video", "it.muted", 5)
    keys.press("]")
    tab.wait_for("eva-player", "it.camera === 'drone' && it.phase === 'live'", 20)
    assert tab.element("video", SHOWN, 2000) > 20  # the other camera's, by the same element
    keys.press("k")
    tab.wait_for("video", "it.paused", 5)
    keys.press("[")
    tab.wait_for("eva-player", "it.camera === 'helmet' && it.phase === 'live'", 20)
    assert tab.element("video", "it.paused")  # what rests goes on resting
    keys.press("k")
    assert tab.element("video", SHOWN, 2000) > 20


def test_a_360_picture_is_flat_without_webgl(walk: Stack, open_fox: Callable[[str], Tab]):
    tab = open_fox(f"{walk.url}/b/{SLUG}")
    tab.page.get_by_role("toolbar").get_by_role("button", name="Orbit, 360°").click()
    tab.wait_for("eva-player", "it.camera === 'orbit' && it.phase === 'live'", 30)
    assert tab.element("video", SHOWN, 2000) > 20
    assert tab.element("eva-sphere", "true") is None
    box = tab.element("video", "(({width, height}) => [width, height])(it.getBoundingClientRect())")
    assert min(box) > 100


def test_a_partner_embeds_it(walk: Stack, open_fox: Callable[[str], Tab], screenshots: Path):
    with site() as (origin, pages):
        body = {"id": "gallery", "name": "A gallery", "origins": [origin]}
        walk.request("POST", "/api/v1/partners", body)
        pages["/"] = page(walk, attributes='partner="gallery"')
        tab = open_fox(origin)

        def wait_news(expression: str) -> None:
            tab.wait_for("html", f"(({{ news }}) => {expression})(window)", 30)

        wait_news("news.ready && news.state?.at(-1)?.phase === 'live'")
        wait_news("news.viewers?.at(-1) >= 1 && news.rating && news.time?.at(-1)?.latency_ms > 0")
        tab.page.evaluate("it.setCamera('drone')")
        wait_news("news.state.at(-1).camera === 'drone'")
        tab.page.evaluate("it.pause()")
        frame = next(one for one in tab.page.frames if "/embed/" in one.url)
        wait_paused(tab, frame, paused=True)
        tab.screenshot("page-firefox-embedded", screenshots)
        tab.page.evaluate("it.play()")
        wait_paused(tab, frame, paused=False)
        before = walk.get(f"/api/v1/broadcasts/{SLUG}/rating")["count"]
        # WebDriver's mouse does not reach into the frame of another site.
        frame.get_by_role("button", name="Rate this broadcast").dispatch_event("click")
        frame.get_by_role("radio", name="4 stars").dispatch_event("click")
        wait_news(f"news.rating.at(-1).count === {before + 1}")
        assert walk.get(f"/api/v1/broadcasts/{SLUG}/rating")["count"] == before + 1
        walk.wait(lambda: "gallery" in partners(walk), "the partner's page to be counted", 15)


def wait_paused(tab: Tab, frame: Frame, *, paused: bool) -> None:
    video = "document.querySelector('eva-embed').renderRoot.querySelector('eva-player').video"
    for _ in range(100):
        if frame.evaluate(f"{video}.paused") is paused:
            return
        tab.page.wait_for_timeout(50)
    raise AssertionError(f"the frame's video is not paused={paused}")


def partners(stack: Stack) -> list[str]:
    found = stack.get(f"/api/v1/broadcasts/{SLUG}/audience")["partners"]
    return [one["id"] for one in found if one["watching"]]
