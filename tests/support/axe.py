"""axe-core in a page and its frames: what it finds wrong for people with disabilities."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from playwright.sync_api import Frame, Page

_SOURCE: Final = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
_RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page) -> list[str]:
    """Every broken rule of WCAG 2.2 AA and of good practice, with the elements that break it."""
    return [each for frame in page.frames for each in _broken(frame)]


def _broken(frame: Frame) -> list[str]:
    """The broken rules of one document: from outside, axe does not see into a frame."""
    if not frame.evaluate("'axe' in window"):
        # An evaluated script is the browser's own, so that the page's policy need not allow it.
        frame.evaluate(_SOURCE.read_text() + "; undefined")
    found: dict[str, Any] = frame.evaluate(
        "(rules) => axe.run({ runOnly: rules, resultTypes: ['violations'], iframes: false })",
        _RULES,
    )
    return [
        f"{one['id']}: {one['help']}: "
        + "; ".join(f"{node['target']} {node['failureSummary']}" for node in one["nodes"])
        for one in found["violations"]
    ]
