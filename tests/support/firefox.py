"""Debian's Firefox, driven by Playwright over WebDriver BiDi."""

from __future__ import annotations

import shlex
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Playwright

ROOT: Final = Path(__file__).parents[2]
PREFERENCES: Final[dict[str, str | float | bool]] = {
    # At people's homes H.264 of WebRTC comes with a module that Firefox fetches after its start.
    # Here the system's libavcodec decodes it, as it does where a graphics card helps: there is
    # none, and Firefox has to be told that this is well.
    "media.webrtc.hw.h264.enabled": True,
    "media.navigator.mediadatadecoder_h264_enabled": True,
    "gfx.blacklist.webrtc.hw.acceleration.h264": 1,
    # Whether there is WebGL without a graphics card depends on the machine; so there is none.
    "webgl.disabled": True,
    # Firefox crashes when axe and Playwright, each from a world of its own, ask an element for the
    # elements that label it. Without this they read the attributes, which is all that pages use.
    "accessibility.ARIAElementReflection.enabled": False,
    # No single page can be told that its device wants no motion, without which a colour is what it
    # is, and not on its way from another.
    "ui.prefersReducedMotion": 1,
}


@contextmanager
def firefox(playwright: Playwright, folder: Path) -> Iterator[Browser]:
    """A headless browser with a new profile; `folder` is for what it needs besides."""
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    assert program is not None, "the browser tests need Firefox: run `make system`"
    starter = folder / "firefox"
    command = shlex.join([sys.executable, "-m", "tests.support.bidi", program])
    starter.write_text(f'#!/bin/sh\ncd {shlex.quote(str(ROOT))}\nexec {command} "$@"\n')
    starter.chmod(0o755)
    browser = playwright.firefox.launch(
        executable_path=starter, channel="moz-firefox", firefox_user_prefs=PREFERENCES
    )
    try:
        yield browser
    finally:
        browser.close()
