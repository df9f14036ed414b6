"""What happens while a page is open: a broadcast begins, is lost, comes again, and ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.browsers import only_chromium
from tests.support.looks import inspect
from tests.support.walk import ago, fields, small

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.chromium import Tab
    from tests.support.stack import Stack

pytestmark = pytest.mark.slow

CLOCK = r"/^\d\d:\d\d/.test(it.textContent)"
RUNS = "!it.paused && it.videoWidth > 0"


def wait_shown(tab: Tab) -> None:
    """Wait until the picture moves and nothing lies over it."""
    tab.wait_picture(30)
    tab.wait_for("video", RUNS, 5)
    assert tab.element("eva-slate", "true") is None
    tab.wait_frames(5)


def test_a_broadcast_begins_and_ends_while_it_is_open(
    walk: Stack, open_still: Callable[..., Tab], screenshots: Path
):
    walk.anew("turning", ["helmet"], **fields() | {"starts_at": ago(hours=-1)})
    path = "/api/v1/broadcasts/turning"
    tabs = {page: open_still(f"{walk.url}/{page}/turning", "409") for page in ("b", "embed")}
    for tab in tabs.values():
        tab.wait_for("eva-badge", "it.state === 'before'", 20)
    walk.request("PATCH", path, {"starts_at": ago(minutes=1)})
    for tab in tabs.values():
        tab.wait_for("eva-badge", "it.state === 'live'", 10)
        wait_shown(tab)
    walk.request("PATCH", path, {"ended_at": ago(seconds=1)})
    for page, tab in tabs.items():
        tab.wait_for("eva-player", "it.phase === 'ended'", 10)
        tab.wait_for("eva-badge", "it.state === 'ended'", 5)
        tab.wait_for("eva-slate >> .headline", "it.textContent.includes('has ended')", 5)
        inspect(tab, f"page-over-now-{page}", screenshots, full=False)


def test_a_lost_picture_comes_again(walk: Stack, clip: Path, open_still: Callable[..., Tab]):
    key, source = walk.camera_anew("coming"), small(clip, walk.folder, "helmet")
    publisher = walk.publish(key, source)
    walk.anew("coming", ["coming"], **fields())
    walk.wait_live("coming", "coming", 40)
    tabs = [open_still(f"{walk.url}/{page}/coming", "409") for page in ("b", "embed")]
    for tab in tabs:
        tab.wait_picture(30)
    publisher.kill()
    for tab in tabs:
        tab.wait_for("eva-player", "it.phase === 'lost'", 20)
        tab.wait_for("eva-slate >> .clock", CLOCK, 5)
    publisher = walk.publish(key, source)
    for tab in tabs:
        tab.page.bring_to_front()
        wait_shown(tab)
    publisher.kill()


@only_chromium("Firefox lets open sockets be where it has no network")
@pytest.mark.parametrize("page", ["b", "embed"])
def test_a_device_that_is_offline_comes_again(
    page: str, walk: Stack, clip: Path, open_still: Callable[..., Tab], screenshots: Path
):
    key, source = walk.camera_anew("away-and-back"), small(clip, walk.folder, "helmet")
    publisher = walk.publish(key, source)
    walk.anew("away-and-back", ["away-and-back"], **fields())
    walk.wait_live("away-and-back", "away-and-back", 40)
    tab = open_still(f"{walk.url}/{page}/away-and-back", "409", "ERR_INTERNET_DISCONNECTED")
    tab.wait_picture(30)
    # Chromium's packets of WebRTC come and go without a network: pictures have to stop elsewhere.
    tab.page.context.set_offline(True)
    publisher.kill()
    tab.wait_for("eva-player", "it.phase === 'offline'", 30)
    tab.wait_for("eva-slate >> .clock", CLOCK, 5)
    inspect(tab, f"page-offline-{page}", screenshots, full=False)
    publisher = walk.publish(key, source)
    walk.wait_live("away-and-back", "away-and-back", 40)
    tab.page.context.set_offline(False)
    wait_shown(tab)
    publisher.kill()
