"""A thread of comments: older ones, and refusals, which are told where somebody has written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.support.answers import answer, problem
from tests.support.axe import violations
from tests.support.keys import focused, go_to, use
from tests.support.stack import Stack
from tests.support.talk import go_down, wait_loaded
from tests.support.walk import ago, fields

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Route, WebSocketRoute

    from tests.support.chromium import Tab

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
    """Opens a new broadcast's page at its `count` comments, for which it asks by three."""

    def visit_one(slug: str, count: int, *expected: str) -> Tab:
        walk.anew(slug, [], **fields())
        network = {"X-Forwarded-For": f"198.18.{hash(slug) % 256}.1"}  # each may write so much
        for number in range(count):
            said = {"text": f"Number {number}", "name": "Jo"}
            walk.request("POST", f"/api/v1/broadcasts/{slug}/comments", said, **network)

        tab = open_either("about:blank", *expected, reduced_motion="reduce")
        tab.page.add_init_script(FEW)
        tab.page.goto(f"{walk.url}/b/{slug}")
        wait_loaded(tab)
        return tab

    return visit_one


SHOWN = "[...it.renderRoot.querySelectorAll('eva-comment')].map((one) => one.comment.text)"


def shown(tab: Tab) -> list[str]:
    """What has been said, as the page has it."""
    texts: list[str] = tab.element("eva-comments", SHOWN)
    return texts


def refuse(tab: Tab) -> None:
    """Have the page told from now on that it writes too often."""
    kind = "urn:eva-relay:problem:too-often"
    answer(tab, WRITING, 429, problem(429, kind), **{"Retry-After": "7"})


def test_comments_are_brief_where_the_page_goes_on_beneath(visit: Callable[..., Tab]):
    tab = visit("brief", 6)
    texts = [f"Number {number}" for number in range(5, -1, -1)]
    assert len(shown(tab)) == 3
    tab.page.get_by_role("button", name="Older comments").click()
    tab.wait_for("eva-comments", f"({SHOWN}).length === 6", 10)
    tab.page.set_viewport_size({"width": 360, "height": 740})
    more = tab.page.get_by_role("button", name="Show more comments")
    more.wait_for()
    assert shown(tab) == texts[:4]  # the fourth has the focus
    assert tab.page.get_by_role("button", name="Older comments").count() == 0
    more.click()
    first_left_out = "[...it.renderRoot.querySelectorAll('eva-comment')][4]"
    tab.wait_for("eva-comments", f"{first_left_out}?.matches(':focus-within') === true", 10)
    assert shown(tab) == texts
    assert more.count() == 0


def test_older_comments_are_read_on(visit: Callable[..., Tab]):
    tab = visit("older", 8)
    texts = [f"Number {number}" for number in range(7, -1, -1)]
    assert shown(tab) == texts[:3]
    focused = "[...it.renderRoot.querySelectorAll('eva-comment')].findIndex((one) => "
    focused += "one.matches(':focus-within'))"
    for first, seen in ((3, 6), (6, 8)):
        use(tab, "Older comments", "eva-comments", f"{focused} === {first}", within_s=10)
        assert shown(tab) == texts[:seen]
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


def hold(tab: Tab, addresses: re.Pattern[str]) -> list[Route]:
    """Have requests wait from now on."""
    waiting: list[Route] = []
    tab.page.route(addresses, lambda route: waiting.append(route))  # noqa: PLW0108 Playwright marks it
    return waiting


def come(tab: Tab, waiting: list[Route]) -> Route:
    """The first of what waits, once it is there."""
    while not waiting:
        tab.page.wait_for_timeout(10)
    return waiting.pop(0)


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
    waiting = hold(tab, PAGES)
    tab.page.get_by_role("button", name="Older comments").click()
    go_to(tab, "Report", key="Shift+Tab")
    come(tab, waiting).continue_()
    tab.wait_for("eva-comments", "it.renderRoot.querySelectorAll('eva-comment').length === 6", 5)
    assert focused(tab) == "Report"


