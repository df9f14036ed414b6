"""Who watches, what, and how well: as the page shows it, and as operators see it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.sending import listen, sent
from tests.support.walk import SLUG

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.chromium import Tab
    from tests.support.stack import Stack

pytestmark = pytest.mark.slow

ROWS = """Object.fromEntries([...it.renderRoot.querySelectorAll("dl div")].map((row) =>
  [row.querySelector("dt").innerText, row.querySelector("dd")?.innerText]))"""
OWN = """(({ session, camera, health }) => ({ session, camera, freezes: health.stats.freezeCount,
  rendition: health.stats.rendition, latency: health.latencyMs }))(it)"""

HOLD = """(() => {
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (text) {
    window.line = this;
    send.call(this, text);
  };
})()"""


def test_operators_see_how_well_a_page_is_served(walk: Stack, open_either: Callable[..., Tab]):
    walk.anew("served", ["helmet"])
    tab = open_either(f"{walk.url}/b/served")
    tab.wait_for("eva-player", "it.health !== null && it.health.latencyMs !== null", 30)
    found: list[dict[str, Any]] = []

    def told() -> bool:
        found[:] = walk.get("/api/v1/sessions?broadcast=served")["sessions"]
        return any(one["latency_ms"] is not None for one in found)

    walk.wait(told, "the page to tell how late its picture is", 25)  # it tells every ten seconds
    own = tab.element("eva-player", OWN)
    (one,) = found
    for name in ("session", "camera", "rendition", "freezes"):
        assert one[name] == own[name], name
    assert one["rendition"] in rungs(walk, "served")
    assert abs(one["latency_ms"] - own["latency"]) < 1000
    assert one["received_bps"] > 0
    assert 0 <= one["loss"] < 0.1
    assert one["playing"]


def rungs(stack: Stack, slug: str) -> list[str]:
    """The rungs of a broadcast's first camera."""
    (camera, *_) = stack.get(f"/api/v1/broadcasts/{slug}")["cameras"]
    return [one["name"] for one in camera["renditions"]]


def test_those_who_come_and_go_are_counted(walk: Stack, open_either: Callable[..., Tab]):
    walk.anew("counted", ["helmet"])

    def wait_viewers(tab: Tab, text: str) -> None:
        tab.wait_for("eva-broadcast >> .viewers", f"it.innerText.trim() === {text!r}", 10)

    tab = open_either(f"{walk.url}/b/counted")
    wait_viewers(tab, "1 viewer")
    other = open_either(f"{walk.url}/b/counted")
    for each in (tab, other):
        wait_viewers(each, "2 viewers")
    other.page.close()
    wait_viewers(tab, "1 viewer")


@pytest.mark.parametrize("page", ["b", "embed"])
def test_a_line_that_begins_anew_is_told_what_is_watched(
    page: str, walk: Stack, open_either: Callable[..., Tab]
):
    """At once, and not with the next of the reports that come every ten seconds."""
    tab = open_either(f"{walk.url}/{page}/{SLUG}")
    tab.wait_picture(30)
    listen(tab.page)
    tab.page.evaluate(HOLD)
    tab.wait_for("html", "window.line !== undefined", 15)
    tab.page.evaluate("() => { window.sent = []; window.line.close(); }")
    said = "window.sent.filter(([url]) => url.startsWith('ws:'))"
    tab.wait_for("html", f"{said}.length > 1", 10)
    clock, told = sent(tab.page, "ws:")[:2]
    assert (clock["type"], told["type"]) == ("clock", "watching")
    assert told["session"] == tab.element("eva-player", "it.session")
    assert told["playing"]


def test_the_statistics_say_what_arrives(walk: Stack, open_either: Callable[..., Tab]):
    tab = open_either(f"{walk.url}/b/{SLUG}")
    tab.wait_for("eva-player", "it.health !== null && it.health.receivedBps > 50_000", 30)
    tab.page.keyboard.press("i")
    tab.wait_for("eva-stats", "it.renderRoot?.textContent.includes('WHEP')", 10)
    rows = tab.element("eva-stats", ROWS)
    assert re.fullmatch(r"640×360, \d+ fps", rows["Picture"])
    assert rows["Codec"] == "H264"
    assert rows["Quality"] in ["Original", *rungs(walk, SLUG)]
    assert float(rows["Bit rate"].removesuffix(" Mb/s")) > 0
    assert re.fullmatch(r"\d+(\.\d+)?%", rows["Packets lost"])
    assert re.fullmatch(r"\d+ \(\d+ ms\)", rows["Freezes"])
