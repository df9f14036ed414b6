"""The player on the page: menus, layouts, the keyboard alone, statistics, what it remembers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.support.axe import violations
from tests.support.walk import CAMERAS, SLUG

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Route

    from tests.support.chromium import Tab
    from tests.support.stack import Stack

pytestmark = pytest.mark.slow

PLAYERS = """[...it.renderRoot.querySelectorAll("eva-player")].map((one) => ({
  camera: one.camera, phase: one.phase, rendition: one.rendition, bare: one.bare,
  latency: one.health && one.health.latencyMs, bps: one.health && one.health.receivedBps,
}))"""


@pytest.fixture
def page(walk: Stack, open_either: Callable[[str], Tab]) -> Tab:
    """The page with its picture."""
    tab = open_either(f"{walk.url}/b/{SLUG}")
    tab.wait_picture(30)
    return tab


def focus_player(tab: Tab) -> None:
    tab.element("media-controller", "it.focus()")


def test_layouts_show_more_cameras_on_the_lowest_rung(page: Tab, screenshots: Path):
    for layout, count in (("side", 2), ("pip", 2), ("grid", 3)):
        page.page.keyboard.press("v")
        page.wait_for("eva-stage", f"it.layout === '{layout}'", 5)
        page.wait_for(
            "eva-stage",
            f"{PLAYERS}.filter((one) => one.phase === 'live').length === {count}",
            30,
        )
        small = [one for one in page.element("eva-stage", PLAYERS) if one["bare"]]
        assert len(small) == count - 1
        rungs = page.element("eva-stage", "it.broadcast.cameras[1].renditions.map((r) => r.name)")
        assert {one["rendition"] for one in small} == {rungs[-1]}
        page.screenshot(f"page-layout-{layout}", screenshots)
        assert violations(page.page) == []
    page.page.get_by_role("button", name="Show Drone big").click()
    page.wait_for("eva-player", "it.camera === 'drone' && it.phase === 'live'", 20)


def test_cameras_and_quality_from_the_menus(page: Tab, screenshots: Path):
    page.page.get_by_role("button", name="Camera", exact=True).click()
    page.page.get_by_role("menuitemradio", name="Drone").click()
    page.wait_for("eva-player", "it.camera === 'drone'", 10)
    page.wait_for("eva-cameras >> [aria-pressed=true]", "it.dataset.id === 'drone'", 20)
    rungs = page.element("eva-stage", "it.camera.renditions.map((one) => one.name)")
    settings = page.page.get_by_role("button", name="Quality and settings")
    settings.click()
    page.screenshot("page-menu", screenshots)
    assert violations(page.page) == []
    page.page.get_by_role("menuitemradio", name=rungs[-1]).click()
    page.wait_for("eva-player", f"it.health && it.health.stats.rendition === '{rungs[-1]}'", 20)
    heights = page.element("eva-stage", "it.camera.renditions.map((one) => one.height)")
    assert page.element("video", "it.videoHeight") == heights[-1] < heights[0]
    page.wait_for("eva-menu.settings", f"it.word === '{rungs[-1]}'", 5)
    settings.click()
    page.page.get_by_role("menuitemradio", name="Automatic").click()
    page.wait_for("eva-player", "it.rendition === null", 10)


def test_the_keyboard_alone(page: Tab, screenshots: Path):
    keys = page.page.keyboard
    focus_player(page)
    for key, proof in (
        ("k", "it.paused"),
        (" ", "!it.paused"),
        ("m", "!it.muted"),
        ("ArrowDown", "Math.abs(it.volume - 0.9) < 0.01"),
        ("ArrowUp", "it.volume === 1"),
        ("m", "it.muted"),
    ):
        keys.press(key)
        page.wait_for("video", proof, 5)
    for key, word in (("j", "nothing to jump to"), ("5", "nothing to jump"), ("c", "no captions")):
        keys.press(key)
        page.wait_for("eva-player >> .bezel", f"it.textContent.includes('{word}')", 5)
    keys.press("f")
    page.wait_for("html", "document.fullscreenElement !== null", 5)
    page.wait_for("media-controller", "it.hasAttribute('mediaisfullscreen')", 5)
    keys.press("f")
    page.wait_for("html", "document.fullscreenElement === null", 5)
    first = page.element("eva-player", "it.camera")
    keys.press("]")
    page.wait_for("eva-player", f"it.camera !== {first!r}", 5)
    keys.press("[")
    page.wait_for("eva-player", f"it.camera === {first!r}", 5)
    keys.press("i")
    page.wait_for("eva-stats", "it.renderRoot?.textContent.includes('WHEP')", 10)
    page.screenshot("page-stats", screenshots)
    assert violations(page.page) == []
    keys.press("i")
    page.wait_for("html", "document.activeElement !== null", 5)
    keys.press("?")
    page.wait_for("eva-dialog >> dialog", "it.open", 10)
    page.screenshot("page-help", screenshots)
    assert violations(page.page) == []
    keys.press("Escape")
    page.wait_for("eva-player", "it.renderRoot.querySelector('eva-help') === null", 5)


def test_a_camera_that_is_chosen_before_the_first_picture_plays(
    walk: Stack, open_either: Callable[..., Tab]
):
    tab = open_either("about:blank", "ERR_FAILED")
    whep = re.compile("/whep/")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    tab.page.route(whep, hold, times=1)
    with tab.page.expect_request(whep):
        tab.page.goto(f"{walk.url}/b/{SLUG}")
    tab.page.get_by_role("toolbar").get_by_role("button", name="Drone").click()
    tab.wait_for("eva-player", "it.camera === 'drone' && it.phase === 'live'", 20)
    tab.wait_for("video", "!it.paused", 5)
    tab.wait_frames(20)
    held[0].abort()


def test_the_menu_by_keyboard(page: Tab):
    page.element("eva-menu.settings >> .open", "it.focus()")
    page.page.keyboard.press("Enter")
    page.wait_for("eva-menu.settings >> [role=menu]", "it.matches(':popover-open')", 5)
    page.wait_for("eva-menu.settings >> .item:focus", "true", 5)
    page.page.keyboard.press("End")
    page.wait_for("eva-menu.settings >> .item:focus", "it.textContent.includes('Keyboard')", 5)
    page.page.keyboard.press("ArrowDown")
    page.wait_for("eva-menu.settings >> .item:focus", "it.textContent.includes('Automatic')", 5)
    page.page.keyboard.press("Escape")
    page.wait_for("eva-menu.settings >> .open", "it.matches(':focus')", 5)


def test_letters_can_be_kept_to_the_player(page: Tab):
    page.page.keyboard.press("?")
    page.page.get_by_role("checkbox", name="Shortcuts work on the whole page").uncheck()
    page.page.keyboard.press("Escape")
    page.wait_for("eva-player", "it.renderRoot.querySelector('eva-help') === null", 5)
    page.page.get_by_role("button", name="Share", exact=True).focus()
    page.page.keyboard.press("k")
    assert page.element("video", "it.paused") is False
    focus_player(page)
    page.page.keyboard.press("k")
    page.wait_for("video", "it.paused", 5)


def test_letters_written_into_a_comment_are_letters(page: Tab):
    page.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    field = page.page.get_by_label("Your comment")
    field.click()
    field.press_sequentially("mkf ?")
    assert field.input_value() == "mkf ?"
    # Chromium itself pauses silent pictures out of sight, so `k` would not be seen by that.
    assert page.element("video", "it.muted")
    assert page.page.evaluate("document.fullscreenElement") is None
    assert page.element("eva-help", "true") is None


def test_the_volume_is_remembered(page: Tab):
    page.page.get_by_role("button", name="Sound on").click()
    focus_player(page)
    for _ in range(3):
        page.page.keyboard.press("ArrowDown")
    page.wait_for("video", "Math.abs(it.volume - 0.7) < 0.01", 5)
    page.page.reload()
    page.wait_picture(30)
    page.wait_for("video", "it.muted && Math.abs(it.volume - 0.7) < 0.01", 5)


def test_the_latency_is_shown_and_split(page: Tab, figure: Callable[[str], None]):
    page.wait_for("eva-player >> .latency", "Number(it.dataset.ms) > 0", 15)
    figure(f"the badge says {page.element('eva-player >> .latency', 'it.textContent.trim()')}")
    page.page.mouse.move(200, 300)  # brings the controls back
    page.element("eva-player >> .latency", "it.click()")
    page.wait_for("eva-stats", "it.renderRoot?.querySelectorAll('.part').length === 4", 10)


def test_the_system_knows_what_plays(page: Tab):
    found = page.page.evaluate(
        """[navigator.mediaSession.metadata.title, navigator.mediaSession.metadata.artist,
            navigator.mediaSession.metadata.artwork[0].src.slice(0, 15)]"""
    )
    title, camera, artwork = found
    assert title == "Cooling pump replacement outside the Harmony module"
    assert camera in CAMERAS.values()
    assert artwork == "data:image/jpeg"


def test_a_360_picture_can_be_looked_around_in(page: Tab):
    page.page.get_by_role("toolbar").get_by_role("button", name="Orbit, 360°").click()
    page.wait_for("eva-player", "it.camera === 'orbit' && it.phase === 'live'", 20)
    page.wait_for("eva-sphere >> canvas", "it.width > 100", 20)
    assert violations(page.page) == []
    page.element("eva-sphere >> .field", "it.focus()")
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "+"):
        page.page.keyboard.press(key)
    looking = page.element("eva-sphere", "({...it.looking})")
    assert (looking["yaw"], looking["pitch"]) == (24, 12)
    assert looking["fov"] < 75
    page.page.get_by_role("button", name="Look left").click()
    assert page.element("eva-sphere", "it.looking.yaw") == 12
    page.page.get_by_role("button", name="Look ahead").click()
    assert page.element("eva-sphere", "it.looking.yaw") == 0
    page.page.mouse.move(400, 300)
    page.page.mouse.down()
    page.page.mouse.move(300, 300, steps=4)
    page.page.mouse.up()
    assert page.element("eva-sphere", "it.looking.yaw") > 5
    page.page.mouse.wheel(0, -480)
    page.wait_for("eva-sphere", "it.looking.fov < 75", 5)
    # The flat picture is one choice away.
    page.page.get_by_role("button", name="Quality and settings").click()
    page.page.get_by_role("menuitem", name="Show the flat picture").click()
    page.wait_for("eva-player", "it.renderRoot.querySelector('eva-sphere') === null", 5)
