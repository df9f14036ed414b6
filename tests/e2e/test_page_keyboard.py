"""Every feature of the page without a mouse: reached by Tab, used by keys, and left again."""

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


@pytest.fixture
def page(walk: Stack, open_either: Callable[..., Tab]) -> Tab:
    """The page with its picture, and no mouse."""
    tab = open_either(f"{walk.url}/b/{SLUG}")
    tab.wait_picture(30)
    tab.wait_for("eva-player", "it.health !== null", 10)
    return tab


def test_cameras_layouts_and_menus(page: Tab):
    keys = page.page.keyboard
    use(page, "Quality and settings", "eva-menu.settings >> .item:focus", "true")
    keys.press("End")
    keys.press("Enter")  # the last is the list of shortcuts
    page.wait_for("eva-dialog >> dialog", "it.open", 10)
    keys.press("Escape")
    page.wait_for("eva-player", "it.renderRoot.querySelector('eva-help') === null", 5)
    use(page, "Side by side", "eva-stage", "it.layout === 'side'")
    keys.press("Shift+Tab")
    assert focused(page) == "One camera"
    keys.press("Enter")
    page.wait_for("eva-stage", "it.layout === 'single'", 5)
    go_to(page, "EV1 helmet")
    for _ in range(2):
        keys.press("ArrowDown")
    assert focused(page).startswith("Orbit")
    keys.press("Enter")
    page.wait_for("eva-player", "it.camera === 'orbit' && it.phase === 'live'", 20)
    page.wait_for("eva-sphere >> canvas", "it.width > 300", 20)
    # The picture all around, and its buttons, lie before the cameras.
    turned, back = "it.looking.yaw === 12", "it.looking.yaw === 0"
    use(page, "Look right", "eva-sphere", turned, key="Shift+Tab")
    use(page, "360° picture", "eva-sphere", back, by="ArrowLeft", key="Shift+Tab")


def test_stars_and_feedback(page: Tab):
    keys = page.page.keyboard
    use(page, "1 star", "eva-rating", "it.rating.yours === 2", by="ArrowRight", within_s=10)
    # The question comes a moment after the vote, and nobody goes on before it is there.
    page.page.get_by_label("What could be better?").wait_for()
    go_to(page, "What could be better?")
    keys.type("More sound")
    go_to(page, "Send to the team")
    keys.press("Enter")
    page.page.get_by_text("The team reads every word").wait_for()


def test_sharing(page: Tab):
    keys = page.page.keyboard
    page.allow_clipboard()
    use(page, "Share", "eva-share >> dialog", "it.open", within_s=10)
    link = "it.value.includes('?at=')"
    use(page, "Mention the present moment", "eva-share >> #link", link, by="Space")
    go_to(page, "Copy", key="Shift+Tab")
    keys.press("Enter")
    for kind in ("link", "frame", "element"):
        copied = f"eva-share >> [data-copies={kind}]"
        page.wait_for(copied, "it.matches(':focus') && it.innerText.includes('Copied')", 5)
        if kind != "element":
            go_to(page, "Copy")
            keys.press("Enter")
    code = page.element("eva-share >> #element", "it.value")
    assert page.page.evaluate("navigator.clipboard.readText()") == code
    gone = "it.renderRoot.querySelector('eva-share') === null"
    use(page, "Close", "eva-broadcast", gone, key="Shift+Tab")
    assert focused(page) == "Share"


def test_links_lead_away(page: Tab, walk: Stack):
    go_to(page, "Mission blog")
    follow = "it.href === 'https://example.org/blog' && it.target === '_blank'"
    assert page.element("a:focus", follow)
    # What is like this one is loaded when it comes near, and then lies on the way.
    alike = walk.get(f"/api/v1/broadcasts/{SLUG}/similar")["broadcasts"][0]
    go_to(page, alike["title"])
    page.page.keyboard.press("Enter")
    page.page.wait_for_url(f"{walk.url}/b/{alike['slug']}")
    page.wait_for("eva-player", "true", 15)


