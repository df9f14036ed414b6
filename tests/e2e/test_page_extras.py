"""What the page does beside the picture: markers, suggestions, captions, small windows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.axe import violations
from tests.support.browsers import only_chromium
from tests.support.opening import add_captions
from tests.support.sending import listen, sent
from tests.support.walk import SLUG, ago, elapsed, fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.chromium import Tab
    from tests.support.stack import Stack

pytestmark = pytest.mark.slow

KATHMANDU = timedelta(hours=5, minutes=45)
"""How far its clocks are ahead, all through the year."""


def test_markers_come_change_and_go_and_what_is_like_it_is_offered(
    walk: Stack, open_either: Callable[[str], Tab]
):
    walk.anew("marked", [], **fields())
    first = {"at": ago(hours=1), "title": "Hatch open"}
    walk.request("POST", "/api/v1/broadcasts/marked/markers", first)
    tab = open_either(f"{walk.url}/b/marked")
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
    page: str, walk: Stack, open_either: Callable[..., Tab]
):
    tab = open_either(f"{walk.url}/{page}/{SLUG}")
    tab.wait_picture(30)
    listen(tab.page)
    tab.element("media-controller", "it.focus()")
    # Regular reports come every ten seconds: of these, one at the most is such.
    for _ in range(2):
        for playing in (False, True):
            sent(tab.page, "ws:")
            tab.page.keyboard.press("k")
            tab.page.wait_for_timeout(1000)
            told = [one for one in sent(tab.page, "ws:") if one["type"] == "watching"]
            assert [one["playing"] for one in told[-1:]] == [playing]


def test_what_they_are_doing_now_and_what_time_it_is_here(
    walk: Stack, open_either: Callable[..., Tab]
):
    walk.anew("doing", ["helmet"], **fields())
    tab = open_either(f"{walk.url}/b/doing", timezone_id="Asia/Kathmandu", locale="en-GB")
    times = [f"{datetime.now(UTC) + KATHMANDU:%H:%M}"]
    clock = tab.page.get_by_text("your time")
    clock.wait_for()
    times.append(f"{datetime.now(UTC) + KATHMANDU:%H:%M}")  # a minute may have gone by
    assert clock.inner_text() in [f"{one} your time" for one in times]
    assert tab.element("eva-now >> .doing", "true") is None
    marker = {"at": ago(minutes=2, seconds=5), "title": "Bolt five"}
    walk.request("POST", "/api/v1/broadcasts/doing/markers", marker)
    tab.wait_for("eva-now >> .doing", "it.textContent.includes('What they are doing now')", 5)
    tab.wait_for("eva-now >> .doing strong", "it.textContent === 'Bolt five'", 5)
    assert "for 00:02:" in tab.element("eva-now >> .since", "it.textContent")
    later = {"at": ago(seconds=-2), "title": "Bolt six"}
    walk.request("POST", "/api/v1/broadcasts/doing/markers", later)
    tab.wait_for("eva-now >> .doing strong", "it.textContent === 'Bolt six'", 5)


def test_a_deleted_broadcast_says_so_and_asks_no_more(walk: Stack, open_either: Callable[..., Tab]):
    walk.anew("short-lived", [], **fields())
    # The comments of what is gone may be asked for just then.
    tab = open_either(f"{walk.url}/b/short-lived", "404")
    tab.wait_for("eva-player", "true", 10)
    asked: list[str] = []
    walk.request("DELETE", "/api/v1/broadcasts/short-lived")
    tab.page.get_by_role("heading", name="No broadcast here").wait_for()
    tab.page.on("request", lambda request: asked.append(request.url))
    tab.page.wait_for_timeout(3000)
    assert asked == []
    assert violations(tab.page) == []


def test_small_windows_and_captions(walk: Stack, open_either: Callable[..., Tab]):
    tab = open_either(f"{walk.url}/b/{SLUG}")
    tab.wait_picture(30)
    keys = tab.page.keyboard
    tab.element("media-controller", "it.focus()")
    add_captions(tab)
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


@only_chromium("Firefox lets open sockets be where it has no network")
def test_news_stop_without_a_network_and_pictures_go_on_that_still_come(
    walk: Stack, open_either: Callable[..., Tab]
):
    # Chromium cuts off requests and sockets only: WebRTC's packets come and go as before.
    tab = open_either(f"{walk.url}/b/{SLUG}", "ERR_INTERNET_DISCONNECTED")
    tab.wait_picture(30)
    tab.page.context.set_offline(True)
    tab.wait_for("eva-broadcast >> .stale", "true", 30)
    session, before = tab.element("eva-player", "it.session"), tab.frames()
    tab.wait_for("video", f"it.getVideoPlaybackQuality().totalVideoFrames > {before + 25}", 10)
    assert tab.element("eva-player", "it.phase") == "live"
    assert tab.element("eva-player", "it.session") == session
    tab.page.context.set_offline(False)
    tab.wait_picture(20)
    tab.wait_for("eva-broadcast", "it.renderRoot.querySelector('.stale') === null", 20)
    before = tab.frames()
    tab.wait_for("video", f"it.getVideoPlaybackQuality().totalVideoFrames > {before}", 10)


CLOCK = "const device = Date.now; Date.now = () => device() + 3_600_000;"
"""A device whose clock is an hour fast."""


def test_clocks_go_by_the_server(walk: Stack, open_either: Callable[..., Tab]):
    soon = datetime.now(UTC) + timedelta(minutes=30)
    walk.anew("soon", [], starts_at=soon.isoformat())
    tab = open_either("about:blank")
    tab.page.add_init_script(CLOCK)
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


def test_a_frame_as_its_address_asks_for_it(walk: Stack, open_either: Callable[[str], Tab]):
    tab = open_either(f"{walk.url}/embed/{SLUG}?controls=0&theme=light&lang=de&camera=drone")
    tab.wait_picture(30)
    root = "[document.documentElement.lang, document.documentElement.dataset.theme]"
    assert tab.page.evaluate(root) == ["de", "light"]
    assert tab.element("eva-player", "it.camera") == "drone"
    assert tab.element("media-control-bar", "true") is None
    assert tab.element("eva-embed >> header", "true") is None
    tab = open_either(f"{walk.url}/embed/{SLUG}?theme=dark&lang=fr")
    tab.wait_picture(30)
    assert tab.page.evaluate(root) == ["fr", "dark"]
    label = "it.getAttribute('aria-label') === 'Passer en plein écran'"
    tab.wait_for("media-fullscreen-button", label, 5)
    title, artist = tab.page.evaluate(
        "[navigator.mediaSession.metadata.title, navigator.mediaSession.metadata.artist]"
    )
    assert title == fields()["title"]
    assert artist
