"""What viewers say, in every state of its forms, and what is refused: how it looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.answers import answer, problem
from tests.support.looks import inspect
from tests.support.talk import wait_loaded, write
from tests.support.walk import fields

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.chromium import Tab
    from tests.support.stack import Stack

pytestmark = pytest.mark.slow

TOO_OFTEN = problem(429, "urn:eva-relay:problem:too-often")
PAGE = 50
"""How many comments are read at once."""


@pytest.fixture
def visit(walk: Stack, open_still: Callable[..., Tab]) -> Callable[..., Tab]:
    """Opens a broadcast's page, at the comments."""

    def visit_one(slug: str, *expected: str) -> Tab:
        tab = open_still(f"{walk.url}/b/{slug}", *expected)
        wait_loaded(tab)
        return tab

    return visit_one


def say(stack: Stack, slug: str, text: str, **more: Any) -> str:
    """Write a comment, as somebody else; returns its id."""
    body = {"text": text, "name": "Kim", **more}
    return str(stack.request("POST", f"/api/v1/broadcasts/{slug}/comments", body)["id"])


def reply(tab: Tab) -> str:
    tab.page.get_by_role("button", name="Reply").first.click()
    tab.page.get_by_label("Your reply").wait_for()
    return "eva-compose[reply] >> form"


def edit(tab: Tab) -> str:
    write(tab, "What a sight! " * 9)
    tab.page.get_by_role("button", name="Edit").click()
    tab.page.get_by_role("button", name="Save").wait_for()
    return "eva-comment >> form"


def report(tab: Tab) -> str:
    tab.page.get_by_role("button", name="Report").first.click()
    tab.page.get_by_label("What is wrong with it?").wait_for()
    return "eva-comment >> form"


FORMS = {one.__name__: one for one in (reply, edit, report)}


@pytest.mark.parametrize("form", FORMS)
def test_a_form_beneath_a_comment(
    form: str, walk: Stack, visit: Callable[..., Tab], screenshots: Path
):
    walk.anew("forms", [], **fields())
    root = say(walk, "forms", "Which bolt is that?")
    say(walk, "forms", "The third. " * 20, reply_to=root)
    tab = visit("forms")
    inspect(tab, f"page-form-{form}", screenshots, at=FORMS[form](tab))


def test_what_is_pinned_and_what_waits(walk: Stack, visit: Callable[..., Tab], screenshots: Path):
    walk.anew("held", [], **fields() | {"comments": "approval"})
    pinned = say(walk, "held", "Welcome, everybody.")
    path = f"/api/v1/broadcasts/held/comments/{pinned}/moderation"
    walk.request("PATCH", path, {"approved": True, "pinned": True})
    tab = visit("held")
    write(tab, "May I?")
    tab.page.get_by_text("Waits for approval", exact=True).wait_for()
    tab.page.get_by_text("Pinned", exact=True).wait_for()
    inspect(tab, "page-held", screenshots, at="eva-comments")


def test_a_comment_that_comes_too_often(walk: Stack, visit: Callable[..., Tab], screenshots: Path):
    walk.anew("hurried", [], **fields())
    tab = visit("hurried", "429")
    answer(tab, "**/comments", 429, TOO_OFTEN, method="POST", **{"Retry-After": "30"})
    write(tab, "Once more")
    tab.page.get_by_text("That was too often. Try again in 30").wait_for()
    assert tab.page.get_by_label("Your comment").input_value() == "Once more"
    inspect(tab, "page-comment-refused", screenshots, at="eva-comments")


@pytest.mark.parametrize("page", ["b", "embed"])
def test_a_vote_that_comes_too_often(
    page: str, walk: Stack, open_still: Callable[..., Tab], screenshots: Path
):
    walk.anew("hurried", ["helmet"], **fields())
    tab = open_still(f"{walk.url}/{page}/hurried", "429")
    tab.wait_picture(30)
    answer(tab, "**/rating", 429, TOO_OFTEN, **{"Retry-After": "30"})
    if page == "embed":
        tab.page.get_by_role("button", name="Rate this broadcast").click()
    tab.page.get_by_role("radio", name="4 stars").click()
    tab.page.get_by_text("Your vote was not counted. That was too often.").wait_for()
    assert not tab.page.get_by_role("radio", name="4 stars").is_checked()
    inspect(tab, f"page-vote-refused-{page}", screenshots, at="eva-rating")


def test_older_comments(walk: Stack, visit: Callable[..., Tab], screenshots: Path):
    here = "/api/v1/broadcasts/talkative"
    if walk.get(here).get("status") == 404:  # so many comments at a time are all that one may write
        walk.broadcast("talkative", [], **fields())
        for number in range(PAGE + 1):
            say(walk, "talkative", f"Comment {number}")
    tab = visit("talkative")
    shown = "it.renderRoot.querySelectorAll('eva-comment').length"
    assert tab.element("eva-comments", shown) == PAGE
    inspect(tab, "page-older", screenshots, at="eva-comments >> .more")
    tab.page.get_by_role("button", name="Older comments").click()
    tab.wait_for("eva-comments", f"{shown} === {PAGE + 1}", 10)
    tab.page.get_by_text("Comment 0", exact=True).wait_for()
    assert tab.page.get_by_role("button", name="Older comments").count() == 0
    inspect(tab, "page-oldest", screenshots, at="eva-comments >> .thread > li:last-child")
