"""Votes: seen by everybody at once, and kept whatever happens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.support.stack import Stack
from tests.support.stalls import tries

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.chromium import Tab

SEEN_S = 0.5
"""Within this a vote is on every page, says the issue."""


def summary(tab: Tab) -> str:
    return str(tab.element("eva-rating >> .summary", "it.innerText"))


def wait_stars(average: int, *tabs: Tab) -> None:
    for tab in tabs:
        tab.wait_for("eva-rating >> .summary", f"it.innerText.includes('{average}.0')")
        assert "1" in summary(tab)


def test_a_vote_is_seen_elsewhere_and_survives_the_death_of_everything(
    tmp_path: Path, open_either: Callable[[str], Tab], figure: Callable[[str], None]
):
    stack = Stack(tmp_path)
    with stack.running():
        stack.camera("helmet")
        begun = datetime.now(UTC) - timedelta(minutes=1)
        stack.broadcast("eva", ["helmet"], starts_at=begun.isoformat())
        here, there = open_either(f"{stack.url}/b/eva"), open_either(f"{stack.url}/b/eva")
        for tab in (here, there):
            tab.wait_for("eva-rating >> .summary", "it.innerText.includes('No votes')", 5)
        # Both pages read the same clock, so the one can say when the other's vote went out.
        here.page.evaluate(
            """() => addEventListener("eva-vote", () => { window.voted = Date.now(); }, true)"""
        )
        there.element(
            "eva-rating >> .summary",
            """new MutationObserver(() => { window.seen ??= Date.now(); })
              .observe(it, { subtree: true, childList: true, characterData: true })""",
        )
        for attempt, stars in zip(tries(SEEN_S), (4, 3, 5), strict=False):
            with attempt:
                there.page.evaluate("window.seen = null")
                here.page.get_by_role("radio", name=f"{stars} stars").check()
                wait_stars(stars, here, there)
                voted = here.page.evaluate("window.voted")
                attempt.found = (there.page.evaluate("window.seen") - voted) / 1000
            figure(f"s until a vote was seen in the other page: {attempt}")
        here.page.get_by_role("radio", name="4 stars").check()
        wait_stars(4, here, there)

        stack.kill_everything()
        stack.start()
        for tab in (here, there):
            tab.page.reload()
            tab.wait_for("eva-rating >> .summary", "it.innerText.includes('4.0')", 10)
        assert here.page.get_by_role("radio", name="4 stars").is_checked()
        assert not there.page.get_by_role("radio", name="4 stars").is_checked()
        there.page.get_by_role("radio", name="5 stars").check()
        here.wait_for("eva-rating >> .summary", "it.innerText.includes('4.5')", 5)
        for tab in (here, there):
            # While the relay was dead the pages' sockets and requests failed, and until its camera
            # was back nothing could be watched; Chromium says so.
            tab.complaints[:] = [
                text
                for text in tab.complaints
                if "net::ERR_" not in text and "ws://" not in text and "409" not in text
            ]
