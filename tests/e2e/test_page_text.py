"""Text that a reader spaces out or doubles in size stays whole (WCAG 1.4.4, 1.4.10, 1.4.12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.walk import SLUG

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.chromium import Tab
    from tests.support.stack import Stack

pytestmark = pytest.mark.slow

SPACED = """* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
  word-spacing: 0.16em !important } p { margin-block-end: 2em !important }"""
LARGE = "html { font-size: 200% !important }"
WEAR = """(css) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  const wear = (root) => {
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
    for (const one of root.querySelectorAll("*")) if (one.shadowRoot) wear(one.shadowRoot);
  };
  wear(document);
}"""
"""Puts a reader's own rules into the page and every shadow tree."""

OUTSIDE = """(() => {
  const found = [];
  const holder = "button, a, label, summary, select, media-play-button, h1, h2, h3";
  const look = (root) => {
    for (const one of root.querySelectorAll("*")) {
      if (one.shadowRoot) look(one.shadowRoot);
      const box = one.getBoundingClientRect();
      if (!one.matches(holder) || !one.checkVisibility({ opacityProperty: true }) ||
          box.width <= 1) continue;
      const walker = document.createTreeWalker(one, NodeFilter.SHOW_TEXT);
      for (let text = walker.nextNode(); text !== null; text = walker.nextNode()) {
        const around = text.parentElement;
        const holds = around.localName === "bdi" ? around.parentElement : around;
        const parent = holds.getBoundingClientRect();
        const style = getComputedStyle(holds);
        const clamped = style.webkitLineClamp !== "none";
        const tight = 2 + parseFloat(style.fontSize) / 6; // lines stand closer than glyphs
        if (text.data.trim() === "" || parent.width <= 1 || clamped) continue;
        const range = document.createRange();
        range.selectNodeContents(text);
        const line = range.getBoundingClientRect();
        if (line.left < box.left - 2 || line.right > box.right + 2 ||
            line.top < box.top - tight || line.bottom > box.bottom + tight) {
          found.push(`${one.localName}.${one.className}: ${text.data.trim().slice(0, 40)}`);
        }
      }
    }
  };
  look(document);
  return found;
})()"""
"""Texts that stick out of the button, link or heading that they are in."""
PATHS = {"home": "/", "page": f"/b/{SLUG}", "docs": "/docs/embed", "frame": f"/embed/{SLUG}"}


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize(
    ("kind", "rules", "sizes"),
    [("spaced", SPACED, {1280: 800, 320: 640}), ("large", LARGE, {1280: 800})],
    ids=["spaced", "large"],
)
def test_text_stays_whole(
    name: str,
    kind: str,
    rules: str,
    sizes: dict[int, int],
    walk: Stack,
    open_either: Callable[..., Tab],
    screenshots: Path,
):
    tab = open_either(walk.url + PATHS[name])
    tab.wait_for("eva-card" if name == "home" else "eva-badge, eva-playground", "true", 20)
    if name in ("page", "frame"):
        tab.wait_picture(30)
    tab.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    for part in ("eva-comments", "eva-curve", "eva-similar") if name == "page" else ():
        tab.wait_for(part, "it.hasUpdated === true", 10)
    tab.page.evaluate("scrollTo(0, 0)")
    tab.page.evaluate(WEAR, rules)
    for width, height in sizes.items():
        tab.page.set_viewport_size({"width": width, "height": height})
        tab.page.wait_for_timeout(300)
        path = screenshots / f"page-text-{kind}-{name}-{width}.jpg"
        tab.page.screenshot(path=path, type="jpeg", quality=80, full_page=name != "frame")
        assert tab.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, width
        assert tab.page.evaluate(OUTSIDE) == [], width
