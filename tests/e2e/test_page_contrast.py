"""What lies over a picture is read on white ones as on black ones, which axe cannot tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.contrast import ICON, TEXT, worst_contrast
from tests.support.opening import pause
from tests.support.walk import SLUG, fields, small

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.chromium import Tab
    from tests.support.stack import Stack

pytestmark = pytest.mark.slow

BAR = {
    "eva-player >> media-play-button:not(.resume)": ICON,
    "media-mute-button": ICON,
    "eva-menu.cameras >> .open": ICON,
    "eva-menu.settings >> .open": ICON,
    "media-fullscreen-button": ICON,
    "media-live-button": TEXT,
    "eva-player >> .sound": TEXT,
}
HEAD = {
    "eva-embed >> eva-badge": TEXT,
    "eva-embed >> header button": TEXT,
    "eva-embed >> header button svg": ICON,
}
WIDER = {
    600: {"eva-player >> .latency": TEXT, "eva-embed >> h1": TEXT, "eva-embed >> .viewers": TEXT},
    1280: {"eva-menu.settings >> .word": TEXT},
}
"""What frames show from these widths up."""


def unreadable(tab: Tab, wanted: dict[str, float]) -> dict[str, float]:
    """What has less contrast than it should, and how much."""
    found = {selector: round(worst_contrast(tab, selector), 2) for selector in wanted}
    return {selector: ratio for selector, ratio in found.items() if ratio < wanted[selector]}


def keep_controls(tab: Tab) -> None:
    """Have the bar stay, with all that it tells, and a frame's head."""
    tab.wait_picture(30)
    tab.wait_for("eva-player >> .latency", "Number(it.dataset.ms) > 0", 20)
    tab.element("media-control-bar", "it.setAttribute('noautohide', '')")
    tab.element("eva-embed >> header a", "it.focus()")


@pytest.mark.parametrize(("width", "height"), [(320, 180), (600, 340), (1280, 720)])
def test_a_frames_head_and_bar(
    width: int, height: int, walk: Stack, open_still: Callable[..., Tab]
):
    tab = open_still(f"{walk.url}/embed/{SLUG}", viewport={"width": width, "height": height})
    keep_controls(tab)
    wanted = BAR | HEAD
    for least, more in WIDER.items():
        wanted |= more if width >= least else {}
    assert unreadable(tab, wanted) == {}
    pause(tab)
    assert unreadable(tab, {"eva-player >> .resume": ICON, "eva-player >> .bezel": TEXT}) == {}


@pytest.mark.parametrize("width", [360, 1280])
def test_the_pages_bar_and_names(width: int, walk: Stack, open_still: Callable[..., Tab]):
    tab = open_still(f"{walk.url}/b/{SLUG}", viewport={"width": width, "height": 800})
    keep_controls(tab)
    tab.page.keyboard.press("v")
    tab.page.keyboard.press("v")
    tab.wait_for("eva-stage >> .small eva-player", "it.phase === 'live'", 30)
    assert unreadable(tab, BAR | {"eva-stage >> .small button bdi": TEXT}) == {}


@pytest.mark.parametrize("page", ["b", "embed"])
@pytest.mark.parametrize("width", [320, 1280])
def test_words_over_a_lost_picture(
    width: int, page: str, walk: Stack, clip: Path, open_still: Callable[..., Tab]
):
    slug = f"dimmed-{page}-{width}"
    if walk.get(f"/api/v1/broadcasts/{slug}").get("status") == 404:
        walk.camera(slug)
        walk.broadcast(slug, [slug], **fields())
    key = walk.request("POST", f"/api/v1/cameras/{slug}/key")["publish_key"]
    publisher = walk.publish(key, small(clip, walk.folder, "helmet"))
    walk.wait_live(slug, slug, 40)
    size = {"width": width, "height": width * 9 // 16 if page == "embed" else 800}
    tab = open_still(f"{walk.url}/{page}/{slug}", "409", viewport=size)
    tab.wait_picture(30)
    publisher.kill()
    words = {f"eva-slate >> .{one}": TEXT for one in ("headline", "clock", "detail")}
    for one in words:
        tab.wait_for(one, "it.textContent !== ''", 20)
    assert unreadable(tab, words) == {}
