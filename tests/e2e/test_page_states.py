"""Every state of the pages: how it looks at three widths, in both themes, and whom it shuts out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.axe import violations
from tests.support.chromium import Tab
from tests.support.walk import SLUG, ago, fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

    from tests.support.stack import Stack

WIDTHS = {320: 640, 1280: 800, 3840: 2160}
THEMES = ("dark", "light")


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[[str, int, str], Tab]]:
    """Opens a page as a new viewer, at a width and in a theme."""
    contexts = []

    def visit_one(url: str, width: int, theme: str) -> Tab:
        context = browser.new_context(
            viewport={"width": width, "height": WIDTHS[width]},
            color_scheme=theme,  # type: ignore[arg-type]
        )
        contexts.append(context)
        tab = Tab(context)
        tab.page.goto(url)
        return tab

    yield visit_one
    for context in contexts:
        context.close()


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


@pytest.mark.timeout(240)
@pytest.mark.parametrize("state", STATES)
def test_a_state_looks_right_and_shuts_nobody_out(
    state: str, walk: Stack, visit: Callable[[str, int, str], Tab], screenshots: Path
):
    make, proof = STATES[state]
    if "away" not in [camera["id"] for camera in walk.get("/api/v1/cameras")["cameras"]]:
        walk.camera("away", name="Away")
    path = make(walk)
    for width in WIDTHS:
        for theme in THEMES if width == 1280 else THEMES[:1]:
            tab = visit(walk.url + path, width, theme)
            tab.wait_for(proof, "true", 20)
            look_at_everything(tab)
            name = f"page-{state}-{theme}-{width}"
            tab.page.screenshot(path=screenshots / f"{name}.png", full_page=state != "embed")
            assert tab.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
            if width != 3840:
                assert violations(tab.page) == [], name
            expected = ["404"] if state == "nowhere" else ["401"] if state == "closed" else []
            assert surprising(tab, expected) == [], name
            tab.page.goto("about:blank")


def look_at_everything(tab: Tab) -> None:
    """Scroll down and up again: what lies below the fold is loaded when it comes near."""
    tab.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    tab.page.wait_for_timeout(1200)
    tab.page.evaluate("scrollTo(0, 0)")
    tab.page.wait_for_timeout(300)


def surprising(tab: Tab, expected: list[str]) -> list[str]:
    """Complaints, less those that a state is made of: its own status among them."""
    return [one for one in tab.complaints if not any(text in one for text in expected)]


@pytest.mark.timeout(240)
def test_a_lost_signal_an_offline_device_and_a_refusal(
    walk: Stack, clip: Path, visit: Callable[[str, int, str], Tab], screenshots: Path
):
    publisher = walk.publish(walk.camera("frail", name="Frail"), clip)
    walk.broadcast("frail", ["frail"], **fields())
    walk.wait_live("frail", "frail", 40)
    tabs = {width: visit(f"{walk.url}/b/frail", width, "dark") for width in WIDTHS}
    for tab in tabs.values():
        tab.wait_picture(30)
    publisher.kill()
    for width, tab in tabs.items():
        tab.wait_for("eva-player", "it.phase === 'lost'", 20)
        tab.wait_for("eva-slate", r"/00:0[1-9]|00:[1-9]/.test(it.renderRoot.textContent)", 10)
        tab.page.screenshot(path=screenshots / f"page-lost-dark-{width}.png")
        assert violations(tab.page) == []
    for width, tab in tabs.items():
        tab.page.context.set_offline(True)
        tab.wait_for("eva-player", "it.phase === 'offline'", 20)
        tab.page.screenshot(path=screenshots / f"page-offline-dark-{width}.png")
        assert violations(tab.page) == []
    refused: dict[str, Any] = {
        "status": 403,
        "content_type": "application/problem+json",
        "body": '{"type":"about:blank","title":"No","status":403,"detail":"Not in your region."}',
    }
    for width in WIDTHS:
        tab = visit("about:blank", width, "dark")
        tab.page.route("**/whep/**", lambda route: route.fulfill(**refused))
        tab.page.goto(f"{walk.url}/b/{SLUG}")
        tab.wait_for("eva-player", "it.phase === 'failed'", 20)
        tab.page.screenshot(path=screenshots / f"page-failed-dark-{width}.png")
        assert violations(tab.page) == []
