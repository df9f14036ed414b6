"""Stars of a viewer who is quick, or of two minds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from tests.support.answers import answer, problem
from tests.support.keys import focused, go_to
from tests.support.walk import fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.chromium import Tab
    from tests.support.stack import Stack

pytestmark = pytest.mark.slow

_WALK_FOR_EVER: Final = """(() => {
  const later = window.setTimeout;
  window.setTimeout = (work, ms, ...given) =>
    ms > 500 && ms < 1000 ? 0 : later(work, ms, ...given);
})()"""
"""Votes by arrow keys wait for the end of the walk, and none ends by itself."""


@pytest.mark.parametrize("by", ["mouse", "keys"])
def test_what_is_being_written_outlives_another_vote(
    by: str, walk: Stack, open_either: Callable[..., Tab]
):
    walk.anew("written", [], **fields())
    tab = open_either(f"{walk.url}/b/written", "403")
    tab.page.get_by_role("radio", name="2 stars").check()
    words = tab.page.get_by_label("What could be better?")
    words.fill("Less talk")
    if by == "keys":
        go_to(tab, "2 stars", key="Shift+Tab")
        tab.page.keyboard.press("ArrowRight")
    else:
        tab.page.get_by_role("radio", name="3 stars").check()
    tab.wait_for("eva-rating", "it.rating.yours === 3 && it.progress.kind === 'counted'", 10)
    assert words.input_value() == "Less talk"
    answer(tab, "**/rating", 403, problem(403))
    tab.page.get_by_role("radio", name="1 star").click()
    tab.page.get_by_text("Your vote was not counted.").wait_for()
    assert words.input_value() == "Less talk"


def test_closing_the_stars_of_a_frame_ends_the_walk_through_them(
    walk: Stack, open_either: Callable[..., Tab]
):
    walk.anew("hasty", [], **fields())
    tab = open_either(f"{walk.url}/embed/hasty")
    tab.page.evaluate(_WALK_FOR_EVER)
    go_to(tab, "Rate this broadcast")
    tab.page.keyboard.press("Enter")
    tab.wait_for("eva-rating >> input", "it.matches(':focus')", 10)
    tab.page.keyboard.press("ArrowRight")
    tab.page.keyboard.press("Escape")
    tab.page.get_by_role("button", name="Rated 2.0 out of 5.").wait_for()
    assert focused(tab).startswith("Rated 2.0 out of 5.")
    tab.wait_for("eva-embed", "it.renderRoot.querySelector('eva-rating') === null", 5)


@pytest.mark.parametrize("end", ["leaves", "goes"])
def test_leaving_the_stars_ends_the_walk_through_them(
    end: str, walk: Stack, open_either: Callable[..., Tab]
):
    walk.anew("left", [], **fields())
    tab = open_either(f"{walk.url}/b/left")
    tab.page.evaluate(_WALK_FOR_EVER)
    go_to(tab, "1 star")
    for _ in range(3):
        tab.page.keyboard.press("ArrowRight")
    if end == "leaves":
        tab.page.keyboard.press("Tab")
    else:
        tab.element("eva-rating", "it.remove()")
    rating = "/api/v1/broadcasts/left/rating"
    walk.wait(lambda: walk.get(rating)["average"] is not None, "the vote", 10)
    found = walk.get(rating)
    assert (found["average"], found["count"]) == (4.0, 1)  # none on the way there was sent
