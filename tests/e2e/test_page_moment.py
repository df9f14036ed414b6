"""Votes and comments speak of the moment that is on screen, which is read from the picture."""

from __future__ import annotations

import statistics
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from relay.demo import timecode
from tests.support.plain import plain_camera
from tests.support.sending import listen, sent
from tests.support.stack import Stack
from tests.support.strip import ages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.chromium import Tab

pytestmark = pytest.mark.slow

OFF_MS = 100
"""What is said of a moment is no further than this from the picture, for the most part."""
WIDTH = 640

# Keeps the row of the strip that is on screen when somebody clicks.
KEEP = """addEventListener("click", () => {
  const video = it.renderRoot.querySelector("video");
  const context = new OffscreenCanvas(argument, 1).getContext("2d");
  const strip = video.videoHeight / 36;
  context.drawImage(video, 0, strip / 4, video.videoWidth, strip / 2, 0, 0, argument, 1);
  window.strip = [...context.getImageData(0, 0, argument, 1).data].filter((_, i) => i % 4 === 1);
}, true)"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A relay with a camera whose pictures say when they were taken, late by some time."""
    path = tmp_path_factory.mktemp("moment")
    with Stack(path).running() as stack, plain_camera(stack, "plain", 0.4):
        stack.broadcast("moment", ["plain"])
        stack.wait_live("moment", "plain", 60)
        yield stack


@pytest.fixture
def page(stack: Stack, open_either: Callable[..., Tab]) -> Tab:
    """The page, which keeps what is on screen at each click."""
    stack.anew("moment", ["plain"])
    tab = open_either(f"{stack.url}/b/moment")
    tab.wait_picture(30)
    tab.wait_for("eva-player", "it.health && it.health.latencyMs !== null", 20)
    tab.element("eva-player", KEEP, WIDTH)
    stack.wait(lambda: ages(tab), "a strip that can be read", 10)
    return tab


def on_screen_ms(tab: Tab) -> float:
    """When the picture was taken that was on screen at the last click."""
    row = np.array(tab.page.evaluate("window.strip"), np.uint8)
    taken = timecode.read(np.tile(row, (36, 1)))
    assert taken is not None
    return float(taken)


def test_votes_speak_of_the_picture_on_screen(page: Tab, figure: Callable[[str], None]):
    listen(page.page)
    off = []
    for star in ("1 star", "2 stars", "3 stars", "4 stars", "5 stars"):
        page.page.wait_for_timeout(700)
        page.page.get_by_role("radio", name=star).check()
        page.wait_for("eva-rating", f"it.rating.yours === {star[0]}", 10)
        (vote,) = sent(page.page, "/rating")
        off.append(vote["at_us"] / 1000 - on_screen_ms(page))
    figure(
        f"votes are off by {statistics.median(off):+.0f} ms ({min(off):+.0f} to {max(off):+.0f})"
    )
    assert statistics.median(abs(one) for one in off) <= OFF_MS


def test_comments_speak_of_the_picture_on_screen(
    page: Tab, stack: Stack, figure: Callable[[str], None]
):
    page.page.set_viewport_size({"width": 1280, "height": 3000})  # the picture stays in sight
    page.page.get_by_label("Your comment").fill("Look")
    page.page.get_by_label("Your name").fill("Kim")
    page.page.wait_for_timeout(1500)
    page.wait_for("video", "!it.paused", 10)
    page.page.get_by_role("checkbox", name="About this moment").check()
    taken_ms = on_screen_ms(page)
    page.page.get_by_role("button", name="Post comment").click()
    page.page.get_by_text("Look", exact=True).first.wait_for()
    (found,) = stack.get("/api/v1/broadcasts/moment/comments")["comments"]
    off = datetime.fromisoformat(found["moment"]).timestamp() * 1000 - taken_ms
    figure(f"a comment is off by {off:+.0f} ms")
    assert abs(off) <= OFF_MS
