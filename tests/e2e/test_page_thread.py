"""A thread of comments: older ones, and refusals, which are told where somebody has written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.support.answers import answer, problem
from tests.support.axe import violations
from tests.support.keys import focused, go_to, use
from tests.support.talk import go_down, wait_loaded
from tests.support.walk import fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Route

    from tests.support.chromium import Tab
    from tests.support.stack import Stack

pytestmark = pytest.mark.slow

PAGES = re.compile(r"/comments\?")
WRITING = re.compile(r"/comments($|/)")
# Firefox cannot be told to ask for another address than its page does.
FEW = """
const ask = window.fetch;
window.fetch = (url, wanted) => ask(String(url).replace("limit=50", "limit=3"), wanted);
"""
IN_VIEW = """(({ top, bottom, height }) => height > 0 && top >= 0 && bottom <= innerHeight)(
  it.getBoundingClientRect())"""


@pytest.fixture
def visit(walk: Stack, open_either: Callable[..., Tab]) -> Callable[..., Tab]:
    """Opens the page of a new broadcast on which somebody has said `count` things, at the
    comments, of which it asks for three at a time.
    """

    def visit_one(slug: str, count: int, *expected: str) -> Tab:
        walk.anew(slug, [], **fields())
        for number in range(count):
            said = {"text": f"Number {number}", "name": "Jo"}
            walk.request("POST", f"/api/v1/broadcasts/{slug}/comments", said)

        tab = open_either("about:blank", *expected, reduced_motion="reduce")
        tab.page.add_init_script(FEW)
        tab.page.goto(f"{walk.url}/b/{slug}")
        wait_loaded(tab)
        return tab

    return visit_one


def refuse(tab: Tab) -> None:
    """Have the page told from now on that it writes too often."""
    kind = "urn:eva-relay:problem:too-often"
    answer(tab, WRITING, 429, problem(429, kind), **{"Retry-After": "7"})


def test_older_comments_are_read_on(visit: Callable[..., Tab]):
    tab = visit("older", 8)
    shown = "[...it.renderRoot.querySelectorAll('eva-comment')].map((one) => one.comment.text)"
    texts = [f"Number {number}" for number in range(7, -1, -1)]
    assert tab.element("eva-comments", shown) == texts[:3]
    focused = "[...it.renderRoot.querySelectorAll('eva-comment')].findIndex((one) => "
    focused += "one.matches(':focus-within'))"
    for first, seen in ((3, 6), (6, 8)):
        use(tab, "Older comments", "eva-comments", f"{focused} === {first}", within_s=10)
        assert tab.element("eva-comments", shown) == texts[:seen]
    assert tab.element("eva-comments >> .more", "true") is None
    go_to(tab, "Reply")
    assert tab.element("eva-comments", focused) == 6
    assert violations(tab.page) == []


def test_comments_that_could_not_be_loaded_take_the_focus_along(visit: Callable[..., Tab]):
    tab = visit("unread", 1, "503")
    answer(tab, PAGES, 503, problem(503))
    tab.page.reload()
    go_down(tab)
    tab.wait_for("eva-comments >> .trouble", "it.textContent.includes('cannot be loaded')", 10)
    tab.page.unroute(PAGES)
    use(tab, "Try again", "eva-comments >> h2", "it.matches(':focus')")
    tab.wait_for("eva-comment", "it.renderRoot.textContent.includes('Number 0')", 5)


def moderate(walk: Stack, slug: str, text: str, **change: bool) -> None:
    """Do that with what somebody has said there."""
    here = f"/api/v1/broadcasts/{slug}/comments"
    [said] = [one["id"] for one in walk.get(here)["comments"] if one["text"] == text]
    walk.request("PATCH", f"{here}/{said}/moderation", change)


FOCUSED_COMMENT = "it.renderRoot.activeElement?.comment?.text"


@pytest.mark.parametrize(
    ("form", "gone", "next_one"),
    [
        ("reply", "Number 2", "Number 1"),
        ("report", "Number 2", "Number 1"),
        ("report", "Number 0", "Number 1"),
    ],
)
def test_who_is_at_a_comment_that_vanishes_goes_on(
    form: str, gone: str, next_one: str, walk: Stack, visit: Callable[..., Tab]
):
    tab = visit(f"vanishing-{form}-{gone[-1]}", 3)
    for _ in range({"Number 2": 1, "Number 0": 3}[gone]):
        go_to(tab, form.capitalize())
    tab.page.keyboard.press("Enter")
    tab.page.get_by_label("Your reply" if form == "reply" else "What is wrong").fill("Look")
    moderate(walk, f"vanishing-{form}-{gone[-1]}", gone, hidden=True)
    tab.wait_for("eva-comments", f"{FOCUSED_COMMENT} === '{next_one}'", 5)
    go_to(tab, "Reply")
    assert tab.element("eva-comments", FOCUSED_COMMENT) == next_one


def test_who_writes_at_a_comment_that_is_pinned_goes_on_writing(
    walk: Stack, visit: Callable[..., Tab]
):
    tab = visit("moving", 3)
    page = tab.page
    page.get_by_role("button", name="Report").last.click()
    page.get_by_label("What is wrong").fill("Half")
    moderate(walk, "moving", "Number 0", pinned=True)
    tab.wait_for("eva-comment", "it.comment.text === 'Number 0'", 5)
    page.keyboard.type(" a word")
    assert page.get_by_label("What is wrong").input_value() == "Half a word"


def test_older_comments_that_come_late_leave_the_focus_where_it_is(visit: Callable[..., Tab]):
    tab = visit("late", 8)
    waiting: list[Route] = []
    tab.page.route(PAGES, lambda route: waiting.append(route))  # noqa: PLW0108 Playwright marks it
    tab.page.get_by_role("button", name="Older comments").click()
    go_to(tab, "Report", key="Shift+Tab")
    while not waiting:
        tab.page.wait_for_timeout(10)
    waiting[0].continue_()
    tab.wait_for("eva-comments", "it.renderRoot.querySelectorAll('eva-comment').length === 6", 5)
    assert focused(tab) == "Report"


@pytest.mark.parametrize("what", ["comment", "reply", "edit", "report", "delete"])
def test_a_refusal_is_told_where_it_was_written(what: str, visit: Callable[..., Tab]):
    tab = visit(f"refused-{what}", 3, "429")
    page = tab.page
    page.get_by_label("Your name").fill("Kim")
    if what in ("edit", "delete"):
        page.get_by_label("Your comment").fill("My own")
        page.get_by_role("button", name="Send").click()
        page.get_by_role("button", name="Edit").wait_for()
    refuse(tab)
    where = "eva-comment >> .trouble"
    if what == "comment":
        page.get_by_label("Your comment").fill("Too quick")
        page.get_by_role("button", name="Send").click()
        where = "eva-compose >> .trouble"
    elif what == "reply":
        page.get_by_role("button", name="Reply").last.click()
        page.get_by_label("Your reply").fill("Too quick")
        page.get_by_label("Your name").last.fill("Kim")
        page.get_by_role("button", name="Send").last.click()
        where = "eva-compose[reply] >> .trouble"
    elif what == "edit":
        page.get_by_role("button", name="Edit").click()
        page.get_by_role("button", name="Save").click()
    elif what == "report":
        page.get_by_role("button", name="Report").first.click()
        page.get_by_role("button", name="Report").first.click()
    else:
        page.get_by_role("button", name="Delete").click()
    tab.wait_for(where, "it.textContent.includes('Try again in 7 seconds')", 10)
    assert tab.element(where, IN_VIEW)
    assert tab.element("eva-comments", "it.renderRoot.querySelector('.trouble').textContent") == ""
    assert violations(page) == []
    if what in ("edit", "report"):
        page.get_by_role("button", name="Cancel").click()
        tab.wait_for(where, "it.textContent === ''", 5)
