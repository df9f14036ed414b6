"""Debian's Firefox, driven by Playwright over WebDriver BiDi."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.support.sound import silent_sound

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
    "webgl.disabled": False,
    # Firefox crashes when axe and Playwright, each from a world of its own, ask an element for the
    # elements that label it. Without this they read the attributes, which is all that pages use.
    "accessibility.ARIAElementReflection.enabled": False,
    # No single page can be told that its device wants no motion, without which a colour is what it
    # is, and not on its way from another.
    "ui.prefersReducedMotion": 1,
}

# What Firefox's own program of that name writes where Mesa draws.
_DRAWS: Final = """#!/bin/sh
printf '%s\\n' VENDOR Mesa RENDERER llvmpipe VERSION 4.5 TEST_TYPE EGL > "/dev/fd/$2"
"""


@contextmanager
def firefox(playwright: Playwright, folder: Path) -> Iterator[Browser]:
    """A headless browser with a new profile; `folder` is for what it needs besides."""
    found = shutil.which("firefox-esr") or shutil.which("firefox")
    assert found is not None, "the browser tests need Firefox: run `make system`"
    program = with_webgl(Path(found), folder / "firefox")
    starter = folder / "start"
    command = shlex.join([sys.executable, "-m", "tests.support.bidi", str(program)])
    starter.write_text(f'#!/bin/sh\ncd {shlex.quote(str(ROOT))}\nexec {command} "$@"\n')
    starter.chmod(0o755)
    with silent_sound(folder) as found_by:
        browser = playwright.firefox.launch(
            executable_path=starter,
            channel="moz-firefox",
            env={**os.environ, **found_by},
            firefox_user_prefs=PREFERENCES,
        )
        try:
            yield browser
        finally:
            browser.close()


def with_webgl(program: Path, folder: Path) -> Path:
    """The same Firefox, but that it draws by Mesa's software: it asks a program of its own what the
    machine can draw with, and that one asks an X server, of which there is none.
    """
    program = program.resolve()
    folder.mkdir()
    for each in program.parent.iterdir():
        (folder / each.name).symlink_to(each)
    itself, probe = folder / program.name, folder / "glxtest"
    itself.unlink()
    shutil.copy2(program, itself)  # it looks for the others where it lies itself
    probe.unlink(missing_ok=True)
    probe.write_text(_DRAWS)
    probe.chmod(0o755)
    return itself
