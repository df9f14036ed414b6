"""axe-core in a page: what it finds wrong for people with disabilities."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from playwright.sync_api import Page

_SOURCE: Final = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
_RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page) -> list[str]:
    """Every broken rule of WCAG 2.2 AA and of good practice, with the elements that break it."""
    if not page.evaluate("'axe' in window"):
        # An evaluated script is the browser's own, so that the page's policy need not allow it.
        page.evaluate(_SOURCE.read_text() + "; undefined")
    found: dict[str, Any] = page.evaluate(
        "(rules) => axe.run({ runOnly: rules, resultTypes: ['violations'] })", _RULES
    )
    return [
        f"{one['id']}: {one['help']}: "
        + "; ".join(f"{node['target']} {node['failureSummary']}" for node in one["nodes"])
        for one in found["violations"]
    ]
