"""What a frame does for viewers whose browser keeps no cookies of it, what it tells and shows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.answers import answer, problem
from tests.support.axe import violations
from tests.support.keys import use
from tests.support.partner import HEAD, site
from tests.support.talk import go_down, write
from tests.support.walk import SLUG, fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import WebSocketRoute

    from tests.support.chromium import Tab
    from tests.support.stack import Stack

pytestmark = pytest.mark.slow

PAGE = """{head}
<script src="{relay}/embed.js"></script><script src="{relay}/embed.js"></script>
<eva-player id="it" src="{relay}/b/{slug}"></eva-player>
<script>
window.errors = [];
document.getElementById("it").addEventListener("error", ({{ detail }}) => {{
  errors.push(detail.code);
}});
document.getElementById("it").addEventListener("rating", ({{ detail }}) => {{
  window.count = detail.count;
}});
</script>"""


def test_a_vote_is_one_viewers_without_cookies(walk: Stack, open_either: Callable[..., Tab]):
    walk.anew("plain", ["helmet"], **fields())
    tab = open_either(f"{walk.url}/embed/plain")
    tab.wait_picture(30)
    tab.page.get_by_role("button", name="Rate this broadcast").click()
    rating = "/api/v1/broadcasts/plain/rating"
    for stars in (5, 4):
        tab.page.context.clear_cookies()
        tab.page.get_by_role("radio", name=f"{stars} stars").check()
        tab.wait_for("eva-rating", f"it.rating.yours === {stars}", 10)
        walk.wait(lambda s=stars: walk.get(rating)["average"] == s, "the vote", 10)
    assert walk.get(rating)["count"] == 1


def test_a_frame_follows_the_operators_view(walk: Stack, open_either: Callable[..., Tab]):
    tab = open_either(f"{walk.url}/embed/{SLUG}?camera=orbit")
    tab.wait_for("eva-sphere >> canvas", "it.width > 100", 30)
    for yaw in (40, 0):
        body = {"yaw": yaw, "pitch": 0, "fov": 75}
        walk.request("PUT", "/api/v1/cameras/orbit/view", body)
        tab.wait_for("eva-sphere", f"Math.abs(it.looking.yaw - {yaw}) < 1", 10)


def test_a_frame_without_controls_is_looked_around_in(walk: Stack, open_either: Callable[..., Tab]):
    tab = open_either(f"{walk.url}/embed/{SLUG}?camera=orbit&controls=0")
    tab.wait_for("eva-sphere >> canvas", "it.width > 100", 30)
    use(tab, "360° picture", "eva-sphere", "it.looking.yaw === 12", by="ArrowRight")
    mouse = tab.page.mouse
    mouse.move(400, 300)
    mouse.down()
    mouse.move(300, 300, steps=4)
    mouse.up()
    tab.wait_for("eva-sphere", "it.looking.yaw > 17", 5)
    assert tab.element("eva-sphere >> button", "true") is None
    assert violations(tab.page) == []


def test_the_page_around_is_told_what_is_wrong(walk: Stack, open_either: Callable[..., Tab]):
    walk.anew("told", ["helmet"], **fields())
    with site() as (origin, pages):
        pages["/"] = PAGE.format(head=HEAD, relay=walk.url, slug="told")
        tab = open_either("about:blank", "403", "404")
        answer(tab, "**/whep/**", 403, problem(403))
        tab.page.goto(origin)
        # The loader may be there twice, and makes one frame.
        told = "JSON.stringify(window.errors)"
        tab.wait_for("html", f"{told} === {json.dumps(json.dumps(['refused']))}", 30)
        assert tab.page.locator("iframe").count() == 1
        walk.request("DELETE", "/api/v1/broadcasts/told")
        tab.wait_for("html", "window.errors.at(-1) === 'gone'", 10)


def test_the_page_around_hears_of_votes_while_no_news_comes(
    walk: Stack, open_either: Callable[..., Tab]
):
    walk.anew("newsless", ["helmet"], **fields())
    with site() as (origin, pages):
        pages["/"] = PAGE.format(head=HEAD, relay=walk.url, slug="newsless")
        tab = open_either("about:blank")
        tab.page.route_web_socket("**/events", lambda line: line.close())
        tab.page.goto(origin)
        tab.wait_for("html", "window.count === 0", 20)
        walk.request("POST", "/api/v1/broadcasts/newsless/rating", {"stars": 5})
        tab.wait_for("html", "window.count === 1", 40)  # it asks every fifteen seconds


def test_a_partners_ticket_is_renewed(walk: Stack, open_either: Callable[..., Tab]):
    tab = open_either("about:blank")
    lines: list[WebSocketRoute] = []
    said: list[dict[str, Any]] = []

    def between(line: WebSocketRoute) -> None:
        server = line.connect_to_server()
        lines.append(line)

        def hand_on(message: str | bytes) -> None:
            said.append(json.loads(message))
            server.send(message)

        line.on_message(hand_on)

    tab.page.route_web_socket("**/events", between)
    tab.page.goto(f"{walk.url}/embed/{SLUG}")
    tab.wait_picture(30)
    lines[-1].send(json.dumps({"type": "ticket", "ticket": "another"}))
    tab.element("eva-player", "it.setPlaying(false)")
    walk.wait(
        lambda: tab.page.wait_for_timeout(50) or said[-1].get("partner") == "another",
        "the new ticket to be shown",
        10,
    )


def test_a_name_is_remembered(walk: Stack, open_either: Callable[..., Tab]):
    walk.anew("named", [], **fields())
    tab = open_either(f"{walk.url}/b/named")
    for written in (False, True):
        go_down(tab)
        name = tab.page.get_by_label("Your name")
        name.wait_for()
        assert name.input_value() == ("Maren" if written else "")
        if not written:
            write(tab, "Hello")
            tab.page.get_by_text("Hello", exact=True).wait_for()
            tab.page.reload()
