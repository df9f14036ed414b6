"""The player's bar, its frame, the front page and the playground without a mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.keys import focused, go_to, use
from tests.support.walk import SLUG

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.chromium import Tab
    from tests.support.stack import Stack

pytestmark = pytest.mark.slow


def test_the_players_bar(walk: Stack, open_either: Callable[..., Tab]):
    tab = open_either(f"{walk.url}/b/{SLUG}")
    tab.wait_picture(30)
    keys = tab.page.keyboard
    use(tab, "Pause", "video", "it.paused")
    assert focused(tab) == "Play"
    keys.press("Enter")
    tab.wait_for("video", "!it.paused", 5)
    use(tab, "Unmute", "video", "!it.muted")
    use(tab, "Enter full screen", "html", "document.fullscreenElement !== null")
    keys.press("Enter")
    tab.wait_for("html", "document.fullscreenElement === null", 5)
    for name, layout in (("All cameras", "grid"), ("One camera", "single")):
        use(tab, name, "eva-stage", f"it.layout === {layout!r}")
        go_to(tab, "Pause", key="Shift+Tab")


def test_the_frame(walk: Stack, open_either: Callable[..., Tab]):
    tab = open_either(f"{walk.url}/embed/{SLUG}")
    tab.wait_picture(30)
    before = walk.get(f"/api/v1/broadcasts/{SLUG}/rating")["count"]
    # Its name begins with the average, if there is one.
    use(tab, "Rate", "eva-dialog >> dialog", "it.open", within_s=10)
    go_to(tab, "1 star")
    for _ in range(3):
        tab.page.keyboard.press("ArrowRight")
    walk.wait(
        lambda: walk.get(f"/api/v1/broadcasts/{SLUG}/rating")["count"] == before + 1, "a vote", 10
    )


def test_the_front_page(walk: Stack, open_either: Callable[..., Tab]):
    tab = open_either(walk.url)
    keys = tab.page.keyboard
    use(tab, "Language", "html", "it.lang === 'fr'", by="ArrowDown")
    keys.press("ArrowUp")
    tab.wait_for("html", "it.lang === 'en'", 5)
    go_to(tab, "Watch live")
    keys.press("Enter")
    tab.page.wait_for_url("**/b/*")
    tab.wait_for("eva-broadcast", "true", 10)


def test_the_playground(walk: Stack, open_either: Callable[..., Tab]):
    tab = open_either(f"{walk.url}/docs/embed")
    tab.wait_for("eva-playground >> iframe", "true", 15)
    go_to(tab, "Broadcast")
    use(tab, "Theme", "eva-playground >> iframe", "it.src.includes('theme=')", by="ArrowDown")
    tab.allow_clipboard()
    go_to(tab, "Copy")
    tab.page.keyboard.press("Enter")
    tab.page.get_by_role("button", name="Copied").first.wait_for()