def test_comments(page: Tab):
    keys = page.page.keyboard
    go_to(page, "Your comment")
    keys.type("Without a mouse")
    go_to(page, "Your name")
    keys.type("Kim")
    go_to(page, "About this moment")
    keys.press("Space")
    go_to(page, "Post comment")
    keys.press("Enter")
    page.page.get_by_text("Without a mouse").first.wait_for()
    go_to(page, "Reply")
    keys.press("Enter")
    page.wait_for("eva-compose[reply] >> textarea", "it.matches(':focus')", 5)
    assert focused(page) == "Your reply"
    keys.type("Nor with one")
    go_to(page, "Your name")
    keys.type("Kim")
    go_to(page, "Post reply")
    keys.press("Enter")
    page.page.get_by_text("Nor with one").first.wait_for()
    assert focused(page) == "Reply"
    keys.press("Enter")
    page.wait_for("eva-compose[reply] >> textarea", "it.matches(':focus')", 5)
    go_to(page, "Cancel")
    keys.press("Enter")
    page.wait_for("eva-comment >> [data-act=reply]", "it.matches(':focus')", 5)


def test_comments_are_edited_reported_and_deleted(
    page: Tab, walk: Stack, open_either: Callable[..., Tab]
):
    keys = page.page.keyboard
    go_to(page, "Your comment")
    keys.type("To be changed")
    go_to(page, "Your name")
    keys.type("Lou")
    go_to(page, "Post comment")
    keys.press("Enter")
    page.page.get_by_text("To be changed").first.wait_for()
    go_to(page, "Edit")
    keys.press("Enter")
    page.wait_for("eva-comment >> textarea", "it.matches(':focus')", 5)
    go_to(page, "Cancel")
    keys.press("Enter")
    page.wait_for("eva-comment >> [data-act=edit]", "it.matches(':focus')", 5)
    keys.press("Enter")
    page.wait_for("eva-comment >> textarea", "it.matches(':focus')", 5)
    keys.press("End")
    keys.type(", changed")
    go_to(page, "Save")
    keys.press("Enter")
    page.page.get_by_text("To be changed, changed").first.wait_for()
    assert focused(page) == "Edit"
    other = open_either(f"{walk.url}/b/{SLUG}")
    other.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    other.page.get_by_text("To be changed, changed").first.wait_for()
    go_to(other, "Report")
    other.page.keyboard.press("Enter")
    other.wait_for("eva-comment >> input[name=reason]", "it.matches(':focus')", 5)
    go_to(other, "Cancel")
    other.page.keyboard.press("Enter")
    other.wait_for("eva-comment >> [data-act=report]", "it.matches(':focus')", 5)
    other.page.keyboard.press("Enter")
    other.wait_for("eva-comment >> input[name=reason]", "it.matches(':focus')", 5)
    other.page.keyboard.type("By keys")
    other.page.keyboard.press("Enter")
    other.page.get_by_text("Reported. Thank you.").first.wait_for()
    page.page.bring_to_front()
    go_to(page, "Delete")
    keys.press("Enter")
    page.wait_for("eva-comments >> h2", "it.matches(':focus')", 10)
    other.page.get_by_text("To be changed, changed").first.wait_for(state="hidden")


def test_language_and_theme(page: Tab):
    keys = page.page.keyboard
    go_to(page, "Language")
    keys.press("ArrowDown")
    page.page.get_by_role("heading", name="Noter cette retransmission").wait_for()
    keys.press("ArrowUp")
    page.page.get_by_role("heading", name="Rate this broadcast").wait_for()
    keys.press("Tab")
    before = page.page.evaluate("document.documentElement.dataset.theme ?? ''")
    keys.press("Enter")
    page.wait_for("html", f"it.dataset.theme !== {before!r}", 5)
