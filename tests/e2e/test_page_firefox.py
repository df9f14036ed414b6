"""What is Firefox's own: how many pictures it shows, its one element for all cameras."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.axe import violations
from tests.support.walk import SLUG

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.chromium import Tab
    from tests.support.stack import Stack

pytestmark = pytest.mark.slow


def test_the_page_plays(
    walk: Stack, open_fox: Callable[[str], Tab], screenshots: Path, figure: Callable[[str], None]
):
    tab = open_fox(f"{walk.url}/b/{SLUG}")
    assert "Firefox/" in tab.page.evaluate("navigator.userAgent")
    tab.wait_picture(30)
    pixels = tab.pixels()
    shown = tab.shown(4000)
    figure(f"{shown / 4:.1f} frames/s of 25")
    tab.wait_frames(40)
    assert tab.pixels() != pixels
    stats = tab.stats()
    assert stats["codec"] == "video/H264"
    assert stats["totalAudioEnergy"] > 0
    tab.screenshot("page-firefox", screenshots)
    assert violations(tab.page) == []


def test_keys_steer_it(walk: Stack, open_fox: Callable[[str], Tab]):
    tab = open_fox(f"{walk.url}/b/{SLUG}")
    tab.wait_picture(30)
    keys = tab.page.keyboard
    tab.element("media-controller", "it.focus()")
    keys.press("k")
    tab.wait_for("video", "it.paused", 5)
    keys.press("k")
    tab.wait_for("video", "!it.paused", 5)
    keys.press("m")
    tab.wait_for("video", "!it.muted", 5)
    keys.press("m")
    tab.wait_for("video", "it.muted", 5)
    keys.press("]")
    tab.wait_for("eva-player", "it.camera === 'drone' && it.phase === 'live'", 20)
    tab.wait_frames(20)  # the other camera's, by the same element
    keys.press("k")
    tab.wait_for("video", "it.paused", 5)
    keys.press("[")
    tab.wait_for("eva-player", "it.camera === 'helmet' && it.phase === 'live'", 20)
    assert tab.element("video", "it.paused")  # what rests goes on resting
    keys.press("k")
    tab.wait_frames(20)
