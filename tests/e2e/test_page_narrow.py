"""The pages in languages of long words, as narrow as a small telephone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.axe import violations
from tests.support.looks import SIZES, look_at_everything
from tests.support.walk import SLUG

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.chromium import Tab
    from tests.support.stack import Stack

pytestmark = pytest.mark.slow

WIDTH = 320
LANGUAGES = ("de", "fr", "es", "it")
OUTSIDE = """((seen) => {
  const found = [];
  const look = (root) => {
    for (const one of root.querySelectorAll("*")) {
      const { left, right, width } = one.getBoundingClientRect();
      const beyond = left < -1 || right > innerWidth + 1;
      if (width > 1 && beyond && one.checkVisibility(seen)) found.push([one.localName, right]);
      if (one.shadowRoot && one.localName !== "eva-limb") look(one.shadowRoot);
    }
  };
  look(document);
  return found;
})({ opacityProperty: true, visibilityProperty: true })"""
"""What reaches out of the window, also where a page that scrolls no further cuts it off."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_fits(
    language: str, walk: Stack, open_still: Callable[..., Tab], screenshots: Path
):
    size = {"width": WIDTH, "height": SIZES[WIDTH]}
    for name, path, proof in (
        ("b", f"/b/{SLUG}", "eva-player[phase='live']"),
        ("embed", f"/embed/{SLUG}", "eva-player[phase='live']"),
        ("home", "/", "eva-card"),
    ):
        tab = open_still(walk.url + path, viewport=size, locale=language)
        tab.wait_for(proof, "true", 30)
        assert tab.page.evaluate("document.documentElement.lang") == language
        look_at_everything(tab)
        shot = screenshots / f"page-{language}-{name}-320.jpg"
        tab.page.screenshot(path=shot, type="jpeg", full_page=True)
        assert tab.page.evaluate(OUTSIDE) == []
        assert tab.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        assert violations(tab.page) == []
