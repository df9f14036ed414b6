"""What lies over a picture or stands in its place: how it looks, in the page and in a frame."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.looks import inspect
from tests.support.opening import (
    open_cameras,
    open_help,
    open_settings,
    open_stats,
    pause,
    show_captions,
)
from tests.support.walk import SLUG, START

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.chromium import Tab
    from tests.support.stack import Stack

pytestmark = pytest.mark.slow

PAGES = ("b", "embed")
OVER: dict[str, Callable[[Tab], None]] = {
    "paused": pause,
    "captions": show_captions,
    "cameras": open_cameras,
    "settings": open_settings,
    "stats": open_stats,
    "help": open_help,
}
ELSEWHERE = {("settings", "b"), ("stats", "b")}
"""What `test_page_around.py` looks at."""


@pytest.mark.parametrize(
    ("name", "page"),
    [(name, page) for name in OVER for page in PAGES if (name, page) not in ELSEWHERE],
)
def test_what_lies_over_a_picture(
    name: str, page: str, walk: Stack, open_still: Callable[..., Tab], screenshots: Path
):
    tab = open_still(f"{walk.url}/{page}/{SLUG}")
    tab.wait_picture(30)
    tab.wait_for("eva-player", "it.health !== null", 10)
    OVER[name](tab)
    inspect(tab, f"page-over-{name}-{page}", screenshots, full=False)


@pytest.mark.parametrize("page", PAGES)
def test_a_picture_that_takes_its_time(
    page: str, walk: Stack, open_still: Callable[..., Tab], screenshots: Path
):
    tab = open_still("about:blank")
    tab.page.route("**/whep/**", lambda _route: None)
    tab.page.goto(f"{walk.url}/{page}/{SLUG}")
    tab.wait_for("eva-slate >> .headline", "it.textContent === 'Connecting'", 10)
    inspect(tab, f"page-connecting-{page}", screenshots, full=False)
    assert tab.element("eva-player", "it.phase") == "connecting"


@pytest.mark.parametrize("page", PAGES)
def test_a_browser_without_webrtc(
    page: str, walk: Stack, open_still: Callable[..., Tab], screenshots: Path
):
    tab = open_still("about:blank")
    tab.page.add_init_script("delete window.RTCPeerConnection;")
    tab.page.goto(f"{walk.url}/{page}/{SLUG}")
    tab.page.get_by_text("This browser does not allow live pictures (WebRTC).").wait_for()
    inspect(tab, f"page-no-webrtc-{page}", screenshots, full=False)


def test_news_that_are_interrupted(walk: Stack, open_still: Callable[..., Tab], screenshots: Path):
    tab = open_still("about:blank")
    tab.page.route_web_socket("**/events", lambda line: line.close())
    tab.page.goto(f"{walk.url}/b/{SLUG}")
    tab.page.get_by_text("Live updates are interrupted").wait_for()
    tab.wait_picture(30)
    inspect(tab, "page-stale", screenshots, at="eva-broadcast >> .stale")


def test_a_link_to_a_moment(walk: Stack, open_still: Callable[..., Tab], screenshots: Path):
    moment = (START + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    tab = open_still(f"{walk.url}/b/{SLUG}?at={moment}")
    tab.page.get_by_text("This link points to T+01:00:00").wait_for()
    inspect(tab, "page-moment", screenshots, at="eva-broadcast >> .shared")
