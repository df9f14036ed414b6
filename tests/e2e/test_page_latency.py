"""What the page says of the latency: since the camera where its clock is known, or the relay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.late import late_camera
from tests.support.walk import fields, small

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.chromium import Tab
    from tests.support.stack import Stack

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("tells", [True, False])
def test_a_camera_two_seconds_late_is_not_said_to_be_early(
    tells: bool, walk: Stack, clip: Path, open_tab: Callable[..., Tab], screenshots: Path
):
    key = walk.camera_anew("late")
    walk.anew("late", ["late"], **fields())
    with late_camera(walk.rtmp_port, key, small(clip, walk.folder, "helmet"), 2.0, tells=tells):
        walk.wait_live("late", "late", 40)
        tab = open_tab(f"{walk.url}/b/late")
        tab.wait_picture(30)
        what = "behind the camera" if tells else "since it reached the relay"
        # It is told within a second once the clock has proven itself for two.
        tab.wait_for("eva-player >> .latency", f"it.title.includes({what!r})", 30)
        tab.wait_for(
            "eva-player >> .latency", f"Number(it.dataset.ms) {'>=' if tells else '<'} 2000", 20
        )
        assert walk.get("/api/v1/broadcasts/late")["cameras"][0]["clock"] == (
            "camera" if tells else "arrival"
        )
        tab.element("eva-player >> .latency", "it.click()")
        begin = "From shutter to screen" if tells else "From the relay to the screen"
        tab.wait_for("eva-stats", f"it.renderRoot?.textContent.includes({begin!r})", 10)
        tab.page.screenshot(path=screenshots / f"page-latency-{what.rsplit(maxsplit=1)[-1]}.png")
