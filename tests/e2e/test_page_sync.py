"""Sound and picture come together: flashes and beeps of a camera, seen and heard in the page."""

from __future__ import annotations

import statistics
import subprocess
import sys
from contextlib import contextmanager
from os import cpu_count
from typing import TYPE_CHECKING

import pytest

from tests.support.lipsync import CODED, PASSED, PLAIN, Meter, Skew, flashing, open_measured
from tests.support.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

    from tests.support.chromium import Tab

APART_MS = 45
"""Half of what EBU R37 allows between early and late sound."""
SETTLED_S = 1.0
"""From then on, after a join."""
NEEDED = 4
PATIENCE_S = 40
CAMERAS = {"helmet": PASSED, "drone": CODED}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A relay with two cameras: the helmet's picture is passed through too, the drone's never."""
    with Stack(tmp_path_factory.mktemp("sync")).running() as stack:
        for name, options in CAMERAS.items():
            clip = flashing(stack.folder, 100, PLAIN, *options, name=f"{name}.mp4")
            stack.publish(stack.camera(name), clip)
        stack.broadcast("sync", list(CAMERAS))
        for name in CAMERAS:
            stack.wait_live("sync", name, 40)
        yield stack


class Watch:
    """A page that shows the broadcast, and its meter."""

    def __init__(
        self,
        open_tab: Callable[..., Tab],
        browser: Browser,
        stack: Stack,
        figure: Callable[[str], None],
    ) -> None:
        tab = open_measured(open_tab, browser, f"{stack.url}/b/sync")
        self._tab, self._figure = tab, figure
        tab.wait_picture(30)
        tab.page.keyboard.press("m")  # without a gesture there is no sound
        self._meter = Meter(tab)
        zero_ms = self._meter.calibrate()
        self.most_ms = APART_MS + self._meter.unsure_ms
        figure(f"the meter's zero is {zero_ms:.0f} ± {self._meter.unsure_ms:.0f} ms")

    def choose(self, camera: str, rung: str) -> None:
        """Choose what the menus offer; whatever changes by that is a new session."""
        for wish, detail in (("eva-camera", {"id": camera}), ("eva-quality", {"rendition": rung})):
            self._tab.element(
                "eva-player",
                "(it.dispatchEvent(new CustomEvent(argument[0],"
                " { detail: argument[1], bubbles: true, composed: true })), 0)",
                [wish, detail],
            )

    def measure(self, what: str, camera: str, rung: str, seconds: float) -> list[Skew]:
        """Go over to a camera's rung, and look at it for so long."""
        self._meter.begin()
        self.choose(camera, rung)
        shows = f"it.camera === '{camera}' && it.health?.stats.rendition === '{rung}'"
        self._tab.wait_for("eva-player", f"it.phase === 'live' && {shows}", 20)
        self._tab.page.wait_for_timeout(seconds * 1000)
        for _ in range(PATIENCE_S):
            # Of a machine that leaves pictures out, few flashes are of use.
            if sum(skew.at_s > SETTLED_S for skew in self._meter.found()) >= NEEDED:
                break
            self._tab.page.wait_for_timeout(1000)
        found = [skew for skew in self._meter.end() if skew.at_s > SETTLED_S]
        assert len(found) >= NEEDED, f"{what}: seen and heard {len(found)} times"
        median, worst = typical(found), max((skew.ms for skew in found), key=abs)
        self._figure(f"{what}: sound {median:+.0f} ms, at worst {worst:+.0f} ms, of {len(found)}")
        return found


def typical(found: list[Skew]) -> float:
    """The median, milliseconds."""
    return statistics.median(skew.ms for skew in found)


def told(found: list[Skew]) -> str:
    """What was measured, one after the other."""
    return " ".join(f"{skew.ms:+.0f}" for skew in found)


def test_sound_comes_with_the_picture(
    stack: Stack, browser: Browser, open_tab: Callable[..., Tab], figure: Callable[[str], None]
):
    """After a join, passed through and transcoded."""
    watch = Watch(open_tab, browser, stack, figure)
    for rung in ("source", "240p"):
        found = watch.measure(f"a join, {rung}", "helmet", rung, 8)
        assert abs(typical(found)) <= watch.most_ms, told(found)


@pytest.mark.slow
def test_changes_keep_them_together(
    stack: Stack,
    either: Browser,
    open_either: Callable[..., Tab],
    figure: Callable[[str], None],
):
    watch = Watch(open_either, either, stack, figure)
    steps = {
        "a join, passed through": ("helmet", "source"),
        "a change of rung": ("helmet", "240p"),
        "a change of camera, transcoded": ("drone", "360p"),
        "a change of camera, passed through": ("helmet", "source"),
    }
    measured = {what: watch.measure(what, *to, 12) for what, to in steps.items()}
    apart = {
        what: told(found) for what, found in measured.items() if abs(typical(found)) > watch.most_ms
    }
    assert apart == {}, f"{apart} of {[told(found) for found in measured.values()]}"


@pytest.mark.slow
@pytest.mark.parametrize("rung", ["source", "240p"])
def test_they_do_not_drift(
    rung: str,
    stack: Stack,
    either: Browser,
    open_either: Callable[..., Tab],
    figure: Callable[[str], None],
):
    watch = Watch(open_either, either, stack, figure)
    found = watch.measure(f"a minute of {rung}", "helmet", rung, 60)
    first, last = typical(found[: len(found) // 3]), typical(found[-len(found) // 3 :])
    figure(f"from {first:+.0f} to {last:+.0f} ms")
    assert max(abs(first), abs(last)) <= watch.most_ms, told(found)


@contextmanager
def busy() -> Iterator[None]:
    """A loop that does nothing on each core."""
    loop = [sys.executable, "-c", "while True: pass"]
    processes = [subprocess.Popen(loop) for _ in range(cpu_count() or 1)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.mark.slow
@pytest.mark.parametrize("rung", ["source", "240p"])
def test_a_full_cpu_keeps_them_together(
    rung: str,
    stack: Stack,
    either: Browser,
    open_either: Callable[..., Tab],
    figure: Callable[[str], None],
):
    watch = Watch(open_either, either, stack, figure)
    with busy():
        found = watch.measure(f"with a full CPU, {rung}", "helmet", rung, 20)
    assert abs(typical(found)) <= watch.most_ms, told(found)
