"""What a viewer or a partner has chosen, and what comes of it with another camera."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.keys import focused, go_to, use
from tests.support.partner import HEAD, site
from tests.support.talk import go_down
from tests.support.walk import SLUG, fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.chromium import Tab
    from tests.support.stack import Stack

pytestmark = pytest.mark.slow

LIVE = "it.camera === {!r} && it.phase === 'live'"


@pytest.fixture
def rung(walk: Stack) -> str:
    """One that the helmet's camera has, and the one all around has not."""
    cameras = walk.get(f"/api/v1/broadcasts/{SLUG}")["cameras"]
    names = {one["id"]: [each["name"] for each in one["renditions"]] for one in cameras}
    return next(each for each in names["helmet"] if each not in names["orbit"])


@pytest.fixture
def steered(
    walk: Stack, open_either: Callable[..., Tab]
) -> Iterator[tuple[Callable[[str, str | None], None], Callable[[str], None]]]:
    """An element in another site's page: how it is told something, and how to wait until an
    expression of `it`, the player in its frame, is true.
    """
    with site() as (origin, pages):
        pages["/"] = (
            f'{HEAD}<script src="{walk.url}/embed.js"></script>'
            f'<eva-player id="it" src="{walk.url}/b/{SLUG}" camera="helmet"></eva-player>'
        )
        tab = open_either(origin)
        tab.page.frame_locator("iframe").locator("eva-player[phase='live']").wait_for()
        frame = next(one for one in tab.page.frames if "/embed/" in one.url)

        def tell(command: str, value: str | None) -> None:
            tab.page.evaluate("([name, value]) => it[name](value)", [command, value])

        def wait(expression: str) -> None:
            player = "document.querySelector('eva-embed').renderRoot.querySelector('eva-player')"
            walk.wait(lambda: frame.evaluate(f"((it) => {expression})({player})"), expression, 20)

        yield tell, wait


def test_a_rung_that_another_camera_has_not_is_no_obstacle(
    rung: str,
    walk: Stack,
    steered: tuple[Callable[[str, str | None], None], Callable[[str], None]],
):
    tell, wait = steered
    for chosen, had in (
        (rung, f"it.rendition === {rung!r}"),
        ("nonsense", "it.rendition === null"),
    ):
        tell("setQuality", chosen)
        wait(had)
        tell("setCamera", "orbit")
        wait(LIVE.format("orbit") + " && it.rendition === null")
        tell("setCamera", "helmet")
        wait(f"{LIVE.format('helmet')} && {had}")
    tell("setQuality", rung)
    wait(f"it.rendition === {rung!r}")
    tell("setQuality", None)
    wait("it.rendition === null")
    tell("setCamera", "drone")
    wait(LIVE.format("drone"))
    tell("setCamera", None)
    wait(LIVE.format(walk.get(f"/api/v1/broadcasts/{SLUG}")["programme"]))


def test_the_menu_tells_what_arrives(walk: Stack, open_either: Callable[..., Tab]):
    tab = open_either(f"{walk.url}/b/{SLUG}")
    tab.wait_picture(30)
    tab.wait_for("eva-player", "it.health !== null && it.health.stats.height > 0", 10)
    use(tab, "Quality and settings", "eva-menu.settings >> .item:focus", "true")
    notes = "[...it.renderRoot.querySelectorAll('.item')].map((one) => one.innerText)"
    said = f"{notes}.filter((text) => text.includes('on screen')).length === 1"
    tab.wait_for("eva-menu.settings", said, 10)
    first = tab.element("eva-menu.settings", f"{notes}[0]")
    height = tab.element("video", "it.videoHeight")
    assert first.split() == ["Automatic", f"{height}p"]


def test_the_picture_all_around_is_laid_flat_by_keys(walk: Stack, open_either: Callable[..., Tab]):
    tab = open_either(f"{walk.url}/b/{SLUG}")
    tab.wait_picture(30)
    keys = tab.page.keyboard
    go_to(tab, "All cameras")
    for key in ("Tab", "ArrowUp", "Enter"):  # the last camera
        keys.press(key)
    tab.wait_for("eva-sphere >> canvas", "it.width > 100", 20)
    for drawn in (True, False):
        use(
            tab, "Quality and settings", "eva-menu.settings >> .item:focus", "true", key="Shift+Tab"
        )
        for key in ("End", "ArrowUp", "ArrowUp", "Enter"):
            keys.press(key)
        sign = "=" if drawn else "!"
        tab.wait_for("eva-player", f"it.renderRoot.querySelector('eva-sphere') {sign}== null", 10)
        go_to(tab, "Enter full screen")
    tab.wait_for("eva-player >> .latency", "true", 10)
    go_to(tab, "Unmute", key="Shift+Tab")
    keys.press("Shift+Tab")
    assert "since it reached the relay" in focused(tab)
    keys.press("Enter")
    tab.wait_for("eva-stats", "true", 10)


def test_a_high_vote_is_shown_with_where_to_follow(walk: Stack, open_either: Callable[..., Tab]):
    walk.anew("followed", ["helmet"], **fields())
    tab = open_either(f"{walk.url}/embed/followed")
    tab.wait_picture(30)
    tab.page.get_by_role("button", name="Rate this broadcast").click()
    tab.page.get_by_role("radio", name="5 stars").check()
    link = "it.href === 'https://example.org/blog' && it.target === '_blank'"
    tab.wait_for("eva-rating >> .follow a", link, 10)
    tab.page.keyboard.press("Escape")
    tab.page.get_by_role("button", name="Rated 5.0 out of 5. Rate this broadcast").wait_for()
    tab.wait_for("eva-embed >> .viewers", "it.innerText.includes('1')", 15)


def test_replying_once_more_leads_to_the_reply(walk: Stack, open_either: Callable[..., Tab]):
    walk.anew("replied", [], **fields())
    said = {"text": "First", "name": "Jo"}
    made = walk.request("POST", "/api/v1/broadcasts/replied/comments", said)
    tab = open_either(f"{walk.url}/b/replied")
    go_down(tab)
    reply = tab.page.get_by_role("button", name="Reply", exact=True)
    for _ in range(2):
        reply.click()
        tab.wait_for("eva-compose[reply] >> textarea", "it.matches(':focus')", 5)
    tab.page.get_by_label("Your reply").fill("   ")
    tab.page.get_by_label("Your name").last.fill("Kim")
    tab.page.get_by_role("button", name="Post reply").last.click()
    tab.wait_for("eva-compose[reply] >> textarea", "it.matches(':focus:invalid')", 5)
    tab.page.get_by_label("Your reply").fill("Second")
    tab.page.get_by_role("button", name="Post reply").last.click()
    # What is hidden and shown again has its replies.
    path = f"/api/v1/broadcasts/replied/comments/{made['id']}/moderation"
    for shown in (True, False, True):
        walk.request("PATCH", path, {"hidden": not shown})
        for text in ("First", "Second"):
            state = "visible" if shown else "hidden"
            tab.page.get_by_text(text, exact=True).wait_for(state=state)
