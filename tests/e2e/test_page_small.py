"""What lies over a picture keeps clear of one another, and small players keep all they promise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.axe import violations
from tests.support.browsers import only_chromium
from tests.support.opening import open_looks, open_stats
from tests.support.walk import SLUG

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.chromium import Tab
    from tests.support.stack import Stack

pytestmark = pytest.mark.slow

EMBEDS = [(200, 200), (320, 180), (400, 225), (640, 360), (1280, 720)]
BOX = "(({ x, y, width, height }) => ({ x, y, width, height }))(it.getBoundingClientRect())"
BOXES = f"[...it.renderRoot.querySelectorAll(SELECTOR)].map((it) => {BOX})"


@pytest.fixture
def visit(open_either: Callable[..., Tab]) -> Callable[..., Tab]:
    """Opens a page in a window of that size."""

    def visit_one(url: str, width: int, height: int, **given: Any) -> Tab:
        tab = open_either(url, viewport={"width": width, "height": height}, **given)
        tab.wait_picture(30)
        return tab

    return visit_one


def box(tab: Tab, selector: str) -> dict[str, float]:
    found: dict[str, float] | None = tab.element(selector, BOX)
    assert found is not None, selector
    return found


def boxes(tab: Tab, host: str, selector: str) -> list[dict[str, float]]:
    """Where those elements of a component are that can be seen."""
    found: list[dict[str, float]] = tab.element(host, BOXES.replace("SELECTOR", repr(selector)))
    return [one for one in found if one["width"] > 1 and one["height"] > 1]


def meet(one: dict[str, float], other: dict[str, float]) -> bool:
    """Whether two boxes have a part in common; half a pixel is none."""
    return all(
        one[at] + one[size] > other[at] + 0.5 and other[at] + other[size] > one[at] + 0.5
        for at, size in (("x", "width"), ("y", "height"))
    )


def within(one: dict[str, float], width: float, height: float) -> bool:
    return (
        one["x"] >= 0
        and one["y"] >= 0
        and one["x"] + one["width"] <= width + 0.5
        and one["y"] + one["height"] <= height + 0.5
    )


# --- embeds --------------------------------------------------------------------------------------


def test_five_stars_in_the_smallest_embed(
    walk: Stack, visit: Callable[..., Tab], screenshots: Path
):
    tab = visit(f"{walk.url}/embed/{SLUG}", 200, 200)
    opener = tab.page.get_by_role("button", name="Rate this broadcast")
    opener.click()
    tab.wait_for("eva-rating >> input", "it.matches(':focus')", 5)
    for stars in (1, 2, 3, 4, 5):
        star = boxes(tab, "eva-rating", "label")[stars - 1]
        assert within(star, 200, 200)
        assert min(star["width"], star["height"]) >= 24
        # What a finger meets there is the star, and nothing that lies over it.
        tab.page.mouse.click(star["x"] + star["width"] / 2, star["y"] + star["height"] / 2)
        tab.wait_for("eva-rating", f"it.rating.yours === {stars}", 10)
        if stars == 5:
            tab.page.screenshot(path=screenshots / "page-embed-200-rating.png")
            assert violations(tab.page) == []
    tab.page.get_by_role("button", name="Close").click()
    tab.wait_for("eva-embed", "it.renderRoot.querySelector('eva-rating') === null", 5)
    assert tab.element("eva-embed >> header button", "it.matches(':focus')")


@pytest.mark.parametrize("size", EMBEDS)
def test_a_low_vote_can_be_explained_in_every_embed(
    size: tuple[int, int], walk: Stack, visit: Callable[..., Tab]
):
    # One vote each: of a broadcast's own network, only so many count before they have watched.
    slug = f"rated-{size[0]}"
    walk.anew(slug, ["helmet"])
    tab = visit(f"{walk.url}/embed/{slug}", *size)
    tab.page.get_by_role("button", name="Rate this broadcast").click()
    tab.page.get_by_role("radio", name="2 stars").check()
    tab.page.get_by_label("What could be better?").fill("Larger letters")
    send = tab.page.get_by_role("button", name="Send to the team")
    send.scroll_into_view_if_needed()
    assert within(box(tab, "eva-feedback >> .send"), *size)
    assert within(box(tab, "eva-dialog >> button"), *size)
    send.click()
    tab.page.get_by_text("The team reads every word").wait_for()
    tab.page.keyboard.press("Escape")
    tab.wait_for("eva-embed", "it.renderRoot.querySelector('eva-rating') === null", 5)


@pytest.mark.parametrize("size", EMBEDS)
def test_a_360_picture_in_an_embed_keeps_clear_of_its_head(
    size: tuple[int, int], walk: Stack, visit: Callable[..., Tab], screenshots: Path
):
    tab = visit(f"{walk.url}/embed/{SLUG}?camera=orbit&lang=fr", *size)
    tab.wait_for("eva-sphere >> canvas", "it.width > 100", 20)
    tab.page.mouse.move(size[0] / 2, size[1] / 2)
    tab.page.screenshot(path=screenshots / f"page-embed-360-{size[0]}.png")
    # One button leaves a small picture to be looked at, and brings all the others; a large one has
    # room for them.
    shown = len(boxes(tab, "eva-sphere", ".controls > *, .pad button"))
    assert shown == 1 if size[1] < 448 else shown >= 8
    open_looks(tab)
    looks = boxes(tab, "eva-sphere", ".controls > *, .pad button")
    assert len(looks) >= 8
    above = boxes(tab, "eva-embed", "header a, header eva-badge, header .viewers, header button")
    sound = boxes(tab, "eva-player", ".sound")
    bar = boxes(tab, "eva-player", "media-control-bar > :is(media-play-button, eva-menu)")
    assert above
    assert sound
    assert bar
    for look in looks:
        assert within(look, *size)
        assert min(look["width"], look["height"]) >= 24
        assert not any(meet(look, other) for other in (*above, *sound, *bar))


def test_the_camera_on_air_in_an_embeds_menu_means_the_programme(
    walk: Stack, visit: Callable[..., Tab]
):
    tab = visit(f"{walk.url}/embed/{SLUG}", 800, 450)
    programme = walk.get(f"/api/v1/broadcasts/{SLUG}")["programme"]
    other = next(one for one in ("helmet", "drone") if one != programme)
    names = {"helmet": "EV1 helmet", "drone": "Drone", "orbit": "Orbit, 360°"}
    for camera, chosen in ((other, other), (programme, None)):
        tab.page.mouse.move(300, 200)
        tab.page.get_by_role("button", name="Camera", exact=True).click()
        tab.page.get_by_role("menuitemradio", name=names[camera]).click()
        tab.wait_for("eva-embed", f"it.shown === {camera!r}", 20)
        assert tab.element("eva-embed", "it.chosen") == chosen


# --- the page ------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(320, 640), (1280, 800)])
def test_the_way_to_sound_leaves_the_pictures_free(
    size: tuple[int, int], walk: Stack, visit: Callable[..., Tab]
):
    tab = visit(f"{walk.url}/b/{SLUG}", *size)
    assert box(tab, "eva-player >> .sound")["width"] > 80
    tab.page.keyboard.press("v")
    tab.page.keyboard.press("v")
    tab.wait_for("eva-stage", "it.layout === 'pip'", 5)
    tab.wait_for("eva-stage >> .small eva-player", "it.phase === 'live'", 20)
    assert not meet(box(tab, "eva-player >> .sound"), box(tab, "eva-stage >> .small"))
    # Its word goes after some seconds; its name stays.
    tab.wait_for("eva-player >> .sound", "it.clientWidth < 56", 15)
    tab.page.get_by_role("button", name="Sound on").click()
    tab.wait_for("video", "!it.muted", 5)


def test_a_360_picture_on_a_telephone(walk: Stack, visit: Callable[..., Tab]):
    tab = visit(f"{walk.url}/b/{SLUG}", 320, 640, has_touch=True, is_mobile=True)
    tab.page.get_by_role("toolbar").get_by_role("button", name="Orbit, 360°").click()
    tab.wait_for("eva-sphere >> canvas", "it.width > 100", 30)
    walk.request("PUT", "/api/v1/cameras/orbit/view", {"yaw": 5, "pitch": 0, "fov": 75})
    (compass,) = boxes(tab, "eva-sphere", ".controls > *")
    picture = box(tab, "eva-sphere")
    covered = compass["width"] * compass["height"] / (picture["width"] * picture["height"])
    assert covered < 0.03
    open_looks(tab)
    follow = tab.page.get_by_role("button", name="Follow the operator's view")
    follow.wait_for()
    tab.page.evaluate("scrollTo(0, 0)")
    looks = boxes(tab, "eva-sphere", ".controls > *, .pad button")
    sound = box(tab, "eva-player >> .sound")
    assert all(within(one, 320, 640) and not meet(one, sound) for one in looks)


def test_names_cover_little_of_small_pictures(walk: Stack, visit: Callable[..., Tab]):
    tab = visit(f"{walk.url}/b/{SLUG}", 320, 640)
    for _ in range(3):
        tab.page.keyboard.press("v")
    tab.wait_for("eva-stage", "it.layout === 'grid'", 5)
    tiles, names = (boxes(tab, "eva-stage", one) for one in (".small", ".small bdi"))
    assert len(tiles) == len(names) == 2
    for tile, name in zip(tiles, names, strict=True):
        assert name["width"] * name["height"] < 0.2 * tile["width"] * tile["height"]
    whole = tab.page.evaluate("document.documentElement.clientWidth")  # less a bar for scrolling
    assert box(tab, "eva-stage >> .main")["width"] == whole


@pytest.mark.parametrize("size", [(1280, 800), (1000, 1000), (900, 500)])
def test_tiles_keep_their_shape_in_full_screen(
    size: tuple[int, int], walk: Stack, visit: Callable[..., Tab], screenshots: Path
):
    tab = visit(f"{walk.url}/b/{SLUG}", *size)
    for presses, layout in ((1, "side"), (2, "grid")):
        for _ in range(presses):
            tab.page.keyboard.press("v")
        tab.wait_for("eva-stage", f"it.layout === '{layout}'", 5)
        tab.wait_for("eva-stage >> .small eva-player", "it.phase === 'live'", 20)
        tab.page.keyboard.press("f")
        tab.wait_for("html", "document.fullscreenElement !== null", 5)
        tab.wait_for("eva-stage >> .tiles", "it.clientHeight >= innerHeight", 5)
        screen = tab.page.evaluate("[innerWidth, innerHeight]")  # Firefox's is as it is
        tab.page.screenshot(path=screenshots / f"page-full-{layout}-{size[0]}.png")
        for one in boxes(tab, "eva-stage", ".tile, .tile eva-player"):
            assert one["width"] / one["height"] == pytest.approx(16 / 9, rel=0.02)
            assert within(one, *screen)
        tab.page.keyboard.press("f")
        tab.wait_for("html", "document.fullscreenElement === null", 5)


@pytest.mark.parametrize("size", [(1280, 800), (700, 600)])
def test_statistics_end_above_the_bar(
    size: tuple[int, int], walk: Stack, visit: Callable[..., Tab]
):
    tab = visit(f"{walk.url}/b/{SLUG}", *size)
    tab.wait_for("eva-player", "it.health !== null", 10)
    tab.page.keyboard.press("i")
    tab.wait_for("eva-stats", "it.renderRoot?.textContent.includes('WHEP')", 10)
    panel, bar = box(tab, "eva-stats"), box(tab, "eva-player >> media-play-button:not(.resume)")
    assert panel["y"] + panel["height"] <= bar["y"]
    # All of it is to be seen, without scrolling.
    assert tab.element("eva-stats", "it.scrollHeight <= it.clientHeight + 1")
    assert violations(tab.page) == []


def test_statistics_on_a_telephone_are_a_dialog(
    walk: Stack, visit: Callable[..., Tab], screenshots: Path
):
    tab = visit(f"{walk.url}/b/{SLUG}", 320, 640)
    tab.wait_for("eva-player", "it.health !== null", 10)
    tab.page.keyboard.press("i")
    dialog = tab.page.get_by_role("dialog", name="Statistics")
    dialog.wait_for()
    tab.wait_for("eva-stats", "it.renderRoot?.textContent.includes('Round trip')", 10)
    tab.page.screenshot(path=screenshots / "page-stats-320.png")
    assert violations(tab.page) == []
    dialog.get_by_role("button", name="Close").click()
    tab.wait_for("eva-player", "it.renderRoot.querySelector('eva-stats') === null", 5)


@only_chromium("two clicks of Firefox's driver never are a double click")
def test_a_double_click_fills_the_screen_and_pauses_nothing(walk: Stack, visit: Callable[..., Tab]):
    tab = visit(f"{walk.url}/b/{SLUG}", 1280, 800)
    for full in ("!==", "==="):
        # In the middle, where a pause brings a button.
        tab.page.mouse.dblclick(450, 290)
        tab.wait_for("html", f"document.fullscreenElement {full} null", 5)
        tab.wait_for("video", "!it.paused", 5)
        tab.page.wait_for_timeout(600)
        assert tab.element("video", "it.paused") is False
    tab.page.mouse.click(450, 290)
    tab.wait_for("video", "it.paused", 5)


def test_the_wheel_over_a_360_picture_scrolls_the_page(walk: Stack, visit: Callable[..., Tab]):
    tab = visit(f"{walk.url}/b/{SLUG}", 1280, 800)
    tab.page.get_by_role("toolbar").get_by_role("button", name="Orbit, 360°").click()
    tab.wait_for("eva-sphere >> canvas", "it.width > 100", 20)
    tab.page.mouse.move(400, 300)
    tab.page.mouse.wheel(0, 120)
    tab.wait_for("html", "scrollY > 50", 5)
    assert tab.element("eva-sphere", "it.looking.fov") == 75
    tab.page.evaluate("scrollTo(0, 0)")
    tab.page.keyboard.down("Control")
    tab.page.mouse.wheel(0, -240)
    tab.page.keyboard.up("Control")
    tab.wait_for("eva-sphere", "it.looking.fov < 75", 5)
    tab.element("eva-sphere >> .field", "it.focus()")
    tab.page.mouse.wheel(0, 240)
    tab.wait_for("eva-sphere", "Math.abs(it.looking.fov - 75) < 0.1", 5)
    assert tab.page.evaluate("scrollY") == 0


def test_help_names_the_keys_that_do_something(walk: Stack, visit: Callable[..., Tab]):
    for path, here, absent in (
        ("/b/", ["Next layout", "Previous camera"], ["Look ahead", "Ten seconds back"]),
        ("/embed/", ["Previous camera"], ["Next layout", "Look ahead", "Captions"]),
        ("/embed/?camera=orbit", ["Zoom in, zoom out", "Look ahead"], ["Next layout"]),
    ):
        base, _, query = path.partition("?")
        tab = visit(f"{walk.url}{base}{SLUG}?{query}", 1280, 800)
        if query:
            tab.wait_for("eva-sphere >> canvas", "it.width > 100", 20)
        tab.page.keyboard.press("?")
        tab.wait_for("eva-dialog >> dialog", "it.open", 10)
        told = tab.element("eva-help", "it.renderRoot.textContent")
        assert [one for one in here if one not in told] == []
        assert [one for one in absent if one in told] == []
        assert violations(tab.page) == []


def test_a_camera_without_signal_offers_the_programme(
    walk: Stack, visit: Callable[..., Tab], screenshots: Path
):
    if "away" not in [camera["id"] for camera in walk.get("/api/v1/cameras")["cameras"]]:
        walk.camera("away", name="Away")
    walk.anew("partly", ["helmet", "away"], title="Partly")
    walk.wait_live("partly", "helmet")
    for path in ("/b/partly", "/embed/partly"):
        tab = visit(walk.url + path, 1280, 800)
        tab.page.mouse.move(400, 300)
        tab.page.get_by_role("button", name="Camera", exact=True).click()
        tab.page.get_by_role("menuitemradio", name="Away").click()
        back = tab.page.get_by_role("button", name="Back to the programme")
        back.wait_for()
        tab.page.screenshot(path=screenshots / f"page-away{path.replace('/', '-')}.png")
        assert violations(tab.page) == []
        # The server answers that this camera sends nothing.
        tab.complaints[:] = [one for one in tab.complaints if "409" not in one]
        back.click()
        tab.wait_for("eva-player", "it.camera === 'helmet' && it.phase === 'live'", 20)
        assert tab.element("eva-broadcast, eva-embed", "it.chosen") is None


@only_chromium("Firefox cannot be told to force colours on one page")
def test_forced_colours_keep_what_is_chosen(
    walk: Stack, visit: Callable[..., Tab], screenshots: Path
):
    tab = visit(f"{walk.url}/b/{SLUG}", 1280, 800, forced_colors="active")
    tab.page.screenshot(path=screenshots / "page-forced-colours.png", full_page=True)
    width = "parseFloat(getComputedStyle(it).borderTopWidth)"
    fill = "getComputedStyle(it).backgroundColor"
    for host in ("eva-cameras >> ", "eva-broadcast >> .layouts "):
        tab.wait_for(f"{host}[aria-pressed=true]", f"{width} === 3", 10)
        assert tab.element(f"{host}[aria-pressed=false]", width) < 3
    behind = tab.element("eva-cameras >> button", fill)
    assert tab.element("eva-cameras >> .live .dot", fill) != behind
    assert tab.element("eva-badge", width) >= 1
    assert tab.element("eva-player >> .sound", width) >= 1


@pytest.mark.parametrize(
    ("page", "width", "height"),
    [("b", 320, 640), ("b", 1280, 800), *(("embed", *size) for size in EMBEDS)],
)
def test_a_word_that_answers_a_key_is_read_beside_the_way_to_sound(
    page: str, width: int, height: int, walk: Stack, visit: Callable[..., Tab]
):
    tab = visit(f"{walk.url}/{page}/{SLUG}?lang=fr", width, height)
    tab.page.keyboard.press("j")  # to which the longest answer is given
    tab.wait_for("eva-player >> .bezel", "true", 5)
    word, sound = box(tab, "eva-player >> .bezel"), box(tab, "eva-player >> .sound")
    assert within(word, width, height)
    assert not meet(word, sound)
    if page == "embed":
        head = boxes(tab, "eva-embed", "header a, header eva-badge, header button")
        assert not any(meet(word, one) for one in head)


@pytest.mark.parametrize("size", [(640, 360), (1280, 720)])
def test_statistics_in_an_embed_leave_its_head_free(
    size: tuple[int, int], walk: Stack, visit: Callable[..., Tab]
):
    tab = visit(f"{walk.url}/embed/{SLUG}", *size)
    open_stats(tab)
    panel = box(tab, "eva-stats")
    for one in boxes(tab, "eva-embed", "header a, header eva-badge, header button"):
        assert not meet(panel, one)
    bar = box(tab, "eva-player >> media-play-button:not(.resume)")
    assert panel["y"] + panel["height"] <= bar["y"]
