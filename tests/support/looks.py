"""How a page looks at every width and in both themes, and whom it shuts out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.support.axe import violations

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.chromium import Tab

SIZES = {320: 640, 1280: 800, 3840: 2160}
"""Widths and heights of a small telephone, a laptop, and a wall."""
THEMES: Final = ("dark", "light")


def inspect(
    tab: Tab, name: str, screenshots: Path, *, full: bool = True, at: str | None = None
) -> None:
    """Keep a picture of the page at each width, and let nobody be shut out in either theme.

    The picture is of all of the page; else of its top, or of what lies around the element `at`.
    """
    for width, height in SIZES.items():
        tab.page.set_viewport_size({"width": width, "height": height})
        for theme in THEMES:
            tab.wear(theme)
            shot = f"{name}-{theme}-{width}"
            if at is not None:
                assert tab.element(at, "it.scrollIntoView({ block: 'center' }) ?? true"), at
            if theme == "dark" or width == 1280:
                # Of a page as large as a wall, a PNG takes longer than all the rest.
                path = screenshots / f"{shot}.jpg"
                tab.page.screenshot(
                    path=path, type="jpeg", quality=85, full_page=full and at is None
                )
            assert tab.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, shot
            assert violations(tab.page) == [], shot


def look_at_everything(tab: Tab) -> None:
    """Scroll down and up again: what lies below the fold is loaded when it comes near."""
    tab.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    for part in ("eva-comments", "eva-curve", "eva-similar"):
        if tab.element(part, "true"):
            tab.wait_for(part, "it.hasUpdated === true && it.loaded !== false", 10)
    tab.page.evaluate("scrollTo(0, 0)")
