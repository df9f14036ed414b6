"""Cameras side by side show one moment, read from their pictures: one of them comes late."""

from __future__ import annotations

import statistics
import time
from collections import deque
from contextlib import ExitStack
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from tests.support.plain import plain_camera
from tests.support.stack import Stack
from tests.support.strip import ages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.chromium import Tab

pytestmark = pytest.mark.slow

CAMERAS = ("helmet", "drone", "truss")
LATE_S = 0.4
"""By this the drone's pictures come later than the others'."""
APART_MS = 150
"""Aligned cameras stand no further apart than this: generous, for a machine that is busy."""
SETTLE_S = 45
"""Cameras come together within this; on a machine that is not busy, in some ten seconds."""
LOOKS = 10

# What a page says to the browser of its buffers is not heard: cameras come as they come.
DEAF = """
for (const name of ["jitterBufferTarget", "playoutDelayHint"]) {
  Object.defineProperty(RTCRtpReceiver.prototype, name, { get: () => null, set: () => {} });
}
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A relay with three cameras, the second of them late."""
    with Stack(tmp_path_factory.mktemp("aligned")).running() as stack, ExitStack() as cameras:
        for name in CAMERAS:
            cameras.enter_context(plain_camera(stack, name, LATE_S if name == "drone" else 0))
        stack.broadcast("aligned", list(CAMERAS))
        for name in CAMERAS:
            stack.wait_live("aligned", name, 60)
        yield stack


def open_grid(tab: Tab) -> None:
    for _ in range(3):
        tab.page.keyboard.press("v")
    tab.wait_for("eva-stage", "it.layout === 'grid'", 10)
    live = "[...it.renderRoot.querySelectorAll('eva-player')].map((one) => one.phase).join()"
    tab.wait_for("eva-stage", f"{live} === 'live,live,live'", 30)


def spreads(tab: Tab) -> Iterator[float]:
    """How far the cameras stand apart, milliseconds: typical values of some seconds, again and
    again.
    """
    looks: deque[float] = deque(maxlen=LOOKS)
    until = time.monotonic() + SETTLE_S
    while time.monotonic() < until:
        tab.page.wait_for_timeout(400)
        told = ages(tab)
        if len(told) == len(CAMERAS):
            looks.append(max(told.values()) - min(told.values()))
        if len(looks) == LOOKS:
            yield statistics.median(looks)


def test_cameras_side_by_side_wait_for_the_latest(
    stack: Stack, open_either: Callable[..., Tab], figure: Callable[[str], None]
):
    url = f"{stack.url}/b/aligned"
    deaf = open_either("about:blank")
    deaf.page.add_init_script(DEAF)
    deaf.page.goto(url)
    deaf.wait_picture(30)
    open_grid(deaf)
    apart = min(islice(spreads(deaf), LOOKS))
    deaf.page.close()
    assert apart > 1000 * LATE_S / 2
    tab = open_either(url)
    tab.wait_picture(30)
    open_grid(tab)
    near = min(APART_MS, apart / 2)
    together = next((one for one in spreads(tab) if one < near), None)
    figure(f"cameras stand {apart:.0f} ms apart as they come, {together or 0:.0f} ms aligned")
    assert together is not None, f"no nearer than {near:.0f} ms within {SETTLE_S} s"
    # Whoever looks at one camera alone again waits for nobody.
    tab.page.keyboard.press("v")
    tab.wait_for("eva-stage", "it.layout === 'single'", 5)
    tab.wait_for("eva-player", "it.phase === 'live' && it.holdMs === null", 10)
    tab.page.wait_for_timeout(3000)
    alone = statistics.median(next(iter(ages(tab).values())) for _ in range(9))
    figure(f"a camera alone is {alone:.0f} ms late")
    assert alone < 1000 * LATE_S
