"""Screenshots of every state of the pages, at four widths and in both themes, on one sheet a state.

Starts the fixture server by itself:  python dev/shots.py OUT_DIR [state …]
With WIDTHS=320,1440 it takes only those of a page's widths.

OUT_DIR gets a sheet for each state and theme, and the single pictures in `single/`. What overflows
sideways, and what a page complains of, is printed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Error, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

WEB = Path(__file__).resolve().parent.parent
PORT = int(os.environ.get("PORT", "5199"))
BASE = f"http://127.0.0.1:{PORT}/dev"
WIDTHS = os.environ.get("WIDTHS", "320,768,1440,2560").split(",")
PAGE_SIZES = tuple(
    size for size in ((320, 640), (768, 1024), (1440, 900), (2560, 1440)) if str(size[0]) in WIDTHS
)
SHARES = {320: 1, 768: 1.6, 1440: 2.6, 2560: 3}
"""How wide each stands on the sheet."""
FRAME_SIZES = ((200, 200), (320, 180), (480, 270), (960, 540))
THEMES = ("dark", "light")
ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip


@dataclass(frozen=True)
class State:
    """One state of a page."""

    page: str
    scenario: str = "live"
    act: Callable[[Page], object] | None = None
    """What a viewer does to come to it."""
    wait_ms: int = 1800
    fresh: bool = False
    """It depends on the size at the page's beginning."""


def click(name: str, **more: Any) -> Callable[[Page], object]:
    """Clicks a button."""
    return lambda page: page.get_by_role("button", name=name, **more).first.click()


def press(*names: str) -> Callable[[Page], object]:
    """Presses keys."""
    return lambda page: [page.keyboard.press(name) for name in names]


def vote(stars: int) -> Callable[[Page], object]:
    """Gives stars."""
    return lambda page: page.locator("eva-rating label").nth(stars - 1).click()


STATES = {
    **{
        name: State("broadcast", name)
        for name in (
            "live", "unrated", "waiting", "before", "ended", "offline", "failed", "missing",
            "closed", "approval", "quiet", "many", "silent", "connecting",
        )
    },
    "lost": State("broadcast", "lost", wait_ms=6500),
    "side": State("broadcast", act=click("Side by side")),
    "pip": State("broadcast", act=click("Picture in picture")),
    "grid": State("broadcast", act=click("All cameras")),
    "theatre": State("broadcast", act=press("t"), fresh=True),
    "theatre-side": State("broadcast", act=press("v", "t"), fresh=True),
    "around": State("broadcast", act=click("Orbit, 360°"), fresh=True),
    "stats": State("broadcast", act=press("i"), fresh=True),
    "help": State("broadcast", act=press("?")),
    "share": State("broadcast", act=click("Share", exact=True)),
    "low": State("broadcast", act=vote(2)),
    "high": State("broadcast", act=vote(5)),
    "home": State("home"),
    "home-before": State("home", "before"),
    "home-one": State("home", "one"),
    "home-none": State("home", "empty"),
    "docs": State("docs"),
    "error-404": State("error", "404"),
    "error-503": State("error", "503"),
    "embed": State("embed", fresh=True),
    "embed-before": State("embed", "before"),
    "embed-lost": State("embed", "lost", wait_ms=6500),
    "embed-help": State("embed", act=press("?"), fresh=True),
}  # fmt: skip


@contextmanager
def fixture_server() -> Iterator[None]:
    """The pages with a pretended relay; ready once it answers."""
    node = shutil.which("node")
    if node is None:
        raise SystemExit("node is not installed")
    server = subprocess.Popen(  # noqa: S603 - our own fixture server
        [node, "node_modules/vite/bin/vite.js", "--config", "dev/vite.config.ts"],
        cwd=WEB, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"{BASE}/home.html", timeout=2)  # noqa: S310
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
            else:
                break
        else:
            raise SystemExit("the fixture server does not come up")
        yield
    finally:
        server.terminate()
        server.wait()