@pytest.mark.parametrize("what", ["comment", "reply", "edit", "report", "delete"])
def test_a_refusal_is_told_where_it_was_written(what: str, visit: Callable[..., Tab]):
    tab = visit(f"refused-{what}", 3, "429")
    page = tab.page
    page.get_by_label("Your name").fill("Kim")
    if what in ("edit", "delete"):
        page.get_by_label("Your comment").fill("My own")
        page.get_by_role("button", name="Post comment").click()
        page.get_by_role("button", name="Edit").wait_for()
    refuse(tab)
    where = "eva-comment >> .trouble"
    if what == "comment":
        page.get_by_label("Your comment").fill("Too quick")
        page.get_by_role("button", name="Post comment").click()
        where = "eva-compose >> .trouble"
    elif what == "reply":
        page.get_by_role("button", name="Reply").last.click()
        page.get_by_label("Your reply").fill("Too quick")
        page.get_by_label("Your name").last.fill("Kim")
        page.get_by_role("button", name="Post reply").click()
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


def reply(tab: Tab, to: int, text: str) -> None:
    """Write a reply to one of the comments, counted from above."""
    tab.page.get_by_role("button", name="Reply").nth(to).click()
    tab.page.get_by_label("Your reply").fill(text)
    tab.page.get_by_label("Your name").last.fill("Kim")


FORM = "eva-compose[reply] >> textarea"


@pytest.mark.parametrize("status", [201, 429])
def test_the_form_of_a_reply_stays_until_the_answer_is_there(
    status: int, visit: Callable[..., Tab]
):
    tab = visit(f"slow-{status}", 2, "429")
    waiting = hold(tab, WRITING)
    reply(tab, 1, "To the first")
    tab.page.get_by_role("button", name="Post reply").click()
    sent = come(tab, waiting)
    tab.page.get_by_role("button", name="Reply").first.click()
    tab.wait_for(FORM, "it.matches(':focus') && it.value === 'To the first'", 5)
    tab.page.keyboard.type(", and what would be lost")
    if status == 201:
        sent.continue_()
        tab.wait_for(
            "eva-comments >> .replies eva-comment", "it.comment.text === 'To the first'", 5
        )
        focused_reply = "it.renderRoot.activeElement?.dataset.act === 'reply'"
        tab.wait_for("eva-comments >> li:last-child > eva-comment", focused_reply, 5)
        assert tab.element(FORM, "true") is None
    else:
        sent.fulfill(status=429, json=problem(429))
        tab.wait_for("eva-compose[reply] >> .trouble", "it.textContent !== ''", 5)
        assert tab.element(FORM, "it.value") == "To the first"


def test_a_reply_that_arrives_late_leaves_another_alone(visit: Callable[..., Tab]):
    tab = visit("crossing", 2)
    waiting = hold(tab, WRITING)
    reply(tab, 1, "To the first")
    tab.page.get_by_role("button", name="Post reply").click()
    sent = come(tab, waiting)
    tab.page.get_by_role("button", name="Cancel").click()
    reply(tab, 0, "To the second")
    sent.continue_()
    tab.wait_for("eva-comments", "it.reader.thread.comments.size === 3", 5)
    tab.page.keyboard.type(", too")
    assert focused(tab) == "Your name"
    assert tab.element(FORM, "it.value") == "To the second"


@pytest.mark.parametrize("what", ["reply", "report", "delete"])
def test_an_answer_that_comes_late_leaves_the_focus_where_it_is(
    what: str, visit: Callable[..., Tab]
):
    tab = visit(f"away-{what}", 2)
    page = tab.page
    page.get_by_label("Your name").fill("Kim")
    page.get_by_label("Your comment").fill("My own")
    page.get_by_role("button", name="Post comment").click()
    page.get_by_role("button", name="Delete").wait_for()
    waiting = hold(tab, WRITING)
    if what == "reply":
        reply(tab, 2, "Late")
        page.get_by_role("button", name="Post reply").click()
    elif what == "report":
        page.get_by_role("button", name="Report").last.click()
        page.get_by_role("button", name="Report").last.click()
    else:
        page.get_by_role("button", name="Delete").click()
    sent = come(tab, waiting)
    page.get_by_label("Your comment").focus()
    page.keyboard.type("Half")
    sent.continue_()
    said = {"reply": "Sent", "report": "Reported", "delete": "Deleted"}[what]
    status = "eva-comments >> [role=status]"
    tab.wait_for(status, f"it.textContent === {said!r}", 5)
    await_forms = "it.updateComplete.then(() => !it.renderRoot.querySelector('eva-compose[reply]'))"
    tab.wait_for("eva-comments", await_forms, 5)
    page.keyboard.type(" a word")
    assert page.get_by_label("Your comment").input_value() == "Half a word"


