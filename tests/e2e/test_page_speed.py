"""How soon a page is there over a slow line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.chromium import Tab
from tests.support.stalls import tries
from tests.support.walk import SLUG

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser

    from tests.support.stack import Stack

pytestmark = pytest.mark.slow

# In Chromium alone: Firefox cannot be told of a slow line.
#
# Slow 3G as WebPageTest and Lighthouse define it: 400 kbit/s each way, 400 ms to and fro.
SLOW = {"latency": 400, "downloadThroughput": 400_000 / 8, "uploadThroughput": 400_000 / 8}
FIRST_PAINT_S = 2.5

PAINTS = """new Promise((resolve) => {
  const found = { load: performance.getEntriesByType("navigation")[0].loadEventEnd };
  for (const one of performance.getEntriesByType("paint")) found[one.name] = one.startTime;
  new PerformanceObserver((list) => {
    found.largest = list.getEntries().at(-1).startTime;
  }).observe({ type: "largest-contentful-paint", buffered: true });
  let shift = 0;
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) shift += one.hadRecentInput ? 0 : one.value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve({ ...found, shift }), 300);
})"""


@pytest.mark.parametrize(
    ("path", "language"),
    [("/", "en"), (f"/b/{SLUG}", "en"), (f"/b/{SLUG}", "de"), (f"/embed/{SLUG}", "en")],
)
def test_the_first_paint_over_a_slow_line(
    path: str, language: str, walk: Stack, browser: Browser, figure: Callable[[str], None]
):
    for attempt in tries(FIRST_PAINT_S):
        with attempt:
            paints, complaints = open_slowly(browser, walk.url + path, language)
            attempt.found = paints["first-contentful-paint"] / 1000
        figure(
            f"{path} in {language}: s to the first paint {attempt}, largest "
            f"{paints['largest']:.0f} ms, loaded {paints['load']:.0f} ms, "
            f"layout shift {paints['shift']:.3f}"
        )
        assert complaints == []


def open_slowly(browser: Browser, url: str, language: str) -> tuple[dict[str, float], list[str]]:
    """Open a page over that line as a new visitor: when it painted, and what it complained of."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, locale=language, device_scale_factor=2
    )
    tab = Tab(context)
    session = context.new_cdp_session(tab.page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", {"offline": False, **SLOW})
    tab.page.goto(url, wait_until="commit")
    tab.wait_for("html", "document.readyState === 'complete'")
    paints = tab.page.evaluate(PAINTS)
    complaints = list(tab.complaints)
    tab.page.goto("about:blank")
    context.close()
    return paints, complaints
