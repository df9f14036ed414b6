"""Every state of the pages: how it looks at three widths, in both themes, and whom it shuts out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.support.axe import violations
from tests.support.chromium import Tab
from tests.support.walk import SLUG, ago, fields, small

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

    from tests.support.stack import Stack

SIZES = {320: 640, 1280: 800, 3840: 2160}
"""Widths and heights of a small telephone, a laptop, and a wall."""
THEMES: Final = ("dark", "light")


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[[str], Tab]]:
    """Opens a page as a new viewer."""
    contexts = []

    def visit_one(url: str) -> Tab:
        # Without motion a colour is what it is, and not on its way from another.
        context = browser.new_context(
            viewport={"width": 1280, "height": 800}, color_scheme="dark", reduced_motion="reduce"
        )
        contexts.append(context)
        tab = Tab(context)
        tab.page.goto(url)
        return tab

    yield visit_one
    for context in contexts:
        context.close()


ALIKE = {"waiting", "approval", "quiet"}
"""States that look nearly like another one."""


def inspect(tab: Tab, name: str, screenshots: Path, *, full: bool = True) -> None:
    """Keep a picture of the page at each width, and let nobody be shut out in either theme."""
    for width, height in SIZES.items():
        tab.page.set_viewport_size({"width": width, "height": height})
        for theme in THEMES:
            tab.page.emulate_media(color_scheme=theme)
            shot = f"{name}-{theme}-{width}"
            if theme == "dark" or width == 1280:
                # Of a page as large as a wall, a PNG takes longer than all the rest.
                path = screenshots / f"{shot}.jpg"
                tab.page.screenshot(path=path, type="jpeg", quality=85, full_page=full)
            assert tab.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, shot
            assert violations(tab.page) == [], shot


def live(_stack: Stack) -> str:
    return f"/b/{SLUG}"


def before(stack: Stack) -> str:
    stack.broadcast("later", ["away"], **fields() | {"starts_at": ago(hours=-3)})
    return "/b/later"


def waiting(stack: Stack) -> str:
    stack.broadcast("silent", ["away"], **fields())
    return "/b/silent"


def ended(stack: Stack) -> str:
    stack.broadcast("over", ["away"], **fields() | {"ended_at": ago(hours=0.2)})
    return "/b/over"


def closed(stack: Stack) -> str:
    stack.broadcast("closed", [], **fields() | {"access": "closed"})
    return "/b/closed"


def approval(stack: Stack) -> str:
    stack.broadcast("approval", [], **fields() | {"comments": "approval"})
    return "/b/approval"


def quiet(stack: Stack) -> str:
    stack.broadcast("quiet", [], title="Nothing said", comments="closed")
    return "/b/quiet"


def home(_stack: Stack) -> str:
    return "/"


def docs(_stack: Stack) -> str:
    return "/docs/embed"


def embed(_stack: Stack) -> str:
    return f"/embed/{SLUG}"


def nowhere(_stack: Stack) -> str:
    return "/b/nowhere"


STATES: dict[str, tuple[Callable[[Stack], str], str]] = {
    "live": (live, "eva-player[phase='live']"),
    "before": (before, "eva-player[phase='waiting']"),
    "waiting": (waiting, "eva-player[phase='waiting']"),
    "ended": (ended, "eva-player[phase='ended']"),
    "closed": (closed, ".trouble"),
    "approval": (approval, "eva-player"),
    "quiet": (quiet, "eva-player"),
    "home": (home, "eva-card"),
    "docs": (docs, "eva-playground"),
    "embed": (embed, "eva-player[phase='live']"),
    "nowhere": (nowhere, "h1"),
}


@pytest.mark.parametrize(
    "state",
    [pytest.param(one, marks=[pytest.mark.slow] if one in ALIKE else []) for one in STATES],
)
def test_a_state_looks_right_and_shuts_nobody_out(
    state: str, walk: Stack, visit: Callable[[str], Tab], screenshots: Path
):
    make, proof = STATES[state]
    if "away" not in [camera["id"] for camera in walk.get("/api/v1/cameras")["cameras"]]:
        walk.camera("away", name="Away")
    tab = visit(walk.url + make(walk))
    tab.wait_for(proof, "true", 20)
    look_at_everything(tab)
    inspect(tab, f"page-{state}", screenshots, full=state != "embed")
    expected = ["404"] if state == "nowhere" else ["401"] if state == "closed" else []
    assert surprising(tab, expected) == []


def look_at_everything(tab: Tab) -> None:
    """Scroll down and up again: what lies below the fold is loaded when it comes near."""
    tab.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    for part in ("eva-comments", "eva-curve", "eva-similar"):
        if tab.element(part, "true"):
            tab.wait_for(part, "it.hasUpdated === true && it.loaded !== false", 10)
    tab.page.evaluate("scrollTo(0, 0)")


def surprising(tab: Tab, expected: list[str]) -> list[str]:
    """Complaints, less those that a state is made of: its own status among them."""
    return [one for one in tab.complaints if not any(text in one for text in expected)]


def test_a_lost_signal_and_an_offline_device(
    walk: Stack, clip: Path, visit: Callable[[str], Tab], screenshots: Path
):
    source = small(clip, walk.folder, "helmet")
    publisher = walk.publish(walk.camera("frail", name="Frail"), source)
    walk.broadcast("frail", ["frail"], **fields())
    walk.wait_live("frail", "frail", 40)
    tab = visit(f"{walk.url}/b/frail")
    tab.wait_picture(30)
    publisher.kill()
    tab.wait_for("eva-player", "it.phase === 'lost'", 20)
    tab.wait_for("eva-slate", r"/00:0[1-9]|00:[1-9]/.test(it.renderRoot.textContent)", 10)
    inspect(tab, "page-lost", screenshots, full=False)
    tab.page.context.set_offline(True)
    tab.wait_for("eva-player", "it.phase === 'offline'", 20)
    inspect(tab, "page-offline", screenshots, full=False)


def test_a_refusal(walk: Stack, visit: Callable[[str], Tab], screenshots: Path):
    refused: dict[str, Any] = {
        "status": 403,
        "content_type": "application/problem+json",
        "body": '{"type":"about:blank","title":"No","status":403,"detail":"Not in your region."}',
    }
    tab = visit("about:blank")
    tab.page.route("**/whep/**", lambda route: route.fulfill(**refused))
    tab.page.goto(f"{walk.url}/b/{SLUG}")
    tab.wait_for("eva-player", "it.phase === 'failed'", 20)
    inspect(tab, "page-failed", screenshots, full=False)
