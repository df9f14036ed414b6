"""Broadcasts that are closed while they are watched, and tokens where no cookie is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.partner import HEAD, site
from tests.support.walk import fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.chromium import Tab
    from tests.support.stack import Stack

pytestmark = pytest.mark.slow

PAGE = """{head}
<script src="{relay}/embed.js"></script>
<eva-player id="it" src="{relay}/b/{slug}"></eva-player>
<script>
window.news = [];
for (const name of ["state", "error"]) {{
  document.getElementById("it").addEventListener(name, ({{ detail }}) => {{
    news.push(detail.message ?? detail.phase);
  }});
}}
</script>"""


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
        pages["/"] = PAGE.format(head=HEAD, relay=walk.url, slug="shut-frame")
        tab = open_either(origin, "401")
        tab.wait_for("html", "window.news.includes('live')", 30)
        walk.request("PATCH", "/api/v1/broadcasts/shut-frame", {"access": "closed"})
        tab.wait_for("html", "window.news.at(-1) === 'closed'", 20)
        assert "gone" not in tab.page.evaluate("window.news")
        tab.page.evaluate("(token) => it.setAttribute('token', token)", token(walk, "shut-frame"))
        tab.wait_for("html", "window.news.at(-1) === 'live'", 30)
