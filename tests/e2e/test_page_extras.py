"""What the page does beside the picture: markers, suggestions, captions, small windows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.axe import violations
from tests.support.chromium import Tab
from tests.support.walk import SLUG, ago, elapsed, fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext

    from tests.support.stack import Stack

pytestmark = pytest.mark.slow

CAPTIONS = """(() => {
  const track = document.createElement("track");
  Object.assign(track, { kind: "captions", label: "English", srclang: "en", slot: "captions",
    src: URL.createObjectURL(new Blob(["WEBVTT"], { type: "text/vtt" })) });
  it.append(track);
})()"""


def test_markers_come_change_and_go_and_what_is_like_it_is_offered(
    walk: Stack, open_tab: Callable[[str], Tab]
):
    walk.broadcast("marked", [], **fields())
    first = {"at": ago(hours=1), "title": "Hatch open"}
    walk.request("POST", "/api/v1/broadcasts/marked/markers", first)
    tab = open_tab(f"{walk.url}/b/marked")
    tab.wait_for("eva-timeline", "it.renderRoot.textContent.includes('Hatch open')", 10)
    made = walk.request(
        "POST", "/api/v1/broadcasts/marked/markers", {"at": ago(minutes=5), "title": "Bolt three"}
    )
    tab.wait_for("eva-timeline", "it.renderRoot.textContent.includes('Bolt three')", 5)
    path = f"/api/v1/broadcasts/marked/markers/{made['id']}"
    walk.request("PATCH", path, {"title": "Bolt four"})
    tab.wait_for("eva-timeline", "it.renderRoot.textContent.includes('Bolt four')", 5)
    assert not tab.element("eva-timeline", "it.renderRoot.textContent.includes('Bolt three')")
    walk.request("DELETE", path)
    tab.wait_for("eva-timeline", "!it.renderRoot.textContent.includes('Bolt')", 5)
    tab.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    tab.wait_for("eva-similar", "it.renderRoot?.querySelectorAll('li').length > 0", 10)
    address = tab.element("eva-similar >> a", "it.getAttribute('href')")
    slugs = [one["slug"] for one in walk.get("/api/v1/broadcasts/marked/similar")["broadcasts"]]
    assert address == f"/b/{slugs[0]}"
    assert violations(tab.page) == []


@pytest.mark.parametrize("page", ["b", "embed"])
def test_a_picture_that_rests_is_told_at_once(
    page: str, walk: Stack, contexts: Callable[..., BrowserContext]
):
    tab = Tab(contexts())
    told: list[bool] = []

    def hear(frame: str | bytes) -> None:
        message = json.loads(frame)
        if message["type"] == "watching":
            told.append(message["playing"])

    tab.page.on("websocket", lambda socket: socket.on("framesent", hear))
    tab.page.goto(f"{walk.url}/{page}/{SLUG}")
    tab.wait_picture(30)
    tab.element("media-controller", "it.focus()")
    # Regular reports come every ten seconds: of these, one at the most is such.
    for _ in range(2):
        for playing in (False, True):
            told.clear()
            tab.page.keyboard.press("k")
            tab.page.wait_for_timeout(1000)
            assert told[-1:] == [playing]
    assert tab.complaints == []


def test_a_deleted_broadcast_says_so_and_asks_no_more(
    walk: Stack, contexts: Callable[..., BrowserContext]
):
    walk.broadcast("short-lived", [], **fields())
    tab = Tab(contexts())
    tab.page.goto(f"{walk.url}/b/short-lived")
    tab.wait_for("eva-player", "true", 10)
    asked: list[str] = []
    walk.request("DELETE", "/api/v1/broadcasts/short-lived")
    tab.page.get_by_role("heading", name="No broadcast here").wait_for()
    tab.page.on("request", lambda request: asked.append(request.url))
    tab.page.wait_for_timeout(3000)
    assert asked == []
    assert violations(tab.page) == []


def test_small_windows_and_captions(walk: Stack, contexts: Callable[..., BrowserContext]):
    context = contexts(viewport={"width": 1280, "height": 800})
    tab = Tab(context)
    tab.page.goto(f"{walk.url}/b/{SLUG}")
    tab.wait_picture(30)
    keys = tab.page.keyboard
    tab.element("media-controller", "it.focus()")
    tab.element("eva-player", CAPTIONS)
    for mode, word in (("showing", "Captions on"), ("disabled", "Captions off")):
        keys.press("c")
        tab.wait_for("video", f"it.textTracks[0].mode === '{mode}'", 5)
        tab.wait_for("eva-player >> .bezel", f"it.textContent === '{word}'", 5)
    keys.press("p")
    tab.wait_for("media-pip-button", "it.hasAttribute('mediaispip')", 5)
    label = "it.getAttribute('aria-label') === 'Leave picture in picture'"
    tab.wait_for("media-pip-button", label, 5)
    tab.element("media-pip-button", "it.focus()")
    keys.press("Enter")
    tab.wait_for("media-pip-button", "!it.hasAttribute('mediaispip')", 5)
    assert tab.complaints == []


def test_the_network_goes_and_returns(walk: Stack, contexts: Callable[..., BrowserContext]):
    context = contexts()
    tab = Tab(context)
    tab.page.goto(f"{walk.url}/b/{SLUG}")
    tab.wait_picture(30)
    context.set_offline(True)
    tab.wait_for("eva-broadcast >> .stale", "true", 30)
    context.set_offline(False)
    tab.wait_picture(20)
    tab.wait_for("eva-broadcast", "it.renderRoot.querySelector('.stale') === null", 20)
    before = tab.frames()
    tab.wait_for("video", f"it.getVideoPlaybackQuality().totalVideoFrames > {before}", 10)


CLOCK = "const device = Date.now; Date.now = () => device() + 3_600_000;"
"""A device whose clock is an hour fast."""


def test_clocks_go_by_the_server(walk: Stack, contexts: Callable[..., BrowserContext]):
    soon = datetime.now(UTC) + timedelta(minutes=30)
    walk.broadcast("soon", [], starts_at=soon.isoformat())
    context = contexts(viewport={"width": 1280, "height": 800})
    context.add_init_script(CLOCK)
    tab = Tab(context)
    tab.page.goto(walk.url)
    wait_clock(tab)
    cards = "[...it.renderRoot.querySelectorAll('eva-card')]"
    soons = f"{cards}.find((one) => one.broadcast.slug === 'soon')"
    tab.wait_for(
        "eva-home",
        f"{soons}.renderRoot.querySelector('eva-badge').renderRoot.textContent === 'Upcoming'",
        10,
    )
    tab.page.goto(f"{walk.url}/b/soon")
    tab.wait_for("eva-badge", "it.renderRoot.textContent === 'Upcoming'", 10)
    tab.page.goto(f"{walk.url}/b/{SLUG}")
    wait_clock(tab)
    assert tab.complaints == []


def wait_clock(tab: Tab) -> None:
    now = datetime.now(UTC)
    texts = [elapsed(now + timedelta(seconds=after)) for after in range(12)]
    shown = "it.renderRoot.textContent.includes(text)"
    tab.wait_for("eva-mission-clock", f"{texts}.some((text) => {shown})", 10)


def test_a_frame_as_its_address_asks_for_it(walk: Stack, open_tab: Callable[[str], Tab]):
    tab = open_tab(f"{walk.url}/embed/{SLUG}?controls=0&theme=light&lang=de&camera=drone")
    tab.wait_picture(30)
    root = "[document.documentElement.lang, document.documentElement.dataset.theme]"
    assert tab.page.evaluate(root) == ["de", "light"]
    assert tab.element("eva-player", "it.camera") == "drone"
    assert tab.element("media-control-bar", "true") is None
    assert tab.element("eva-embed >> header", "true") is None
    tab = open_tab(f"{walk.url}/embed/{SLUG}?theme=dark&lang=fr")
    tab.wait_picture(30)
    assert tab.page.evaluate(root) == ["fr", "dark"]
    label = "it.getAttribute('aria-label') === 'Passer en plein écran'"
    tab.wait_for("media-fullscreen-button", label, 5)
    title, artist = tab.page.evaluate(
        "[navigator.mediaSession.metadata.title, navigator.mediaSession.metadata.artist]"
    )
    assert title == fields()["title"]
    assert artist
