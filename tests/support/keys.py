"""A page without a mouse: where Tab leads, and what has the focus."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.chromium import Tab

MOST_STOPS = 70
FOCUSED = """(() => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  const by = at?.getAttribute("aria-labelledby");
  const named = by && at.getRootNode().getElementById(by)?.textContent;
  const text = at?.getAttribute("aria-label") ?? named ?? at?.labels?.[0]?.textContent;
  const box = at?.getBoundingClientRect();
  return { name: (text ?? at?.textContent ?? "").replaceAll(/\\s+/g, " ").trim(),
    seen: box !== undefined && box.width > 0 && box.height > 0 };
})()"""


def go_to(tab: Tab, name: str, *, key: str = "Tab") -> None:
    """Press Tab until something whose name begins like that has the focus, which has to be seen
    there.
    """
    passed = []
    for _ in range(MOST_STOPS):
        tab.page.keyboard.press(key)
        at = tab.page.evaluate(FOCUSED)
        if at["name"].startswith(name):
            assert at["seen"], name
            return
        passed.append(at["name"][:30])
    raise AssertionError(f"no way to {name!r} by {key}: {passed}")


def use(
    tab: Tab,
    name: str,
    selector: str,
    expression: str,
    *,
    by: str = "Enter",
    key: str = "Tab",
    within_s: float = 5,
) -> None:
    """Go to something of that name, press a key there, and wait for what comes of it."""
    go_to(tab, name, key=key)
    tab.page.keyboard.press(by)
    tab.wait_for(selector, expression, within_s)


def focused(tab: Tab) -> str:
    """The name of what has the focus."""
    return str(tab.page.evaluate(FOCUSED)["name"])
