"""What a page keeps of the cameras that its viewer has left: nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.walk import SLUG

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import CDPSession

    from tests.support.chromium import Tab
    from tests.support.stack import Stack

CAMERAS = (("drone", "Drone"), ("helmet", "EV1 helmet"))
ROUNDS = 3
SWITCHES = 18
"""Between the figures that are compared."""
MOST_MB = 9
"""A page that kept three frames of each camera, as Chromium did, would have grown by 18."""
OBJECTS = ("RTCPeerConnection", "MediaStreamTrack", "MediaStream", "HTMLVideoElement")


def switch(tab: Tab, times: int) -> None:
    """Go to and fro between two cameras, each time until its picture is there."""
    for turn in range(times):
        camera, name = CAMERAS[turn % 2]
        tab.page.get_by_role("toolbar").get_by_role("button", name=name).click()
        tab.wait_for("eva-broadcast", f"it.shown === '{camera}'", 20)
    tab.page.wait_for_timeout(1000)  # the last session of all says goodbye


def counts(session: CDPSession) -> dict[str, int]:
    """How many there are, after the garbage has been collected."""
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    found: dict[str, Any] = {
        each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]
    }
    told = {name: int(found[name]) for name in ("RTCPeerConnections", "JSEventListeners")}
    for name in OBJECTS:
        of = session.send("Runtime.evaluate", {"expression": f"{name}.prototype"})["result"]
        every = session.send("Runtime.queryObjects", {"prototypeObjectId": of["objectId"]})
        length = {"functionDeclaration": "function () { return this.length; }"}
        answer = session.send(
            "Runtime.callFunctionOn",
            {**length, "objectId": every["objects"]["objectId"], "returnByValue": True},
        )
        told[name] = answer["result"]["value"]
        session.send("Runtime.releaseObject", {"objectId": every["objects"]["objectId"]})
    return told


def renderers(tab: Tab) -> dict[int, float]:
    """Megabytes that each renderer of this browser has for itself, by process."""
    browser = tab.page.context.browser
    assert browser is not None
    session = browser.new_browser_cdp_session()
    told = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    found = {}
    for pid in (each["id"] for each in told if each["type"] == "renderer"):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        (dirty,) = (one for one in lines if one.startswith("Private_Dirty:"))
        found[pid] = int(dirty.split()[1]) / 1024
    return found


# In Chromium alone: no other browser tells what it holds.
def test_cameras_that_were_left_leave_nothing_behind(
    walk: Stack, open_tab: Callable[..., Tab], figure: Callable[[str], None]
):
    tab = open_tab(f"{walk.url}/b/{SLUG}")
    tab.wait_picture(30)
    session = tab.page.context.new_cdp_session(tab.page)
    session.send("Performance.enable")
    switch(tab, 6)  # decoders and caches are there after that
    before = counts(session)
    sizes = []
    for _ in range(2 * ROUNDS):
        switch(tab, SWITCHES // ROUNDS)
        after = counts(session)
        held = renderers(tab)
        sizes.append(held[max(held, key=lambda pid: held[pid])])
        for name, count in before.items():
            assert after[name] <= count + 2, name
    figure(f"a page's memory over 36 changes of camera: {sizes[0]:.0f} to {sizes[-1]:.0f} MB")
    # Buffers on their way come and go; what is kept for good is in the least of several figures.
    assert min(sizes[ROUNDS:]) - min(sizes[:ROUNDS]) < MOST_MB, sizes
    assert tab.surprising() == []
