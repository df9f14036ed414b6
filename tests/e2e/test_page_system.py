"""The system's own controls, and moments that can be jumped to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.keys import go_to
from tests.support.walk import CAMERAS, SLUG, fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.chromium import Tab
    from tests.support.stack import Stack

pytestmark = pytest.mark.slow

HANDLERS = """
window.handlers = {};
const set = MediaSession.prototype.setActionHandler;
MediaSession.prototype.setActionHandler = function (action, handler) {
  window.handlers[action] = handler;
  set.call(this, action, handler);
};
"""
"""Keeps what is to happen upon the system's keys, which no test can press."""
TOLD = "(({ title, artist, album }) => [title, artist, album])(navigator.mediaSession.metadata)"
ARTIST = "navigator.mediaSession.metadata.artist"
MARKERS = '[...it.renderRoot.querySelectorAll("li .line")]'


@pytest.mark.parametrize("path", ["b", "embed"])
def test_the_systems_controls_stop_and_play_the_picture(
    path: str, walk: Stack, open_either: Callable[..., Tab]
):
    tab = open_either("about:blank")
    tab.page.add_init_script(HANDLERS)
    tab.page.goto(f"{walk.url}/{path}/{SLUG}")
    tab.wait_picture(30)
    tab.wait_for("html", "'play' in window.handlers && 'pause' in window.handlers", 10)
    for action, proof in (("pause", "it.paused"), ("play", "!it.paused")):
        tab.page.evaluate("(action) => window.handlers[action]({ action })", action)
        tab.wait_for("video", proof, 5)
    assert tab.page.evaluate(TOLD) == [fields()["title"], CAMERAS["helmet"], "EVA Relay"]
    tab.element("media-controller", "it.focus()")
    tab.page.keyboard.press("]")
    tab.wait_for("html", f"{ARTIST} === {CAMERAS['drone']!r}", 20)
    # What has been told anew steers the same player.
    tab.page.evaluate("window.handlers.pause({ action: 'pause' })")
    tab.wait_for("video", "it.paused", 5)


def test_a_marker_is_a_point_to_jump_to_once_there_is_something_to_jump_to(
    walk: Stack, open_either: Callable[..., Tab]
):
    tab = open_either(f"{walk.url}/b/{SLUG}")
    tab.wait_for("eva-timeline", f"{MARKERS}.length === 3", 10)
    # Until then it promises nothing, and is no button.
    assert tab.element("eva-timeline", f"{MARKERS}.every((one) => one.localName === 'div')")
    tab.page.evaluate("addEventListener('eva-jump', ({ detail }) => { window.jump = detail })")
    tab.element("eva-timeline", "(it.jumpable = true, it.updateComplete)")
    # What is still to come stays what it is.
    assert tab.element("eva-timeline", f"{MARKERS}.map((one) => one.localName)") == [
        "button",
        "button",
        "div",
    ]
    name = tab.element("eva-timeline", f"{MARKERS}[0].textContent.replaceAll(/\\s+/g, ' ').trim()")
    assert "Hatch open" in name
    go_to(tab, name)
    tab.page.keyboard.press("Enter")
    (marker, *_) = walk.get(f"/api/v1/broadcasts/{SLUG}")["markers"]
    assert tab.page.evaluate("window.jump") == {"at": marker["at"], "camera": marker["camera"]}
