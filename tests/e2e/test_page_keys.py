"""The player, its frame, the front page and the playground without a mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.answers import answer, problem
from tests.support.keys import focused, go_to, use
from tests.support.opening import add_captions
from tests.support.walk import SLUG, fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.chromium import Tab
    from tests.support.stack import Stack

pytestmark = pytest.mark.slow


@pytest.fixture
def page(walk: Stack, open_either: Callable[..., Tab]) -> Tab:
    """The page with its picture, and no mouse."""
    tab = open_either(f"{walk.url}/b/{SLUG}")
    tab.wait_picture(30)
    tab.wait_for("media-volume-range", "it.matches(':defined')", 10)
    return tab


def test_the_players_bar(page: Tab):
    keys = page.page.keyboard
    use(page, "Pause", "video", "it.paused")
    page.wait_for("media-control-bar media-play-button", "it.ariaLabel === 'Play'", 5)
    keys.press("Enter")
    page.wait_for("video", "!it.paused", 5)
    use(page, "Unmute", "video", "!it.muted")
    use(page, "Volume", "video", "it.volume < 1", by="ArrowLeft")
    keys.press("End")
    page.wait_for("video", "it.volume === 1", 5)
    small = "it.hasAttribute('mediaispip')"
    use(page, "Enter picture in picture", "media-pip-button", small)
    keys.press("Enter")
    page.wait_for("media-pip-button", f"!{small}", 5)
    whole = "it.hasAttribute('mediaisfullscreen')"
    use(page, "Enter full screen", "media-controller", whole)
    keys.press("Enter")
    page.wait_for("media-controller", f"!{whole}", 5)
    for name, layout in (("All cameras", "grid"), ("One camera", "single")):
        use(page, name, "eva-stage", f"it.layout === {layout!r}")
        go_to(page, "Pause", key="Shift+Tab")


def test_the_way_to_sound(page: Tab):
    use(page, "Sound on", "video", "!it.muted")
    # The button has gone, and the keyboard is still in the player.
    page.wait_for("eva-player >> media-controller", "it.matches(':focus')", 5)
    assert page.element("eva-player >> .sound", "true") is None
    go_to(page, "Pause")


def test_the_menus(page: Tab):
    keys = page.page.keyboard
    use(page, "Camera", "eva-menu.cameras >> .item:focus", "it.textContent.includes('helmet')")
    keys.press("ArrowDown")
    keys.press("Enter")
    page.wait_for("eva-player", "it.camera === 'drone' && it.phase === 'live'", 20)
    assert focused(page) == "Camera"
    keys.press("Enter")
    page.wait_for("eva-menu.cameras >> .item:focus", "true", 5)
    keys.press("End")
    keys.press("Space")
    page.wait_for("eva-stage", "it.layout === 'grid'", 5)
    automatic = "it.textContent.includes('Automatic')"
    use(page, "Quality and settings", "eva-menu.settings >> .item:focus", automatic)
    keys.press("ArrowDown")
    keys.press("Enter")
    page.wait_for("eva-player", "it.rendition === it.ladder[0].name", 5)
    assert focused(page).startswith("Quality and settings")


def test_statistics_and_shortcuts(page: Tab):
    keys = page.page.keyboard
    use(page, "Quality and settings", "eva-menu.settings >> .item:focus", "true")
    for key in ("End", "ArrowUp", "Enter"):
        keys.press(key)
    page.wait_for("eva-stats", "it.renderRoot?.textContent.includes('WHEP')", 10)
    gone = "it.renderRoot.querySelector('eva-stats') === null"
    use(page, "Close the statistics", "eva-player", gone, key="Shift+Tab")
    page.wait_for("eva-player >> media-controller", "it.matches(':focus')", 5)
    keys.press("?")
    page.wait_for("eva-dialog >> dialog", "it.open", 10)
    box = "eva-help >> input"
    use(page, "Shortcuts work on the whole page", box, "!it.checked", by="Space")
    gone = gone.replace("stats", "help")
    use(page, "Close", "eva-player", gone, key="Shift+Tab")
    page.wait_for("eva-player >> media-controller", "it.matches(':focus')", 5)


def test_a_small_picture_is_made_big(page: Tab):
    layout = "it.layout === 'pip'"
    go_to(page, "One camera")
    use(page, "Picture in picture", "eva-stage", layout)
    page.wait_for("eva-stage >> .small button", "it.offsetWidth > 40", 10)
    big = "it.camera === 'drone' && it.phase === 'live'"
    use(page, "Show Drone big", "eva-player", big, key="Shift+Tab", within_s=20)
    assert page.element("eva-stage", layout)


def test_every_button_of_the_picture_all_around(walk: Stack, page: Tab):
    keys = page.page.keyboard
    go_to(page, "All cameras")
    for key in ("Tab", "ArrowUp", "Enter"):  # the last camera
        keys.press(key)
    page.wait_for("eva-sphere >> canvas", "it.width > 300", 20)
    view = "/api/v1/cameras/orbit/view"
    walk.request("PUT", view, {"yaw": 30, "pitch": 10, "fov": 60})
    page.wait_for("eva-sphere", "it.operatorView !== null && Math.abs(it.looking.yaw - 30) < 1", 10)
    zoomed = "Math.abs(it.looking.fov - {}) < 1"
    for name, proof in (
        ("Zoom out", zoomed.format(60 / 0.85)),
        ("Zoom in", zoomed.format(60)),
        ("Look down", "it.looking.pitch < 0"),
        ("Look right", "it.looking.yaw > 40"),
        ("Look ahead", "it.looking.yaw === 0 && it.looking.pitch === 0"),
        ("Look left", "it.looking.yaw === -12"),
        ("Look up", "it.looking.pitch === 12"),
    ):
        use(page, name, "eva-sphere", proof, key="Shift+Tab")
    follows = "Math.abs(it.looking.yaw - 30) < 1 && Math.abs(it.looking.pitch - 10) < 1"
    use(page, "Follow the operator's view", "eva-sphere", follows)
    walk.request("PUT", view, {"yaw": 0, "pitch": 0, "fov": 75})  # where others expect it


def test_a_refused_player_is_tried_again(walk: Stack, open_either: Callable[..., Tab]):
    tab = open_either("about:blank", "403")
    answer(tab, "**/whep/**", 403, problem(403))
    tab.page.goto(f"{walk.url}/b/{SLUG}")
    tab.wait_for("eva-player", "it.phase === 'failed'", 20)
    tab.page.unroute("**/whep/**")
    use(tab, "Try again", "eva-player", "it.phase === 'live'", within_s=20)


def test_the_way_back_to_the_programme(walk: Stack, open_either: Callable[..., Tab]):
    walk.anew("detour", ["helmet", "away"], **fields())
    tab = open_either(f"{walk.url}/b/detour")
    tab.wait_picture(30)
    go_to(tab, "All cameras")
    for key in ("Tab", "ArrowRight", "Enter"):  # the other camera
        tab.page.keyboard.press(key)
    tab.wait_for("eva-player", "it.phase === 'waiting' && it.camera === 'away'", 20)
    live = "it.camera === 'helmet' && it.phase === 'live'"
    use(tab, "Back to the programme", "eva-player", live, key="Shift+Tab", within_s=20)


def test_the_frame(walk: Stack, open_either: Callable[..., Tab]):
    tab = open_either(f"{walk.url}/embed/{SLUG}")
    tab.wait_picture(30)
    keys = tab.page.keyboard
    use(tab, "Camera", "eva-menu.cameras >> .item:focus", "true")
    keys.press("ArrowDown")
    keys.press("Enter")
    tab.wait_for("eva-player", "it.camera === 'drone' && it.phase === 'live'", 20)
    use(tab, "Quality and settings", "eva-menu.settings >> .item:focus", "true")
    keys.press("ArrowDown")
    keys.press("Enter")
    tab.wait_for("eva-player", "it.rendition === it.ladder[0].name", 5)
    before = walk.get(f"/api/v1/broadcasts/{SLUG}/rating")["count"]
    # Its name begins with the average, if there is one.
    use(tab, "Rate", "eva-dialog >> dialog", "it.open", within_s=10)
    go_to(tab, "1 star")
    for _ in range(3):
        keys.press("ArrowRight")
    walk.wait(
        lambda: walk.get(f"/api/v1/broadcasts/{SLUG}/rating")["count"] == before + 1, "a vote", 10
    )
    for _ in range(2):
        keys.press("ArrowLeft")
    tab.wait_for("eva-feedback >> textarea", "true", 10)
    go_to(tab, "What could be better?")
    keys.type("More sound")
    go_to(tab, "E-mail")
    go_to(tab, "Send to the team")
    keys.press("Enter")
    tab.page.get_by_text("The team reads every word").wait_for()
    keys.press("Escape")
    tab.wait_for("eva-embed", "it.renderRoot.querySelector('eva-dialog') === null", 5)
    go_to(tab, fields()["title"], key="Shift+Tab")
    assert tab.element("a:focus", f"it.href === '{walk.url}/b/{SLUG}' && it.target === '_blank'")


def test_captions_from_the_menu(page: Tab):
    add_captions(page)
    for mode, key in (("showing", "Tab"), ("disabled", "Shift+Tab")):
        opened = "eva-menu.settings >> .item:focus"
        use(page, "Quality and settings", opened, "true", key=key)
        for step in ("End", "ArrowUp", "ArrowUp", "Enter"):
            page.page.keyboard.press(step)
        page.wait_for("video", f"it.textTracks[0].mode === {mode!r}", 5)
        go_to(page, "Enter full screen")


def test_the_front_page(walk: Stack, open_either: Callable[..., Tab]):
    tab = open_either(walk.url)
    keys = tab.page.keyboard
    use(tab, "Language", "html", "it.lang === 'fr'", by="ArrowDown")
    keys.press("ArrowUp")
    tab.wait_for("html", "it.lang === 'en'", 5)
    go_to(tab, "Watch live")
    keys.press("Enter")
    tab.page.wait_for_url("**/b/*")
    tab.wait_for("eva-broadcast", "true", 10)


@pytest.mark.parametrize("link", ["EVA Relay", "All broadcasts"])
def test_the_ways_out_of_nowhere(link: str, walk: Stack, open_either: Callable[..., Tab]):
    tab = open_either(f"{walk.url}/b/nowhere", "404")
    go_to(tab, link)
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_url(f"{walk.url}/")
    tab.wait_for("eva-home", "true", 10)


def test_the_playground(walk: Stack, open_either: Callable[..., Tab]):
    tab = open_either(f"{walk.url}/docs/embed")
    tab.wait_for("eva-playground >> iframe", "true", 15)
    player = (
        "it.contentDocument.querySelector('eva-embed')?.renderRoot?.querySelector('eva-player')"
    )
    tab.wait_for("eva-playground >> iframe", f"{player}?.phase === 'live'", 30)
    for command, proof in (("pause()", "paused"), ("play()", "paused === false")):
        use(tab, command, "eva-playground >> iframe", f"{player}.{proof}", key="Shift+Tab")
    go_to(tab, "Broadcast")
    use(tab, "Theme", "eva-playground >> iframe", "it.src.includes('theme=')", by="ArrowDown")
    tab.allow_clipboard()
    go_to(tab, "Copy")
    tab.page.keyboard.press("Enter")
    tab.page.get_by_role("button", name="Copied").first.wait_for()
