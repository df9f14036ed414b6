"""`relay demo`, as a newcomer meets it: two commands, an address, a picture."""

from __future__ import annotations

import re
import statistics
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from relay.demo import timecode
from tests.support.sphere import view
from tests.support.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.chromium import Tab

STRIPS = """
new Promise((resolve) => {
  const width = 640, height = 360, rows = height / 36, found = [];
  const canvas = new OffscreenCanvas(width, rows);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const look = () => {
    context.drawImage(it, 0, 0, it.videoWidth, it.videoHeight / 36, 0, 0, width, rows);
    const now = Date.now();
    const green = context.getImageData(0, 0, width, rows).data.filter((_, i) => i % 4 === 1);
    found.push([now, [...green]]);
    found.length < 40 ? it.requestVideoFrameCallback(look) : resolve(found);
  };
  it.requestVideoFrameCallback(look);
})
"""


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Callable[..., Stack]]:
    """Starts `relay demo` and waits until it has printed its addresses."""
    started = []

    def start(*arguments: str) -> Stack:
        stack = started[0] if started else Stack(tmp_path)
        started[:] = [stack]
        stack.log.unlink(missing_ok=True)
        stack.start("demo", *arguments)
        stack.wait(lambda: "Ctrl+C" in stack.log.read_text(), "the demo's addresses", 30)
        return stack

    yield start
    for stack in started:
        stack.close()


def test_the_printed_page_shows_moving_cameras_and_their_age(
    demo: Callable[..., Stack],
    open_tab: Callable[[str], Tab],
    screenshots: Path,
    figure: Callable[[str], None],
):
    stack = demo()
    (url,) = re.findall(r"http://localhost:\d+/b/\S+", stack.log.read_text())
    tab = open_tab(url.replace("localhost", "127.0.0.1"))
    for name in ("EV1 helmet", "Drone 1"):
        tab.page.get_by_role("toolbar").get_by_role("button", name=name).click()
        tab.wait_for("video", "it.videoWidth > 0 && !it.paused", 10)
        tab.wait_picture()
        ages = latencies(tab)
        spread = f"{min(ages):.0f} to {max(ages):.0f}"
        figure(f"{name}: glass to glass {statistics.median(ages):.0f} ms ({spread})")
        assert len(ages) > 20
        assert min(ages) >= 0
        tab.screenshot(f"demo-{name.lower().replace(' ', '-')}", screenshots)
    tab.page.get_by_role("toolbar").get_by_role("button", name="Orbit 360°").click()
    tab.wait_for("eva-player", "it.camera === 'orbit360' && it.phase === 'live'", 20)
    tab.wait_for("eva-sphere >> canvas", "it.width > 300", 10)
    stack.wait(lambda: view(tab).std() > 10, "the view to be drawn", 10)


def latencies(tab: Tab) -> list[float]:
    """Ages of the pictures on screen, milliseconds, of those whose strip can be read."""
    found: list[tuple[int, list[int]]] = tab.element("video", STRIPS)
    ages = []
    for now, values in found:
        picture: Any = np.zeros((360, 640), np.uint8)
        picture[:10] = np.array(values, np.uint8).reshape(10, 640)
        shown = timecode.read(picture)
        if shown is not None:
            ages.append(float(now - shown))
    return ages


def test_the_printed_address_takes_a_camera(
    demo: Callable[..., Stack], clip: Path, open_tab: Callable[[str], Tab]
):
    stack = demo()
    first = key_printed(stack)
    stack.publish(first, clip)
    stack.wait_live("eva-demo", "yours")
    tab = open_tab(f"{stack.url}/b/eva-demo")
    tab.page.get_by_role("toolbar").get_by_role("button", name="Your camera").click()
    tab.wait_for("video", "it.videoWidth === 854", 10)
    tab.page.get_by_role("radio", name="5 stars").check()
    tab.wait_for("eva-rating >> .summary", "it.innerText.includes('5.0')", 5)
    tab.page.goto("about:blank")
    stack.stop()
    # A second start keeps what viewers said, and shows a key that works, since the first is stored
    # nowhere.
    stack = demo("--input", str(clip))
    assert key_printed(stack) != first
    shown = stack.get("/api/v1/broadcasts/eva-demo")
    assert shown["rating"]["count"] == 1
    assert [camera["id"] for camera in shown["cameras"]] == ["input", "yours"]
    stack.wait_live("eva-demo", "input")


def key_printed(stack: Stack) -> str:
    """The key that the demo printed, the same in each hint."""
    (key,) = set(re.findall(r"evk_[\w-]+", stack.log.read_text()))
    return key
