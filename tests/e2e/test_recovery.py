"""Processes that are killed while somebody watches."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

from tests.support.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.chromium import Tab

WORKER_S = 3.0
"""Within this pictures move again after the camera's worker was killed, says the issue."""
EDGE_S = 5.0
"""Within this the player has another session after the edge was killed."""


def test_pictures_come_back_by_themselves(
    tmp_path: Path,
    clip: Path,
    open_tab: Callable[[str], Tab],
    figure: Callable[[str], None],
):
    with Stack(tmp_path).running() as stack:
        stack.publish(stack.camera("gopro"), clip)
        stack.broadcast("eva", ["gopro"])
        stack.wait_live("eva", "gopro")
        tab = open_tab(f"{stack.url}/b/eva")
        tab.wait_picture()
        tab.page.evaluate("window.sameDocument = true")
        for name, needles, limit in (
            ("camera worker", ("camera", "run", "gopro"), WORKER_S),
            ("edge", ("edge", "--index"), EDGE_S),
        ):
            wait_moving(tab, 5)
            (victim,) = stack.children(*needles)
            os.kill(victim, signal.SIGKILL)
            killed = time.monotonic()
            wait_still(tab, 2)
            wait_moving(tab, 10)
            took = time.monotonic() - killed
            figure(f"pictures move again {took:.2f} s after kill -9 of the {name}")
            assert took <= limit
            assert tab.page.evaluate("window.sameDocument")
        # Without an edge a session is refused for a moment, and Chromium writes that down.
        tab.complaints[:] = [text for text in tab.complaints if "503" not in text]


def wait_moving(tab: Tab, within_s: float) -> None:
    """Wait until at least five frames in a row come in time."""
    deadline, last, in_time = time.monotonic() + within_s, tab.frames(), 0
    while in_time < 5:
        assert time.monotonic() < deadline, f"no moving pictures within {within_s} s"
        tab.page.wait_for_timeout(50)
        frames = tab.frames()
        in_time = in_time + 1 if frames > last else 0
        last = frames


def wait_still(tab: Tab, within_s: float) -> None:
    """Wait until no frame has come for 200 ms: what was buffered has been shown."""
    deadline, last, since = time.monotonic() + within_s, tab.frames(), time.monotonic()
    while time.monotonic() - since < 0.2:
        assert time.monotonic() < deadline, "the pictures do not stop"
        tab.page.wait_for_timeout(20)
        frames = tab.frames()
        if frames != last:
            last, since = frames, time.monotonic()
