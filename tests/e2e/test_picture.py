"""A GoPro's stream, from RTMP to pixels in a browser."""

from __future__ import annotations

import re
import statistics
import time
from typing import TYPE_CHECKING

from tests.support.chromium import difference
from tests.support.stalls import within_tries

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.chromium import Tab
    from tests.support.stack import Stack

STATIONS = ("offer", "answer", "connected", "firstPacket", "firstFrame")


def test_a_gopros_picture_and_sound(
    gopro: Stack,
    open_tab: Callable[[str], Tab],
    screenshots: Path,
    figure: Callable[[str], None],
):
    tab = open_tab(f"{gopro.url}/b/eva")
    tab.wait_picture()
    tab.page.get_by_role("button", name="Sound on").click()

    def freezes() -> float:
        before, picture, began = tab.stats(), tab.pixels(), time.monotonic()
        tab.page.wait_for_timeout(20_000)  # the length that the issue states
        after, seconds = tab.stats(), time.monotonic() - began
        fps = (after["framesDecoded"] - before["framesDecoded"]) / seconds
        count = int(after["freezeCount"] - before["freezeCount"])
        figure(f"{fps:.1f} frames/s over {seconds:.1f} s, {count} freezes")
        assert difference(picture, tab.pixels()) > 2
        assert after["totalAudioEnergy"] > before["totalAudioEnergy"]
        return max(count, int(fps < 25))

    tab.screenshot("gopro", screenshots)
    # It does not say that it has no B-frames, so it is encoded; nothing of it is damaged.
    for told in (
        r'process="camera-gopro",what="pictures"} [1-9]',
        r'process="camera-gopro",what="damaged"} 0',
        r'process="ingest-[\w-]+",what="connections"} [1-9]',
    ):
        gopro.wait(lambda told=told: re.search(told, gopro.text("/metrics")), told)
    within_tries(freezes, 0, seconds=False)
    assert tab.stats()["pliCount"] == 0


def test_ten_joins(gopro: Stack, open_tab: Callable[[str], Tab], figure: Callable[[str], None]):
    joins = []
    for _ in range(10):
        tab = open_tab(f"{gopro.url}/b/eva")
        tab.wait_picture()
        tab.wait_for("eva-player", "it.timings && it.timings.firstFrame !== null")
        joins.append(tab.element("eva-player", "it.timings"))
        tab.page.goto("about:blank")
    for station in STATIONS:
        values = [join[station] - join["clicked"] for join in joins]
        spread = f"{min(values):.0f} to {max(values):.0f}"
        figure(f"{station} {statistics.median(values):.0f} ms after the click ({spread})")
