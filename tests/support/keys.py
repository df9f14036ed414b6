"""A page without a mouse: where Tab leads, and what has the focus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.support.stalls import PATIENCE_S

if TYPE_CHECKING:
    from tests.support.chromium import Tab

MOST_STOPS: Final = 70
FOCUSED: Final = r"""(() => {
  const up = (node) => node.assignedSlot ?? node.parentElement ?? node.getRootNode().host ?? null;
  const chain = (node) => (node === null ? [] : [node, ...chain(up(node))]);
  const hit = (x, y, root = document) => {
    const found = root.elementFromPoint(x, y);
    const inner = found?.shadowRoot && found.shadowRoot !== root && hit(x, y, found.shadowRoot);
    return inner || found;
  };
  // Another element may hide the middle of what is seen well.
  const onTop = (element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return [[0.5, 0.5], [0.1, 0.5], [0.9, 0.5], [0.5, 0.1], [0.5, 0.9]].some(([across, down]) =>
      chain(hit(x + width * across, y + height * down)).includes(element));
  };
  const ringed = (element) => [null, "::before", "::after"].some((part) => {
    const { outline, outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element, part);
    const drawn = outlineStyle !== "none" && !/transparent|rgba\(0, 0, 0, 0\)/.test(outline);
    const theirs = element.localName.startsWith("media-") && boxShadow.includes("inset");
    const own = outlineStyle === "auto"; // the browser's own ring, whatever width it tells
    return own || (drawn && parseFloat(outlineWidth) >= 2) || theirs;
  });
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  if (at === null || at === document.body) return { name: "", seen: true, ringed: true };
  const by = at.getAttribute("aria-labelledby");
  const named = by && at.getRootNode().getElementById(by)?.textContent;
  const text = at.getAttribute("aria-label") ?? named ?? at.labels?.[0]?.textContent;
  const { x, y, width, height } = at.getBoundingClientRect();
  const over = hit(x + width / 2, y + height / 2);
  return { name: (text ?? (at.title || at.textContent)).replaceAll(/\s+/g, " ").trim(),
    seen: [at, ...(at.labels ?? [])].some(onTop),
    over: `${x} ${y} ${width} ${height} ${over?.localName}.${over?.className}`,
    // A star's input and a slider's are drawn by what is around them.
    // The page in a frame shows its own.
    ringed: at.localName === "iframe"
      || [...(at.labels ?? []), ...chain(at).slice(0, 4)].some(ringed) };
})()"""
"""What has the focus: its name, whether it is in the window with nothing above it, and whether
something shows that it has the focus.
"""


def go_to(tab: Tab, name: str, *, key: str = "Tab") -> None:
    """Press Tab until something whose name begins like that has the focus. It and all on the way
    has to be seen, with its focus.
    """
    passed = []
    for _ in range(MOST_STOPS):
        tab.page.keyboard.press(key)
        if not tab.page.evaluate("document.hasFocus()"):
            # The focus is in Firefox's own window, or a picture's, where its driver leaves it.
            tab.page.bring_to_front()
        at = tab.page.evaluate(FOCUSED)
        assert at["seen"], at
        assert at["ringed"], at
        if at["name"].startswith(name):
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
    within_s: float = PATIENCE_S,
) -> None:
    """Go to something of that name, press a key there, and wait for what comes of it."""
    go_to(tab, name, key=key)
    tab.page.keyboard.press(by)
    tab.wait_for(selector, expression, within_s)


def focused(tab: Tab) -> str:
    """The name of what has the focus."""
    return str(tab.page.evaluate(FOCUSED)["name"])
