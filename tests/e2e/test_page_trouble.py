"""What the page and the frame say where they have no broadcast to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.answers import answer, problem, without_data
from tests.support.looks import inspect
from tests.support.walk import SLUG, fields

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.chromium import Tab
    from tests.support.stack import Stack

pytestmark = pytest.mark.slow

SHELLS = {"b": "eva-broadcast", "embed": "eva-embed"}


@pytest.mark.parametrize("page", SHELLS)
def test_a_broadcast_that_cannot_be_loaded_is_asked_for_again(
    page: str, walk: Stack, open_still: Callable[..., Tab], screenshots: Path
):
    tab = open_still("about:blank", "503")
    document = f"**/api/v1/broadcasts/{SLUG}"
    answer(tab, document, 503, problem(503))
    without_data(tab)
    tab.page.goto(f"{walk.url}/{page}/{SLUG}")
    tab.page.get_by_role("heading", name="The broadcast cannot be loaded").wait_for()
    tab.page.get_by_text("The server is in trouble. Try again in a moment.").wait_for()
    inspect(tab, f"page-unloadable-{page}", screenshots, full=False)
    tab.page.unroute(document)
    tab.wait_picture(45)


@pytest.mark.parametrize("page", SHELLS)
def test_a_broadcast_that_cannot_be_reached(page: str, walk: Stack, open_still: Callable[..., Tab]):
    tab = open_still("about:blank", "ERR_FAILED")
    tab.page.route(f"**/api/v1/broadcasts/{SLUG}", lambda route: route.abort())
    without_data(tab)
    tab.page.goto(f"{walk.url}/{page}/{SLUG}")
    tab.page.get_by_role("heading", name="The broadcast cannot be loaded").wait_for()
    tab.page.get_by_text("The server cannot be reached.").wait_for()


def test_a_frame_of_no_broadcast(walk: Stack, open_still: Callable[..., Tab], screenshots: Path):
    tab = open_still(f"{walk.url}/embed/nowhere", "404")
    tab.page.get_by_role("heading", level=1).wait_for()
    inspect(tab, "page-embed-nowhere", screenshots, full=False)


@pytest.mark.parametrize("page", SHELLS)
def test_a_broadcast_that_is_deleted_while_it_is_watched(
    page: str, walk: Stack, open_still: Callable[..., Tab], screenshots: Path
):
    slug = f"leaving-{page}"
    walk.anew(slug, ["helmet"], **fields())
    # What is gone may be asked for just then.
    tab = open_still(f"{walk.url}/{page}/{slug}", "404")
    tab.wait_picture(30)
    walk.request("DELETE", f"/api/v1/broadcasts/{slug}")
    tab.page.get_by_role("heading", name="No broadcast here").wait_for()
    assert tab.element("eva-player", "true") is None
    inspect(tab, f"page-gone-{page}", screenshots, full=False)
