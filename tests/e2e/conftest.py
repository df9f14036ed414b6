"""One Chromium for all browser tests, in one worker, and a relay that shows a GoPro's stream."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from tests.support.chromium import chromium, viewers
from tests.support.firefox import firefox
from tests.support.stack import Stack
from tests.support.walk import set_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Playwright

    from tests.support.chromium import Tab

HERE = Path(__file__).parent


FIRST = ("test_recovery", "test_votes", "test_impairment", "test_picture", "test_strangers")
"""These watch the time, and run before the relay with many cameras is there, which stays to the end
for all the others.
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the browser tests one after the other: they share a browser, and measure."""
    places = [place for place, item in enumerate(items) if HERE in item.path.parents]
    ours = sorted((items[place] for place in places), key=_rank)
    for place, item in zip(places, ours, strict=True):
        items[place] = item
        item.add_marker(pytest.mark.xdist_group("browser"))
        item.add_marker(pytest.mark.alone)
        item.add_marker(pytest.mark.timeout(420))


def _rank(item: pytest.Item) -> int:
    return FIRST.index(item.path.stem) if item.path.stem in FIRST else len(FIRST)


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """What drives browsers, ended before the next package's tests: as long as it is there, the
    thread counts as running an event loop, and tests of asyncio have to wait.
    """
    with sync_playwright() as found:
        yield found


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium."""
    with chromium(playwright) as found:
        yield found


@pytest.fixture(scope="package")
def gecko(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Firefox."""
    with firefox(playwright, tmp_path_factory.mktemp("firefox")) as found:
        yield found


@pytest.fixture(params=["chromium", pytest.param("firefox", marks=pytest.mark.slow)])
def either(request: pytest.FixtureRequest) -> Browser:
    """Each browser in turn; `tests.support.browsers` keeps a test to one."""
    found: Browser = request.getfixturevalue(_FIXTURES[request.param])
    return found


_FIXTURES = {"chromium": "browser", "firefox": "gecko"}


@pytest.fixture
def open_tab(browser: Browser) -> Iterator[Callable[..., Tab]]:
    """Opens pages as new viewers, which may complain of what is named; see `viewers`."""
    with viewers(browser) as found:
        yield found


@pytest.fixture
def open_fox(gecko: Browser) -> Iterator[Callable[..., Tab]]:
    """The same in Firefox."""
    with viewers(gecko) as found:
        yield found


@pytest.fixture
def open_either(either: Browser) -> Iterator[Callable[..., Tab]]:
    """The same in each browser."""
    with viewers(either) as found:
        yield found


@pytest.fixture
def open_still(either: Browser) -> Iterator[Callable[..., Tab]]:
    """The same, dark and without motion, so that no colour is on its way from another."""
    with viewers(either, color_scheme="dark", reduced_motion="reduce") as found:
        yield found


@pytest.fixture(scope="package")
def gopro(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> Iterator[Stack]:
    """A relay with the broadcast "eva" and its camera "gopro", which is live."""
    with Stack(tmp_path_factory.mktemp("gopro")).running() as stack:
        stack.publish(stack.camera("gopro", name="GoPro"), clip)
        stack.broadcast("eva", ["gopro"])
        stack.wait_live("eva", "gopro")
        yield stack


@pytest.fixture(scope="package")
def walk(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> Iterator[Stack]:
    """A relay with a broadcast on whose page everything is to be seen; see `tests.support.walk`."""
    folder = tmp_path_factory.mktemp("walk")
    with Stack(folder, RELAY_TRUSTED_PROXIES="127.0.0.1").running() as stack:
        set_up(stack, clip)
        yield stack


@pytest.fixture
def screenshots(request: pytest.FixtureRequest) -> Path:
    """Where pictures for people go; Firefox's have a folder of their own."""
    folder = HERE / "screenshots"
    if "either" in request.fixturenames:
        name = request.getfixturevalue("either").browser_type.name
        folder = folder / name if name != "chromium" else folder
    folder.mkdir(parents=True, exist_ok=True)
    return folder
