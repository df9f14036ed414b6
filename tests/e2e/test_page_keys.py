"""The player's bar, its frame, the front page and the playground without a mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.keys import focused, go_to
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
    go_to(tab, "Pause")
    keys.press("Enter")
    tab.wait_for("video", "it.paused", 5)
    assert focused(tab) == "Play"
    keys.press("Enter")
    tab.wait_for("video", "!it.paused", 5)
    go_to(tab, "Unmute")
    keys.press("Enter")
    tab.wait_for("video", "!it.muted", 5)
    go_to(tab, "Enter full screen")
    keys.press("Enter")
    tab.wait_for("html", "document.fullscreenElement !== null", 5)
    keys.press("Enter")
    tab.wait_for("html", "document.fullscreenElement === null", 5)
    for name, layout in (("All cameras", "grid"), ("One camera", "single")):
        go_to(tab, name)
        keys.press("Enter")
        tab.wait_for("eva-stage", f"it.layout === {layout!r}", 5)
        go_to(tab, "Pause", key="Shift+Tab")


def test_the_frame(walk: Stack, open_either: Callable[..., Tab]):
    tab = open_either(f"{walk.url}/embed/{SLUG}")
    tab.wait_picture(30)
    keys = tab.page.keyboard
    before = walk.get(f"/api/v1/broadcasts/{SLUG}/rating")["count"]
    for _ in range(20):
        keys.press("Tab")
        if "ate" in focused(tab) and "broadcast" in focused(tab):
            break
    keys.press("Enter")
    tab.wait_for("eva-dialog >> dialog", "it.open", 10)
    go_to(tab, "1 star")
    for _ in range(3):
        keys.press("ArrowRight")
    walk.wait(
        lambda: walk.get(f"/api/v1/broadcasts/{SLUG}/rating")["count"] == before + 1, "a vote", 10
    )


def test_the_front_page(walk: Stack, open_either: Callable[..., Tab]):
    tab = open_either(walk.url)
    keys = tab.page.keyboard
    go_to(tab, "Language")
    keys.press("ArrowDown")
    tab.wait_for("html", "it.lang === 'fr'", 5)
    keys.press("ArrowUp")
    tab.wait_for("html", "it.lang === 'en'", 5)
    go_to(tab, "Watch live")
    keys.press("Enter")
    tab.page.wait_for_url("**/b/*")
    tab.wait_for("eva-broadcast", "true", 10)


def test_the_playground(walk: Stack, open_either: Callable[..., Tab]):
    tab = open_either(f"{walk.url}/docs/embed")
    tab.wait_for("eva-playground >> iframe", "true", 15)
    keys = tab.page.keyboard
    go_to(tab, "Broadcast")
    go_to(tab, "Theme")
    keys.press("ArrowDown")
    tab.wait_for("eva-playground >> iframe", "it.src.includes('theme=')", 5)
    tab.allow_clipboard()
    go_to(tab, "Copy")
    keys.press("Enter")
    tab.page.get_by_role("button", name="Copied").first.wait_for()
