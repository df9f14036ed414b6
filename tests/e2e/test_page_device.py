"""What the page does with the device: how it is held, that its screen stays on, and its sleep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.opening import open_looks
from tests.support.walk import SLUG

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import CDPSession

    from tests.support.chromium import Tab
    from tests.support.stack import Stack

pytestmark = pytest.mark.slow

LOCKS = """
window.locks = [];
const request = navigator.wakeLock?.request.bind(navigator.wakeLock);
if (request) navigator.wakeLock.request = async (type) => {
  const lock = await request(type);
  window.locks.push(lock);
  return lock;
};
"""
"""Keeps the locks that the browser gave, so that they can be asked for their state; an address that
is not secure has none in Firefox."""
HELD = "window.locks.filter((one) => !one.released).length"

SHOW = """async (shown) => {
  const state = shown ? "visible" : "hidden";
  Object.defineProperty(document, "hidden", { value: !shown, configurable: true });
  Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
  if (!shown) {
    await Promise.all(window.locks.map((one) => one.release()));
  }
  document.dispatchEvent(new Event("visibilitychange"));
}"""
"""Hides or shows a page as a browser does, which takes back every lock of a hidden page: Playwright
keeps all pages visible."""


# --- the screen ----------------------------------------------------------------------------------


@pytest.fixture
def watching(walk: Stack, open_either: Callable[..., Tab]) -> Tab:
    """A page that plays, and has the screen stay on."""
    tab = open_either("about:blank")
    tab.page.add_init_script(LOCKS)
    tab.page.goto(f"{walk.url}/b/{SLUG}")
    tab.wait_picture(30)
    wait_held(tab, 1)
    return tab


def wait_held(tab: Tab, count: int) -> None:
    """Wait until so many locks are held."""
    tab.wait_for("html", f"{HELD} === {count}", 5)


def test_the_screen_stays_on_while_a_picture_plays(watching: Tab):
    tab, keys = watching, watching.page.keyboard
    tab.element("media-controller", "it.focus()")
    keys.press("k")
    wait_held(tab, 0)
    keys.press("k")
    wait_held(tab, 1)
    # However quickly somebody changes their mind.
    tab.element("eva-player", "[false, true, false, true].forEach((on) => it.setPlaying(on))")
    tab.page.wait_for_timeout(500)
    wait_held(tab, 1)
    tab.element("eva-player", "[false, true, false].forEach((on) => it.setPlaying(on))")
    tab.page.wait_for_timeout(500)
    wait_held(tab, 0)


def test_a_hidden_page_lets_the_screen_go_and_takes_it_again(watching: Tab):
    tab = watching
    tab.page.evaluate(SHOW, False)
    wait_held(tab, 0)
    tab.page.evaluate(SHOW, True)
    wait_held(tab, 1)
    # Nor is it taken by a page that rests when it comes to the front.
    tab.element("media-controller", "it.focus()")
    tab.page.keyboard.press("k")
    wait_held(tab, 0)
    for shown in (False, True):
        tab.page.evaluate(SHOW, shown)
    tab.page.wait_for_timeout(500)
    wait_held(tab, 0)


def test_a_player_that_leaves_the_page_lets_the_screen_go(watching: Tab):
    tab = watching
    tab.element("eva-player", "it.remove()")
    wait_held(tab, 0)


# --- its motion ----------------------------------------------------------------------------------


def hold(session: CDPSession, alpha: float, beta: float, gamma: float) -> None:
    """Hold the device so: degrees about the vertical, its width and its height."""
    session.send(
        "DeviceOrientation.setDeviceOrientationOverride",
        {"alpha": alpha, "beta": beta, "gamma": gamma},
    )


# In Chromium alone: no other browser can be told how it is held.
def test_a_turned_device_turns_the_view_and_the_compass(walk: Stack, open_tab: Callable[..., Tab]):
    size = {"width": 800, "height": 500}
    tab = open_tab(f"{walk.url}/b/{SLUG}", viewport=size, has_touch=True, is_mobile=True)
    tab.page.get_by_role("toolbar").get_by_role("button", name="Orbit, 360°").click()
    tab.wait_for("eva-sphere >> canvas", "it.width > 100", 30)
    session = tab.page.context.new_cdp_session(tab.page)
    hold(session, 10, 100, 0)  # nearly upright
    open_looks(tab)
    before = tab.element("eva-sphere >> .compass", "it.innerHTML")
    switch = tab.page.get_by_role("button", name="Turn the device to look around")
    switch.click()
    tab.wait_for("eva-sphere", "it.moving !== null", 5)
    # To begin with it looks to where it looked, however the device points; only up and down are
    # the device's at once, by which a page shows that it has heard of it.
    tab.wait_for("eva-sphere", "Math.abs(it.looking.pitch - 10) < 1", 5)
    assert abs(tab.element("eva-sphere", "it.looking.yaw")) < 1
    hold(session, 50, 100, 0)  # to the left
    tab.wait_for("eva-sphere", "Math.abs(it.looking.yaw + 40) < 1", 5)
    tab.wait_for("eva-sphere >> .compass", f"it.innerHTML !== {before!r}", 5)
    hold(session, 50, 110, 0)  # and up
    tab.wait_for("eva-sphere", "Math.abs(it.looking.pitch - 20) < 1", 5)
    assert switch.get_attribute("aria-pressed") == "true"
    switch.click()
    hold(session, 200, 60, 0)
    tab.page.wait_for_timeout(500)
    looking = tab.element("eva-sphere", "({...it.looking})")
    assert (round(looking["yaw"]), round(looking["pitch"])) == (-40, 20)


# As an iPhone's browser does, which asks its owner first.
ASKING = """
window.asked = 0;
DeviceOrientationEvent.requestPermission = async () => (window.asked += 1) && window.says;
"""


def test_a_device_whose_owner_is_asked_first(walk: Stack, open_tab: Callable[..., Tab]):
    size = {"width": 800, "height": 500}
    tab = open_tab("about:blank", viewport=size, has_touch=True, is_mobile=True)
    tab.page.add_init_script(ASKING)
    tab.page.goto(f"{walk.url}/b/{SLUG}")
    tab.page.get_by_role("toolbar").get_by_role("button", name="Orbit, 360°").click()
    tab.wait_for("eva-sphere >> canvas", "it.width > 100", 30)
    hold(tab.page.context.new_cdp_session(tab.page), 10, 100, 0)
    switch = tab.page.get_by_role("button", name="Turn the device to look around")
    for asked, says in ((1, "denied"), (2, "granted")):
        tab.page.evaluate("(says) => { window.says = says }", says)
        switch.click()
        tab.wait_for("html", f"window.asked === {asked}", 5)
        turning = "!==" if says == "granted" else "==="
        tab.wait_for("eva-sphere", f"it.moving {turning} null", 5)
    tab.wait_for("eva-sphere", "Math.abs(it.looking.pitch - 10) < 1", 5)


# --- its sleep -----------------------------------------------------------------------------------

SLEEP = """setTimeout(() => {
  const woken = performance.now() + 4000;
  while (performance.now() < woken);
})"""
"""Has all of a page stand still for longer than what passes for a busy moment."""


def test_a_page_that_was_forgotten_in_its_sleep_makes_another_session(
    walk: Stack, open_either: Callable[..., Tab]
):
    tab = open_either(f"{walk.url}/b/{SLUG}", "404")  # the answer of whoever has forgotten it
    tab.wait_picture(30)
    session = tab.element("eva-player", "it.session")
    tab.page.evaluate(SLEEP)
    walk.request("DELETE", f"/whep/{SLUG}/{session}")
    # Nothing is answered before it wakes.
    other = f"it.session !== null && it.session !== {session!r}"
    tab.wait_for("eva-player", f"{other} && it.phase === 'live'", 10)
    tab.wait_frames(5)
