"""The page with the demo's cameras, which say when each picture was taken, and turn all around."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from relay.demo.show import URL
from tests.support.axe import violations
from tests.support.sphere import Look, error, frame, looking, view
from tests.support.stack import Stack
from tests.support.strip import check_badge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from tests.support.chromium import Tab

pytestmark = pytest.mark.slow

LIKE = 3
"""Mean difference from what a view has to show: a browser has two ways to a frame's colours."""
SIZES = {"helmet": ("640", "360"), "orbit360": ("640", "320")}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A relay with a broadcast of two drawn cameras, small ones."""
    with Stack(tmp_path_factory.mktemp("drawn")).running() as stack:
        cameras = [send(stack, name) for name in SIZES]
        stack.broadcast("drawn", list(SIZES))
        try:
            for name in SIZES:
                stack.wait_live("drawn", name, 30)
            yield stack
        finally:
            for camera in cameras:
                camera.terminate()
                camera.wait(10)


def send(stack: Stack, name: str) -> subprocess.Popen[bytes]:
    """Have a camera drawn and sent."""
    projection = "equirectangular" if name == "orbit360" else "flat"
    key = stack.camera(name, projection=projection)
    width, height = SIZES[name]
    with (stack.folder / f"{name}.log").open("ab") as log:
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "relay", "demo-camera", name),
                *("--width", width, "--height", height, "--fps", "25", "--marks"),
            ],
            env=stack.environment | {URL: f"rtmp://127.0.0.1:{stack.rtmp_port}/live/{key}"},
            cwd=stack.folder,
            stdout=log,
            stderr=log,
        )


@pytest.mark.parametrize(("rung", "name"), [("source", "Original"), ("240p", "240p")])
def test_the_latency_badge_tells_the_truth(
    rung: str,
    name: str,
    drawn: Stack,
    open_either: Callable[[str], Tab],
    figure: Callable[[str], None],
):
    tab = open_either(f"{drawn.url}/b/drawn")
    tab.wait_picture(30)
    tab.page.get_by_role("button", name="Quality and settings").click()
    tab.page.get_by_role("menuitemradio", name=re.compile(f"^{name}")).click()
    tab.wait_for("eva-player", f"it.health && it.health.stats.rendition === '{rung}'", 20)
    tab.wait_for("eva-player >> .latency", "Number(it.dataset.ms) > 0", 15)
    badges = check_badge(tab, 5, figure, f"pictures of {rung}")
    assert all(abs(badge.told_ms - badge.measured_ms) <= 1 for badge in badges)


FAST = """
window.trueNow = Date.now.bind(Date);
Date.now = () => window.trueNow() + 3_600_000;
"""
"""A clock that is an hour fast, and what tests read the true time by."""


def test_the_badge_goes_by_the_servers_clock(
    drawn: Stack, open_either: Callable[[str], Tab], figure: Callable[[str], None]
):
    tab = open_either("about:blank")
    tab.page.add_init_script(FAST)
    tab.page.goto(f"{drawn.url}/b/drawn")
    tab.wait_picture(30)
    tab.wait_for("eva-player >> .latency", "Number(it.dataset.ms) > 0", 15)
    check_badge(tab, 5, figure, "by a clock that is fast, pictures")


# --- all around ----------------------------------------------------------------------------------


@pytest.fixture
def around(drawn: Stack, open_either: Callable[[str], Tab]) -> Tab:
    """The page with the camera that films all around."""
    tab = open_either(f"{drawn.url}/b/drawn")
    tab.page.get_by_role("toolbar").get_by_role("button", name="Orbit360").click()
    tab.wait_for("eva-player", "it.camera === 'orbit360' && it.phase === 'live'", 20)
    tab.wait_for("eva-sphere >> canvas", "it.width > 300", 20)
    wait_frames(tab, 3)  # the view draws each as it comes
    return tab


def hold(tab: Tab) -> NDArray[np.float64]:
    """Have the picture stand still, for the Earth turns; the frame that the view then draws."""
    tab.element("eva-player", "it.setPlaying(false)")
    tab.wait_for("video", "it.paused", 5)
    before, now = view(tab), None
    for _ in range(20):  # the last frame is on its way into the view
        tab.page.wait_for_timeout(100)
        now = view(tab)
        if np.array_equal(before, now):
            return frame(tab)
        before = now
    raise AssertionError("the picture goes on, though it is paused")


def wait_frames(tab: Tab, count: int) -> None:
    """Let the video show some more frames."""
    tab.element(
        "video",
        """new Promise((resolve) => {
          let left = argument;
          const look = () => (left-- > 0 ? it.requestVideoFrameCallback(look) : resolve(null));
          look();
        })""",
        count,
    )


def assert_shows(tab: Tab, whole: NDArray[np.float64], others: list[Look]) -> Look:
    """The view shows what lies where it says that it looks, and nothing else; returns where."""
    seen, look = view(tab), looking(tab)
    off = error(seen, whole, look)
    assert off < LIKE
    assert look not in others
    for other in others:
        assert error(seen, whole, other) > 1.5 * off, (look, other)
    return look


def test_looking_around_shows_something_else(around: Tab, screenshots: Path):
    tab = around
    whole = hold(tab)
    first = view(tab)
    assert first.std() > 10  # a picture
    looks = [assert_shows(tab, whole, [])]
    follow = tab.page.get_by_role("button", name="Follow the operator's view")
    assert follow.count() == 0  # nobody tells
    tab.element("eva-sphere >> .field", "it.focus()")
    for press in ("ArrowRight", "ArrowUp", "+"):
        for _ in range(4):
            tab.page.keyboard.press(press)
        looks.append(assert_shows(tab, whole, looks))
    tab.page.keyboard.press("Home")
    assert np.array_equal(view(tab), first)  # ahead again
    box = tab.element("eva-sphere >> .field", "(({x, y}) => [x, y])(it.getBoundingClientRect())")
    tab.page.mouse.move(box[0] + 500, box[1] + 250)
    tab.page.mouse.down()
    tab.page.mouse.move(box[0] + 250, box[1] + 250, steps=5)
    tab.page.mouse.up()
    assert_shows(tab, whole, looks)
    tab.element("eva-player", "it.setPlaying(true)")
    wait_frames(tab, 3)
    assert not np.array_equal(view(tab), first)
    tab.screenshot("page-sphere", screenshots)
    assert violations(tab.page) == []


def test_following_the_operators_view(
    drawn: Stack, around: Tab, open_either: Callable[[str], Tab], screenshots: Path
):
    def look(yaw: float, pitch: float, fov: float) -> None:
        body = {"yaw": yaw, "pitch": pitch, "fov": fov}
        drawn.request("PUT", "/api/v1/cameras/orbit360/view", body)

    def wait_looking(tab: Tab, yaw: float, pitch: float, fov: float) -> None:
        far = f"Math.abs(it.looking.yaw - {yaw}) + Math.abs(it.looking.pitch - {pitch})"
        tab.wait_for("eva-sphere", f"{far} + Math.abs(it.looking.fov - {fov}) < 0.2", 10)

    whole = hold(around)
    first = assert_shows(around, whole, [])
    switch = around.page.get_by_role("button", name="Follow the operator's view")
    look(120, -20, 60)
    wait_looking(around, 120, -20, 60)
    assert switch.get_attribute("aria-pressed") == "true"
    assert_shows(around, whole, [first])
    around.element("eva-player", "it.setPlaying(true)")
    wait_frames(around, 3)
    around.screenshot("page-sphere-follow", screenshots)
    assert violations(around.page) == []
    # Whoever takes hold of the picture is let go.
    around.element("eva-sphere >> .field", "it.focus()")
    around.page.keyboard.press("Home")
    look(-60, 10, 80)
    around.wait_for("eva-sphere", "it.operatorView.yaw === -60", 10)
    wait_looking(around, 0, 0, 75)
    assert switch.get_attribute("aria-pressed") == "false"
    # The switch is reached and turned on by the keyboard.
    switch.focus()
    around.page.keyboard.press("Enter")
    wait_looking(around, -60, 10, 80)
    # One who comes later looks where the operator does.
    later = open_either(f"{drawn.url}/b/drawn")
    later.page.get_by_role("toolbar").get_by_role("button", name="Orbit360").click()
    later.wait_for("eva-sphere >> canvas", "it.width > 100", 20)
    wait_looking(later, -60, 10, 80)
