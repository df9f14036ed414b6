"""360° pictures where they cannot be drawn, fingers on them, and the device's own way to share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.axe import violations
from tests.support.browsers import only_chromium
from tests.support.keys import use
from tests.support.looks import inspect
from tests.support.opening import open_settings, open_stats
from tests.support.walk import SLUG, fields

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.chromium import Tab
    from tests.support.stack import Stack

pytestmark = pytest.mark.slow

NO_WEBGL = """
const original = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
  return kind.startsWith("webgl") ? null : original.call(this, kind, ...more);
};
"""
SHARE = """
window.shared = [];
navigator.share = async (what) => {
  window.shared.push(what);
  if (window.shared.length > 1) throw new DOMException("No", "AbortError");
};
"""
FLAT = "it.renderRoot.querySelector('eva-sphere') === null && it.phase === 'live'"
SHOWN = "getComputedStyle(it).visibility === 'visible' && it.videoWidth > 0"


@pytest.fixture
def visit(walk: Stack, open_either: Callable[..., Tab]) -> Callable[..., Tab]:
    """Opens the page, with a script that runs before its own."""

    def visit_one(script: str = "", **given: Any) -> Tab:
        tab = open_either("about:blank", reduced_motion="reduce", **given)
        if script:
            tab.page.add_init_script(script)
        tab.page.goto(f"{walk.url}/b/{SLUG}")
        tab.wait_picture(30)
        return tab

    return visit_one


def around(tab: Tab) -> None:
    tab.page.get_by_role("toolbar").get_by_role("button", name="Orbit, 360°").click()
    tab.wait_for("eva-player", "it.camera === 'orbit' && it.phase === 'live'", 20)


def test_without_webgl_the_picture_is_flat(visit: Callable[..., Tab]):
    tab = visit(NO_WEBGL)
    around(tab)
    tab.page.wait_for_timeout(500)  # for the view that is not to come
    tab.wait_for("eva-player", FLAT, 5)
    tab.wait_for("video", SHOWN, 5)
    tab.page.get_by_role("button", name="Quality and settings").click()
    assert tab.page.get_by_role("menuitem", name="Show the flat picture").count() == 0
    assert violations(tab.page) == []


def test_a_lost_context_leaves_the_flat_picture(visit: Callable[..., Tab]):
    tab = visit()
    around(tab)
    tab.wait_for("eva-sphere >> canvas", "it.width > 100", 20)
    lose = "it.getContext('webgl2').getExtension('WEBGL_lose_context').loseContext()"
    tab.element("eva-sphere >> canvas", lose)
    tab.wait_for("eva-player", FLAT, 5)
    tab.wait_for("video", SHOWN, 5)
    tab.wait_frames(10)


@only_chromium("Firefox cannot be told of fingers")
def test_two_fingers_zoom(visit: Callable[..., Tab]):
    tab = visit(has_touch=True)
    around(tab)
    tab.wait_for("eva-sphere >> canvas", "it.width > 100", 20)
    box = tab.element("eva-sphere >> .field", "(({x, y}) => [x, y])(it.getBoundingClientRect())")
    hand = tab.page.context.new_cdp_session(tab.page)

    def touch(kind: str, *xs: float) -> None:
        points = [{"x": box[0] + x, "y": box[1] + 200, "id": n} for n, x in enumerate(xs)]
        hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    before = tab.element("eva-sphere", "it.looking.fov")
    touch("touchStart", 300, 360)
    for step in range(1, 7):
        touch("touchMove", 300 - 15 * step, 360 + 15 * step)
    touch("touchEnd")
    near = tab.element("eva-sphere", "it.looking.fov")
    assert near < 0.7 * before
    touch("touchStart", 200, 460)
    for step in range(1, 7):
        touch("touchMove", 200 + 15 * step, 460 - 15 * step)
    touch("touchEnd")
    assert tab.element("eva-sphere", "it.looking.fov") > 1.3 * near


def test_the_devices_own_way_to_share(visit: Callable[..., Tab], walk: Stack):
    tab = visit(SHARE)
    tab.page.get_by_role("button", name="Share", exact=True).click()
    tab.wait_for("eva-share >> dialog", "it.open", 10)
    use(tab, "Share with …", "html", "window.shared.length === 1")
    tab.page.keyboard.press("Enter")  # and the viewer thinks better of it
    tab.wait_for("html", "window.shared.length === 2", 5)
    shared = tab.page.evaluate("window.shared[0]")
    assert shared == {"title": fields()["title"], "url": f"{walk.url}/b/{SLUG}"}


def test_sharing_what_only_partners_may_embed(
    walk: Stack, open_still: Callable[..., Tab], screenshots: Path
):
    walk.anew("kept", [], **fields() | {"partners_only": True})
    tab = open_still(f"{walk.url}/b/kept")
    share(tab)
    tab.page.get_by_text("Only partners may embed this broadcast.").wait_for()
    assert tab.element("eva-share >> #frame", "true") is None
    inspect(tab, "page-share-kept", screenshots, full=False)


def lay_out(layout: str) -> Callable[[Tab], None]:
    def act(tab: Tab) -> None:
        for _ in range(("side", "pip", "grid").index(layout) + 1):
            tab.page.keyboard.press("v")
        live = "[...it.renderRoot.querySelectorAll('eva-player')].every((p) => p.phase === 'live')"
        tab.wait_for("eva-stage", f"it.layout === {layout!r} && {live}", 30)

    return act


def share(tab: Tab) -> None:
    tab.page.get_by_role("button", name="Share", exact=True).click()
    tab.wait_for("eva-share >> dialog", "it.open", 10)


def feedback(tab: Tab) -> None:
    tab.page.get_by_role("radio", name="2 stars").check()
    tab.page.get_by_label("What could be better?").wait_for()


OPENED: dict[str, Callable[[Tab], None]] = {
    **{f"layout-{one}": lay_out(one) for one in ("side", "pip", "grid")},
    "menu": open_settings,
    "stats": open_stats,
    "share": share,
    "feedback": feedback,
}


@pytest.mark.parametrize("name", OPENED)
def test_what_opens_looks_right_at_every_width(
    name: str, visit: Callable[..., Tab], screenshots: Path
):
    tab = visit()
    OPENED[name](tab)
    inspect(tab, f"page-{name}", screenshots, full=False)


def test_the_picture_all_around_looks_right_at_every_width(
    visit: Callable[..., Tab], screenshots: Path
):
    tab = visit()
    around(tab)
    tab.wait_for("eva-sphere >> canvas", "it.width > 100", 20)
    inspect(tab, "page-sphere", screenshots, full=False)
