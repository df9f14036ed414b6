"""How far sound trails the picture in a page: a camera that flashes and beeps, and a meter.

The meter looks at a page's own element: flashes by `requestVideoFrameCallback`, beeps by WebAudio.
What WebAudio takes longer than the element's own way to the loudspeaker is not the relay's doing,
hence its zero: in the same page, canvas and oscillator make flashes and beeps together, which go
through a local peer connection; see `Meter.calibrate`.
"""

from __future__ import annotations

import statistics
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Route

    from tests.support.chromium import Tab

_HERE: Final = Path(__file__).parent
FLASH_S: Final = 0.1
BEEP_S: Final = 0.06
BEEPS: Final = 10
"""By so many the meter finds its zero. Half of the flashes may be of no use on a busy machine."""
CALIBRATE_MS: Final = 60_000
"""It takes no longer. Browsers tell each other of their clocks every five seconds."""
_CALIBRATIONS: Final = 3
NEAR_MS: Final = 500
"""A beep belongs to the flash that is no further away than this."""

_BOX: Final = "drawbox=w=iw/4:h=ih/4:t=fill"
_SOUND: Final = f"aevalsrc=0.5*sin(2*PI*1000*t)*lt(mod(t\\,1)\\,{BEEP_S}):s=48000"


def flashing(
    folder: Path, seconds: int, source: str, *options: str, name: str = "flash.mp4"
) -> Path:
    """A clip in which, with each whole second, the upper left corner flashes and a beep sounds."""
    found = folder / name
    flash = f"{_BOX}:c=black,{_BOX}:c=white:enable=lt(mod(t\\,1)\\,{FLASH_S})"
    subprocess.run(
        [
            *("ffmpeg", "-nostdin", "-loglevel", "error", "-y"),
            *source.split(),
            *("-f", "lavfi", "-i", _SOUND, "-map", "0:v", "-map", "1:a", "-t", str(seconds)),
            *("-vf", flash, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"),
            *options,
            *("-c:a", "aac", "-b:a", "96k", str(found)),
        ],
        check=True,
    )
    return found


PLAIN: Final = "-f lavfi -i color=gray:s=640x360:r=30"
PASSED: Final = ("-profile:v", "baseline", "-tune", "zerolatency", "-g", "30")
"""Of what a relay passes through."""
CODED: Final = ("-profile:v", "main", "-bf", "2", "-g", "30")
"""Of what it does not: with B-frames, as GoPros send them."""


@dataclass(frozen=True)
class Skew:
    """How far one beep trails its flash."""

    at_s: float
    """When, from the begin of the measurement."""
    ms: float
    """By how much; less than none if it comes before."""


def skews(events: dict[str, Any], zero_ms: float = 0.0) -> list[Skew]:
    """What a meter's events mean, less flashes whose first picture may have been left out."""
    flashes = [flash for flash in events["flashes"] if flash["whole"]]
    found = []
    for beep in events["beeps"]:
        near = min(flashes, key=lambda flash: abs(flash["at"] - beep), default=None)
        if near is not None and abs(near["at"] - beep) < NEAR_MS:
            at_s = (beep - events["began"]) / 1000
            found.append(Skew(at_s, beep - near["at"] - zero_ms))
    return found


def open_measured(open_tab: Callable[..., Tab], browser: Browser, url: str) -> Tab:
    """Open a page without its policy, which forbids the meter's script."""
    if browser.browser_type.name != "firefox":
        return open_tab(url, bypass_csp=True)
    tab = open_tab("about:blank")

    def permit(route: Route) -> None:
        answer = route.fetch()
        policy = "content-security-policy"
        headers = {name: text for name, text in answer.headers.items() if name != policy}
        route.fulfill(response=answer, headers=headers)

    # Firefox knows no other way. Chromium would take the page for one from the outside, which may
    # not speak with this machine.
    tab.page.route(url, permit)
    tab.page.goto(url)
    return tab


class Meter:
    """A meter in a page; make it after a click, without which there is no sound."""

    def __init__(self, tab: Tab) -> None:
        self._tab = tab
        tab.page.evaluate(f"{(_HERE / 'lipsync.js').read_text()}; 0")
        tab.page.evaluate(
            """async (worklet) => {
              const blob = new Blob([worklet], { type: "text/javascript" });
              window.lipSync = await LipSync.make(URL.createObjectURL(blob));
            }""",
            (_HERE / "onsets.js").read_text(),
        )
        self.zero_ms = 0.0
        """How far beeps trail flashes for the meter where they do not for the viewer."""
        self.unsure_ms = 0.0
        """How well that is known: half of what its middle half of measurements spread over. A busy
        machine draws and plays what the meter makes itself at odd times.
        """

    def begin(self) -> None:
        """Begin to look at the page's main picture, which may not be there yet."""
        self._tab.wait_for("video", "true", 10)
        self._tab.element("video", "(window.followed = window.lipSync.follow(it), 0)")

    def found(self) -> list[Skew]:
        """What was seen and heard since `begin`."""
        return skews(self._tab.page.evaluate("window.followed.events"), self.zero_ms)

    def end(self) -> list[Skew]:
        """The same, and look no longer."""
        self._tab.page.evaluate("(window.followed.stop(), 0)")
        return self.found()

    def calibrate(self) -> float:
        """Find the zero: where a browser that is fed flashes and beeps that were made together says
        itself by how much sound trails, what is measured beyond that is the meter's own.
        """
        events = self._tab.page.evaluate(
            "(most) => window.lipSync.calibrate(...most)", [BEEPS, CALIBRATE_MS]
        )
        began, lags = events["began"], events["lags"]
        found = []
        for skew in skews(events):
            at = began + 1000 * skew.at_s
            told = min(lags, key=lambda lag: abs(lag["at"] - at), default=None)
            if told is not None and abs(told["at"] - at) < NEAR_MS:
                found.append(skew.ms - told["ms"])
        assert len(found) > _CALIBRATIONS, "the meter sees or hears nothing of its own making"
        low, self.zero_ms, high = statistics.quantiles(found, n=4)
        self.unsure_ms = (high - low) / 2
        return self.zero_ms
