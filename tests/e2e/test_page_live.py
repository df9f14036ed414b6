"""The page of a live broadcast: its picture comes, and it shuts nobody out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.axe import violations
from tests.support.looks import SIZES
from tests.support.walk import SLUG, fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.chromium import Tab
    from tests.support.stack import Stack


def test_the_live_page(walk: Stack, open_tab: Callable[[str], Tab]):
    tab = open_tab(f"{walk.url}/b/{SLUG}")
    tab.wait_picture(30)
    tab.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    for part in ("eva-comments", "eva-curve", "eva-similar"):
        tab.wait_for(part, "it.hasUpdated === true", 10)
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
