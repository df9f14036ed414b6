"""Debian's Chromium, driven by Playwright, and what tests ask of a page in it or in Firefox."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from tests.support.stalls import HANG_S, PATIENCE_S
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Route

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
HARMLESS = "GPU stall due to ReadPixels"
"""What Chromium's software renderer says of a screenshot of a page with WebGL."""
SCREENSHOTS = "tests/e2e/screenshots"

_FIND = """
function find(selector, root = document) {
  const found = root.querySelector(selector);
  if (found) return found;
  for (const element of root.querySelectorAll("*")) {
    const inner = element.shadowRoot && find(selector, element.shadowRoot);
    if (inner) return inner;
  }
  return null;
}
function findDeep(path) {
  return path.split(" >> ").reduce((at, selector) => at && find(selector, at.shadowRoot ?? at),
    document);
}
"""


@contextmanager
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """A headless browser with a new profile."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    assert program is not None, "the browser tests need Chromium: run `make system`"
    browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
    try:
        yield browser
    finally:
        browser.close()


class Tab:
    """A page, and every complaint it made."""

    def __init__(self, context: BrowserContext) -> None:
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))
        self.page.on(
            "console",
            lambda message: (
                self.complaints.append(f"console: {message.text} ({message.location['url']})")
                if message.type in ("error", "warning") and HARMLESS not in message.text
                else None
            ),
        )

    @property
    def in_firefox(self) -> bool:
        """Whether this is Firefox."""
        browser = self.page.context.browser
        return browser is not None and browser.browser_type.name == "firefox"

    def surprising(self, *expected: str) -> list[str]:
        """Complaints, less those that a test is about."""
        return [one for one in self.complaints if not any(text in one for text in expected)]

    def element(self, selector: str, expression: str, argument: Any = None) -> Any:
        """Evaluate an expression of `it`, the first element of that selector in any shadow tree,
        and `argument`; None if there is no such element. ` >> ` leads from one into its tree.
        """
        return self.page.evaluate(
            "async ([selector, argument]) => {"
            f"{_FIND} const it = findDeep(selector);"
            f"return it === null ? null : await ({expression});"
            "}",
            [selector, argument],
        )

    def stats(self) -> dict[str, Any]:
        """The player's figures; empty while it shows nothing."""
        found: dict[str, Any] | None = self.element("eva-player", "it.stats()")
        return found or {}

    def frames(self) -> int:
        """Frames that were shown since the page was opened, over all sessions."""
        return int(self.element("video", "it.getVideoPlaybackQuality().totalVideoFrames") or 0)

    def shown(self, ms: int) -> int:
        """How many frames come on screen in so many milliseconds from now. Firefox counts none of a
        stream in a video's playback quality.
        """
        return int(
            self.element(
                "video",
                """new Promise((resolve) => {
                  let shown = 0;
                  const look = () => {
                    shown += 1;
                    it.requestVideoFrameCallback(look);
                  };
                  it.requestVideoFrameCallback(look);
                  setTimeout(() => resolve(shown), argument);
                })""",
                ms,
            )
        )

    def wait_frames(self, count: int) -> None:
        """Wait until so many more frames have come on screen."""
        self.element(
            "video",
            """(() => {
              it.seen = 0;
              const look = () => {
                it.seen += 1;
                if (it.seen < argument) it.requestVideoFrameCallback(look);
              };
              it.requestVideoFrameCallback(look);
            })()""",
            count,
        )
        self.wait_for("video", f"it.seen >= {count}")

    def wait_for(self, selector: str, expression: str, within_s: float = PATIENCE_S) -> None:
        """Wait until an expression of `it` is true."""
        # Playwright's own waiting needs eval, which our pages' policy forbids.
        wait_until(
            lambda: self.element(selector, expression),
            f"{selector}: {expression}",
            within_s,
            lambda: self.page.wait_for_timeout(20),
        )

    def wait_picture(self, within_s: float = PATIENCE_S) -> None:
        """Wait until a picture is on screen."""
        self.wait_for("eva-player", "it.phase === 'live'", within_s)

    def pixels(self) -> list[int]:
        """The picture on screen as 64 × 36 RGBA values."""
        values: list[int] = self.element(
            "video",
            """(() => {
              const canvas = new OffscreenCanvas(64, 36);
              const context = canvas.getContext("2d");
              context.drawImage(it, 0, 0, 64, 36);
              return [...context.getImageData(0, 0, 64, 36).data];
            })()""",
        )
        return values

    def wear(self, theme: Literal["dark", "light"]) -> None:
        """Show the page in that theme: the device's, and in Firefox, which cannot be told its
        device's, as if the viewer had chosen it.
        """
        self.page.emulate_media(color_scheme=theme)
        if self.in_firefox:
            root = "document.documentElement.dataset.theme"
            self.page.evaluate(f"(theme) => {{ {root} = theme }}", theme)

    def go_without_scripts(self, url: str) -> None:
        """Open a page that runs none of its scripts, by a policy: Firefox cannot be told.
        Chromium complains of what is "sandboxed".
        """

        def forbid(route: Route) -> None:
            answer = route.fetch()
            policy = {"content-security-policy": "sandbox allow-same-origin"}
            route.fulfill(response=answer, headers=answer.headers | policy)

        self.page.route(url, forbid)
        self.page.goto(url)

    def allow_clipboard(self) -> None:
        """Let the page copy, and the test read; Firefox asks nobody who clicks or presses a key."""
        if not self.in_firefox:
            self.page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    def screenshot(self, name: str, folder: Path) -> None:
        """Keep a picture of the page."""
        folder.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=folder / f"{name}.png")


@contextmanager
def viewers(browser: Browser, **usual: Any) -> Iterator[Callable[..., Tab]]:
    """Opens pages, each as a new viewer with what is `usual` and what is given of that one; in the
    end they may have complained of nothing but what was named after their addresses.
    """
    opened: list[tuple[Tab, tuple[str, ...]]] = []

    def open_tab(url: str, *expected: str, **given: Any) -> Tab:
        size = {"width": 1280, "height": 800}
        tab = Tab(browser.new_context(**{"viewport": size, **usual, **given}))
        tab.page.set_default_timeout(HANG_S * 1000)
        opened.append((tab, expected))
        tab.page.goto(url)
        return tab

    try:
        yield open_tab
        complaints = [each for tab, expected in opened for each in tab.surprising(*expected)]
        assert complaints == [], complaints
    finally:
        for tab, _ in opened:
            tab.page.context.close()


def difference(one: list[int], other: list[int]) -> float:
    """Mean difference of two pictures' values, 0 to 255."""
    return sum(abs(a - b) for a, b in zip(one, other, strict=True)) / len(one)