def error_html(status: int) -> str:
    """A page that the gateway sends with an error."""
    sys.path.insert(0, str(WEB.parent))
    from relay.gateway.error_page import error_page  # noqa: PLC0415 - it is found only now

    detail = {404: "there is no broadcast 'eva-43'", 503: "the store does not answer; try again"}
    title = {404: "Not found", 503: "Service unavailable"}[status]
    return str(error_page(status, title, detail[status]).text)


def open_page(browser: Browser, state: State, size: tuple[int, int], theme: str) -> Page:
    """Opens a state and does what it takes."""
    page = browser.new_page(
        viewport={"width": size[0], "height": size[1]}, color_scheme=theme, reduced_motion="reduce"
    )
    page.set_default_timeout(120_000)  # on a busy machine
    noise: list[str] = []
    page.on("console", lambda m: noise.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: noise.append(str(e)))
    picture = (WEB / "public/card.jpg").read_bytes()
    page.route("**/still.jpg*", lambda r: r.fulfill(body=picture, content_type="image/jpeg"))
    if state.page == "error":
        page.set_content(error_html(int(state.scenario)))
    else:
        page.goto(f"{BASE}/{state.page}.html?scenario={state.scenario}")
    page.wait_for_timeout(state.wait_ms)
    if state.act is not None:
        try:
            state.act(page)
        except Error as error:
            noise.append(str(error).splitlines()[0])
        page.wait_for_timeout(900)
    for text in noise:
        sys.stdout.write(f"  {text[:200]}\n")
    return page


def take(page: Page, path: Path, *, whole: bool) -> None:
    """Takes one picture, with what is loaded when it comes near."""
    if whole:
        for _ in range(6):
            page.mouse.wheel(0, 900)
            page.wait_for_timeout(120)
        page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(350)
    page.screenshot(path=path, full_page=whole)
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if overflow > 0:
        sys.stdout.write(f"  {path.name}: {overflow} px too wide\n")


def shoot(browser: Browser, out: Path, name: str, state: State, theme: str) -> None:
    """Takes one state at all sizes, and puts them on a sheet."""
    framed = state.page == "embed"
    sizes = FRAME_SIZES if framed else PAGE_SIZES
    singles = []
    page = None
    for size in sizes:
        if page is None or state.fresh:
            if page is not None:
                page.close()
            page = open_page(browser, state, size, theme)
        page.set_viewport_size({"width": size[0], "height": size[1]})
        path = out / "single" / f"{name}-{theme}-{size[0]}.png"
        try:
            take(page, path, whole=not framed)
        except Error as error:  # on a busy machine
            sys.stdout.write(f"  {path.name}: {str(error).splitlines()[0]}\n")
        else:
            singles.append((size[0], path))
    if page is not None:
        page.close()
    sheet = browser.new_page(viewport={"width": 1600, "height": 1200})
    columns = "".join(
        f'<img src="{path.as_uri()}" style="flex:{1 if framed else SHARES[width]} 1 0;min-width:0;'
        f'max-height:1500px;object-fit:contain;object-position:top left">'
        for width, path in singles
    )
    whole = out / f"{name}-{theme}.html"
    whole.write_text(
        f'<body style="margin:0;background:#777"><div style="display:flex;gap:8px;'
        f'align-items:flex-start">{columns}</div></body>'
    )
    sheet.goto(whole.as_uri())
    sheet.screenshot(path=out / f"{name}-{theme}.png", full_page=True)
    sheet.close()
    whole.unlink()


def main() -> None:
    """Takes all of them, or those that are named."""
    out = Path(sys.argv[1]).resolve()
    (out / "single").mkdir(parents=True, exist_ok=True)
    wanted = sys.argv[2:] or list(STATES)
    with fixture_server(), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
        # The first page makes the server bundle what all need, and loads again after that.
        open_page(browser, State("broadcast", wait_ms=5000), PAGE_SIZES[0], "dark").close()
        for name in wanted:
            for theme in THEMES:
                sys.stdout.write(f"{name} {theme}\n")
                sys.stdout.flush()
                shoot(browser, out, name, STATES[name], theme)


if __name__ == "__main__":
    main()
