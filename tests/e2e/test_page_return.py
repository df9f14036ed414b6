"""Pages that are left and come back to, and frames that are stopped and go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.keys import go_to
from tests.support.sending import listen, sent
from tests.support.walk import SLUG

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.chromium import Tab
    from tests.support.stack import Stack

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("path", [f"/b/{SLUG}", f"/embed/{SLUG}"])
def test_a_page_that_is_come_back_to_plays_and_hears_news(
    path: str, walk: Stack, open_either: Callable[..., Tab]
):
    tab = open_either(walk.url + path)
    tab.wait_picture(30)
    left = tab.element("eva-player", "it.session")
    tab.page.goto(walk.url)
    tab.wait_for("eva-card", "true", 10)
    tab.page.go_back()
    tab.wait_for("eva-player", f"it.session !== null && it.session !== {left!r}", 15)
    tab.wait_picture(15)
    tab.wait_frames(10)
    # News comes, and what is watched is told.
    shown = tab.page.get_by_text("Welcome back").first
    former = walk.get(f"/api/v1/broadcasts/{SLUG}")["title"]
    try:
        walk.request("PATCH", f"/api/v1/broadcasts/{SLUG}", {"title": "Welcome back"})
        shown.wait_for()
    finally:
        walk.request("PATCH", f"/api/v1/broadcasts/{SLUG}", {"title": former})
    listen(tab.page)
    tab.element("eva-player", "it.setPlaying(false)")
    tab.wait_for("video", "it.paused", 5)
    tab.page.wait_for_timeout(1000)
    assert [one["playing"] for one in sent(tab.page, "ws:")][-1:] == [False]


def test_a_frames_picture_is_stopped_and_goes_on_by_keys(
    walk: Stack, open_either: Callable[..., Tab]
):
    tab = open_either(f"{walk.url}/embed/{SLUG}")
    tab.wait_picture(30)
    go_to(tab, "Pause")
    for name, proof in (("Play", "it.paused"), ("Pause", "!it.paused")) * 2:
        tab.page.keyboard.press("Enter")
        tab.wait_for("video", proof, 5)
        button = f"it.ariaLabel === {name!r} && it.matches(':focus')"
        tab.wait_for("media-control-bar media-play-button", button, 5)
    tab.wait_frames(10)