class Line:
    """The page's line of news, which can be down."""

    def __init__(self, tab: Tab) -> None:
        self._open: list[WebSocketRoute] = []
        self._down = False
        tab.page.route_web_socket("**/events", self._take)

    def _take(self, line: WebSocketRoute) -> None:
        if self._down:
            line.close()
        else:
            self._open += [line, line.connect_to_server()]

    def cut(self) -> None:
        """No news comes from now on."""
        self._down = True
        for end in self._open:
            end.close()
        self._open.clear()

    def mend(self) -> None:
        """News comes again, once the page tries."""
        self._down = False


def test_what_was_hidden_while_no_news_came_goes_once_it_does(
    walk: Stack, visit: Callable[..., Tab]
):
    tab = visit("missed", 8)
    page = tab.page
    line = Line(tab)
    page.reload()
    wait_loaded(tab)
    page.get_by_role("button", name="Older comments").click()
    tab.wait_for("eva-comments", f"{SHOWN}.length === 6", 10)
    page.get_by_role("button", name="Report").last.click()
    page.get_by_label("What is wrong").fill("Half")
    line.cut()
    tab.wait_for("eva-broadcast >> .stale", "true", 20)
    moderate(walk, "missed", "Number 3", hidden=True)
    walk.request("POST", "/api/v1/broadcasts/missed/comments", {"text": "Number 8", "name": "Jo"})
    line.mend()
    texts = [f"Number {number}" for number in (8, 7, 6, 5, 4, 2, 1, 0)]
    tab.wait_for("eva-comments", f"{SHOWN}.join() === '{','.join(texts[:6])}'", 40)
    page.keyboard.type(" a word")
    assert page.get_by_label("What is wrong").input_value() == "Half a word"
    page.get_by_role("button", name="Older comments").click()
    tab.wait_for("eva-comments", f"{SHOWN}.join() === '{','.join(texts)}'", 10)


def test_of_many_comments_the_oldest_are_let_go_and_read_again(
    tmp_path: Path, open_either: Callable[..., Tab]
):
    with Stack(tmp_path, RELAY_TRUSTED_PROXIES="127.0.0.1").running() as stack:
        stack.broadcast("busy", [], **fields())

        def say(numbers: range) -> None:
            for number in numbers:  # a network may write sixty at once
                network = {"X-Forwarded-For": f"198.18.{number // 50}.1"}
                said = {"text": f"Number {number}", "name": "Jo"}
                stack.request("POST", "/api/v1/broadcasts/busy/comments", said, **network)

        say(range(60))
        tab = open_either(f"{stack.url}/b/busy")
        wait_loaded(tab)
        page = tab.page
        page.get_by_role("button", name="Report").last.click()
        page.get_by_label("What is wrong").fill("Half")
        say(range(60, 400))
        tab.wait_for("eva-comments", f"{SHOWN}[0] === 'Number 399'", 20)
        texts = [f"Number {number}" for number in range(399, 9, -1)]
        assert shown(tab) == [*texts[:299], "Number 10"]
        page.keyboard.type(" a word")
        assert page.get_by_label("What is wrong").input_value() == "Half a word"
        page.get_by_role("button", name="Older comments").click()
        tab.wait_for("eva-comments", f"{SHOWN}.length === 350", 10)
        assert shown(tab) == [*texts[:349], "Number 10"]


# Counts how often each comment has been asked to be written anew.
COUNTED = """[...it.renderRoot.querySelectorAll('eva-comment')].forEach((one) => {
  const ask = one.requestUpdate;
  one.asked = 0;
  one.requestUpdate = (...given) => {
    one.asked += 1;
    return ask.apply(one, given);
  };
})"""
ASKED = "[...it.renderRoot.querySelectorAll('eva-comment')].map((one) => one.asked)"


def test_an_old_comment_is_not_written_anew_each_second(visit: Callable[..., Tab]):
    tab = visit("aged", 2)

    def age(route: Route) -> None:
        found = route.fetch()
        body = found.json()
        body["comments"][-1]["at"] = ago(hours=2, seconds=10)
        route.fulfill(response=found, json=body)

    tab.page.route(PAGES, age)
    tab.page.reload()
    wait_loaded(tab)
    tab.element("eva-comments", COUNTED)
    tab.wait_for("eva-comments", f"{ASKED}[0] >= 3", 10)
    assert tab.element("eva-comments", ASKED)[1] == 0
    tab.wait_for("eva-comments >> li:last-child > eva-comment", OLD, 5)


OLD = "it.renderRoot.querySelector('time').textContent === '2 hours ago'"
