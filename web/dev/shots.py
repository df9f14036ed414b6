"""Screenshots of every state of the pages, at three widths and in both themes.

Starts the fixture server by itself:  python dev/shots.py OUT_DIR [scenario …]
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

WEB = Path(__file__).resolve().parent.parent
BASE = "http://127.0.0.1:5199/dev"
SIZES = {320: (320, 640), 1280: (1280, 800), 3840: (3840, 2160)}
SCENARIOS = {
    "broadcast": [
        "live", "unrated", "lost", "waiting", "before", "ended", "offline", "failed", "missing",
        "closed", "approval", "quiet",
    ],
    "home": ["live", "before", "empty"],
}  # fmt: skip
ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip


def wait_for_server() -> None:
    """Returns once the fixture server answers."""
    for _ in range(100):
        try:
            urllib.request.urlopen(f"{BASE}/home.html", timeout=1)  # noqa: S310
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the fixture server does not come up")


def shoot(browser: Browser, out: Path, page_name: str, scenario: str, theme: str) -> None:
    """Takes one state at all widths."""
    for width, (w, h) in SIZES.items():
        page = browser.new_page(viewport={"width": w, "height": h}, color_scheme=theme)
        noise: list[str] = []
        page.on("console", lambda m, n=noise: n.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e, n=noise: n.append(str(e)))
        page.goto(f"{BASE}/{page_name}.html?scenario={scenario}")
        page.wait_for_timeout(6500 if scenario == "lost" else 2200)
        page.mouse.wheel(0, 20000)  # what is below the fold is loaded when it comes near
        page.wait_for_timeout(700)
        page.evaluate("scrollTo(0, 0)")
        name = f"{page_name}-{scenario}-{theme}-{width}"
        page.screenshot(path=out / f"{name}.png", full_page=True)
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        sys.stdout.write(" ".join([name, f"overflow={overflow}", *noise]) + "\n")
        sys.stdout.flush()
        page.close()


def main() -> None:
    """Takes all of them."""
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    wanted = set(sys.argv[2:])
    node = shutil.which("node")
    if node is None:
        raise SystemExit("node is not installed")
    server = subprocess.Popen(  # noqa: S603 - our own fixture server
        [node, "node_modules/vite/bin/vite.js", "--config", "dev/vite.config.ts"],
        cwd=WEB, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for_server()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
            for page_name, scenarios in SCENARIOS.items():
                for scenario in scenarios:
                    if wanted and scenario not in wanted:
                        continue
                    shoot(browser, out, page_name, scenario, "dark")
                    if scenario == "live":
                        shoot(browser, out, page_name, scenario, "light")
    finally:
        server.terminate()


if __name__ == "__main__":
    main()
