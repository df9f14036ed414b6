"""The comments on a broadcast's page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.chromium import Tab


def go_down(tab: Tab) -> None:
    """To the comments, which are loaded when they are near."""
    tab.wait_for("eva-rating", "true", 15)
    tab.page.evaluate("scrollTo(0, document.body.scrollHeight)")


def wait_loaded(tab: Tab) -> None:
    """Go there, and wait until they are."""
    go_down(tab)
    tab.wait_for("eva-comments", "it.loaded === true", 15)


def write(tab: Tab, text: str, name: str = "Maren") -> None:
    """Write a comment in the page."""
    tab.page.get_by_label("Your comment").fill(text)
    tab.page.get_by_label("Your name").fill(name)
    tab.page.get_by_role("button", name="Post comment").click()
