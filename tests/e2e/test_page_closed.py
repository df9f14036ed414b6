"""Broadcasts that are closed while they are watched, and tokens where no cookie is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.partner import HEAD, site
from tests.support.walk import fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Route

    from tests.support.chromium import Tab
    from tests.support.stack import Stack

pytestmark = pytest.mark.slow

PAGE = """{head}
<script src="{relay}/embed.js"></script>
<eva-player id="it" src="{relay}/b/{slug}" {attributes}></eva-player>
<script>
window.news = [];
for (const name of ["state", "error"]) {{
  document.getElementById("it").addEventListener(name, ({{ detail }}) => {{
    news.push(detail.code ?? detail.phase);
  }});
}}
document.getElementById("it").addEventListener("rating", ({{ detail }}) => {{
  window.rating = detail;
}});
</script>"""


def page(stack: Stack, slug: str, attributes: str = "") -> str:
    """A partner's page with the player."""
    return PAGE.format(head=HEAD, relay=stack.url, slug=slug, attributes=attributes)


def token(stack: Stack, slug: str) -> str:
    """A token as a partner's server gets it."""
    made = stack.request("POST", f"/api/v1/broadcasts/{slug}/tokens", {"valid_s": 600})
    return str(made["token"])


def test_a_page_of_a_broadcast_that_is_closed_says_so_and_plays_once_it_is_open_again(
    walk: Stack, open_either: Callable[..., Tab]
):
    walk.anew("shut", ["helmet"], **fields())
    tab = open_either(f"{walk.url}/b/shut", "401")
    tab.wait_picture(30)
    walk.request("PATCH", "/api/v1/broadcasts/shut", {"access": "closed"})
    tab.page.get_by_role("heading", name="This broadcast is closed").wait_for()
    assert tab.element("eva-player", "true") is None
    walk.request("PATCH", "/api/v1/broadcasts/shut", {"access": "open"})
    tab.wait_picture(40)  # it asks every fifteen seconds


def test_a_partner_gives_a_new_token_to_a_frame_whose_broadcast_is_closed(
    walk: Stack, open_either: Callable[..., Tab]
):
    walk.anew("shut-frame", ["helmet"], **fields())
    with site() as (origin, pages):
        pages["/"] = page(walk, "shut-frame")
        tab = open_either(origin, "401")
        tab.wait_for("html", "window.news.includes('live')", 30)
        walk.request("PATCH", "/api/v1/broadcasts/shut-frame", {"access": "closed"})
        tab.wait_for("html", "window.news.at(-1) === 'closed'", 20)
        assert "gone" not in tab.page.evaluate("window.news")
        tab.page.evaluate("(token) => it.setAttribute('token', token)", token(walk, "shut-frame"))
        tab.wait_for("html", "window.news.at(-1) === 'live'", 30)


def test_a_token_opens_a_frame_whose_cookies_are_blocked(
    walk: Stack, open_either: Callable[..., Tab]
):
    walk.anew("cookieless", ["helmet"], **fields(), access="closed")
    path, given = "/api/v1/broadcasts/cookieless", token(walk, "cookieless")
    with site() as (origin, pages):
        pages["/"] = page(walk, "cookieless", f'token="{given}"')
        tab = open_either("about:blank")
        asked: list[str] = []
        tab.page.on("request", lambda request: asked.append(request.url))

        def enter(route: Route) -> None:
            """Answer as the relay does, but for the cookie, and take away the others."""
            made = walk.request("POST", f"{path}/access", {"token": given})
            tab.page.context.clear_cookies()
            route.fulfill(json=made)

        tab.page.route("**/access", enter)
        tab.page.goto(origin)
        tab.wait_for("html", "window.news.at(-1) === 'live'", 30)
        assert tab.page.context.cookies() == []

        frame = next(one for one in tab.page.frames if "/embed/" in one.url)
        frame.get_by_role("button", name="Rate this broadcast").dispatch_event("click")
        frame.get_by_role("radio", name="5 stars").dispatch_event("click")
        tab.wait_for("html", "window.rating.yours === 5", 10)
        walk.request("POST", f"{path}/rating", {"stars": 1})
        tab.wait_for("html", "window.rating.count === 2", 10)
        # The line has told that: the page asks for the broadcast as long as there is none.
        assert asked.count(walk.url + path) == 1
        assert tab.page.evaluate("window.news.every((one) => one !== 'closed')")
    assert "evg_" not in walk.log.read_text()
