"""A viewer behind a bad network: real Chromium, with `tests.impair` between it and the edge.

The limits are those that the issue states. A shared machine stalls now and then, and that is a
freeze too: where it did, what is measured in real time is measured again.
"""

from __future__ import annotations

import re
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.impair import Impair
from tests.support.chromium import Tab
from tests.support.link import CLEAR, Impairment, Losses
from tests.support.stack import Stack
from tests.support.stalls import Deadline, within_tries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Route

BURST = 4.0
"""Mean length of a run of losses, packets."""
LASTS_S = 0.03
"""About how long a run lasts at most. A viewer sends a packet in 15 ms: a run of its packets that
knows of no time would be an outage of a tenth of a second.
"""
TOP = 720
"""Height of the largest rung; see `footage`."""
WIDE = Impairment(rate_bps=4_000_000)
NARROW = Impairment(rate_bps=700_000)


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A camera's stream of 2.5 Mb/s at 720p30, encoded once: it is passed through, and rungs below
    it are encoded while they are wanted.
    """
    path = tmp_path_factory.mktemp("footage") / "720p.flv"
    video = "-c:v libx264 -preset ultrafast -tune zerolatency -profile:v baseline -g 30"
    rate = "-b:v 2500k -maxrate 2500k -bufsize 1250k -pix_fmt yuv420p"
    command = (
        "ffmpeg -nostdin -loglevel error"
        " -f lavfi -i testsrc2=size=1280x720:rate=30:duration=6"
        " -f lavfi -i sine=frequency=440:sample_rate=48000:duration=6"
        f" {video} {rate} -c:a aac {path}"
    )
    subprocess.run(command.split(), check=True)
    return path


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory, footage: Path) -> Iterator[Stack]:
    """A relay with the broadcast "eva" and its camera, which is live."""
    with Stack(tmp_path_factory.mktemp("impaired")).running() as stack:
        stack.publish(stack.camera("helmet"), footage)
        stack.broadcast("eva", ["helmet"])
        stack.wait_live("eva", "helmet")
        yield stack


@pytest.fixture
def network(relay: Stack) -> Iterator[Impair]:
    """What stands between the browser and the edge; clear at first."""
    with Impair(("127.0.0.1", relay.webrtc_port)).running() as made:
        yield made


@pytest.fixture
def tab(browser: Browser, relay: Stack, network: Impair) -> Iterator[Tab]:
    """A viewer behind that network who has a picture of the top rung."""
    context = browser.new_context(viewport={"width": 1920, "height": 1200})
    tab = Tab(context)

    def through_network(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        answer = route.fetch()
        candidate = r"(a=candidate:1 1 udp \d+ \S+) \d+ "
        sdp = re.sub(candidate, rf"\g<1> {network.port} ", answer.text())
        route.fulfill(response=answer, body=sdp)

    tab.page.route("**/whep/**", through_network)
    tab.page.goto(f"{relay.url}/b/eva")
    tab.wait_picture()
    wait_height(tab, at_least=TOP, within_s=30)
    yield tab
    context.close()
    assert tab.complaints == []


def wait_height(tab: Tab, *, at_least: int = 0, below: int = 10_000, within_s: float) -> float:
    """Wait until pictures of such a height are shown; returns how long that took, in seconds."""
    began, deadline = time.monotonic(), Deadline(within_s)
    while not at_least <= (height := tab.stats().get("height", 0)) < below or not height:
        assert not deadline.passed, f"{height} lines after {deadline}"
        tab.page.wait_for_timeout(20)
    return time.monotonic() - began


def frozen(tab: Tab, seconds: float) -> tuple[int, float]:
    """How often and for how long, in seconds, pictures stand still during so many seconds."""
    before = tab.stats()
    tab.page.wait_for_timeout(seconds * 1000)
    after = tab.stats()
    count = after["freezeCount"] - before["freezeCount"]
    return count, (after["freezeMs"] - before["freezeMs"]) / 1000


class Freezes:
    """Notes the longest freeze while it is asked to look."""

    def __init__(self, tab: Tab) -> None:
        self._tab = tab
        self._before_ms = self._total_ms = tab.stats()["freezeMs"]
        self.longest_s = 0.0

    def look(self) -> int:
        """Look, a few times a second; returns the height of the pictures."""
        stats = self._tab.stats()
        self.longest_s = max(self.longest_s, (stats["freezeMs"] - self._total_ms) / 1000)
        self._total_ms = stats["freezeMs"]
        return int(stats["height"])

    @property
    def total_s(self) -> float:
        """How long pictures have stood still, all in all."""
        return (self._total_ms - self._before_ms) / 1000

    def look_until(self, height: Callable[[int], bool], within_s: float) -> float:
        """Look until pictures have such a height; returns how long that took, in seconds."""
        began, deadline = time.monotonic(), Deadline(within_s)
        while not height(found := self.look()):
            assert not deadline.passed, f"{found} lines after {deadline}"
            self._tab.page.wait_for_timeout(40)
        return time.monotonic() - began

    def look_for(self, seconds: float) -> None:
        """Look for so long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.look()
            self._tab.page.wait_for_timeout(40)


def longest_gap(tab: Tab, seconds: float) -> float:
    """The longest time without a new frame, in seconds, up to the present one."""
    began = last = time.monotonic()
    frames, longest = tab.frames(), 0.0
    while (now := time.monotonic()) - began < seconds:
        if (found := tab.frames()) != frames:
            frames, last = found, now
        longest = max(longest, now - last)
        tab.page.wait_for_timeout(10)
    return longest


@contextmanager
def lossy(network: Impair, share: float) -> Iterator[None]:
    """Losses in bursts in both directions; they have to have happened, as far as chance has it."""
    before = network.counts("down")
    network.set("both", Impairment(losses=Losses.bursts(share, BURST, LASTS_S)))
    try:
        yield
    finally:
        network.set("both", CLEAR)
    after = network.counts("down")
    lost, taken = (after[name] - before[name] for name in ("lost", "taken"))
    assert lost / taken > share / 4


def test_losses_and_another_address_for_a_moment(
    tab: Tab, network: Impair, figure: Callable[[str], None]
):
    """The short version of what follows."""

    def freezes() -> float:
        with lossy(network, 0.02):
            return frozen(tab, 10)[0]

    def gap_s() -> float:
        network.rebind()
        return longest_gap(tab, 2.5)

    figure(f"2 % for 10 s: {within_tries(freezes, 0, seconds=False)} freezes")
    figure(f"another address: {within_tries(gap_s, 1.0)} s without a frame")
    assert tab.stats()["height"] == TOP  # what the old address missed is not the new path's fault


HIDE = """
(hidden) => {
  Object.defineProperty(document, "visibilityState", { get: () => hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}
"""
"""A headless browser's pages are never hidden: what the page sees of it is made up."""


@pytest.mark.slow
def test_no_more_picture_than_can_be_seen(tab: Tab):
    tab.page.set_viewport_size({"width": 400, "height": 700})
    wait_height(tab, below=TOP, within_s=10)
    tab.page.set_viewport_size({"width": 1920, "height": 1200})
    wait_height(tab, at_least=TOP, within_s=20)
    session = tab.element("eva-player", "it.session")
    tab.page.evaluate(HIDE, "hidden")
    # Longer than it takes a player to give up a session without a picture.
    tab.page.wait_for_timeout(7000)
    before = tab.stats()
    tab.page.wait_for_timeout(1000)
    after = tab.stats()
    assert after["packetsReceived"] == before["packetsReceived"]
    assert after["audioPacketsReceived"] > before["audioPacketsReceived"] + 30
    tab.page.evaluate(HIDE, "visible")
    tab.wait_frames(3)
    assert tab.element("eva-player", "it.session") == session


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_percent_for_three_minutes(tab: Tab, network: Impair, figure: Callable[[str], None]):
    def freezes() -> float:
        with lossy(network, 0.02):
            return frozen(tab, 180)[0]

    figure(f"2 % for 3 min: {within_tries(freezes, 0, seconds=False)} freezes")
    assert tab.stats()["height"] == TOP


@pytest.mark.slow
@pytest.mark.timeout(2100)
def test_two_percent_for_ten_minutes(tab: Tab, network: Impair, figure: Callable[[str], None]):
    def freezes() -> float:
        with lossy(network, 0.02):
            return frozen(tab, 600)[0]

    figure(f"2 % for 10 min: {within_tries(freezes, 0, seconds=False)} freezes")
    assert tab.stats()["height"] == TOP


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_five_percent_for_three_minutes(tab: Tab, network: Impair, figure: Callable[[str], None]):
    def share() -> float:
        with lossy(network, 0.05):
            return frozen(tab, 180)[1] / 180

    shares = within_tries(share, 0.01, seconds=False)
    figure(f"5 % for 3 min: {', '.join(f'{each:.2%}' for each in shares)} of the time frozen")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_ten_percent_for_three_minutes(tab: Tab, network: Impair, figure: Callable[[str], None]):
    def longest_s() -> float:
        freezes = Freezes(tab)
        with lossy(network, 0.1):
            freezes.look_for(180)
        share = freezes.total_s / 180
        figure(f"10 % for 3 min: {share:.2%} frozen, the longest for {freezes.longest_s:.2f} s")
        # One limit stands for both.
        return max(freezes.longest_s, share / 0.03)

    within_tries(longest_s, 1.0)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_link_that_falls_and_comes_back(tab: Tab, network: Impair, figure: Callable[[str], None]):
    def longest_s() -> float:
        network.set("down", WIDE)
        wait_height(tab, at_least=TOP, within_s=30)
        tab.page.wait_for_timeout(5000)  # the estimate takes its time to know a link
        freezes = Freezes(tab)
        network.set("down", NARROW)
        down_s = freezes.look_until(lambda height: height < TOP, 10)
        freezes.look_for(8 - down_s)
        network.set("down", WIDE)
        up_s = freezes.look_until(lambda height: height >= TOP, 30)
        freezes.look_for(5)
        figure(
            f"4 Mb/s to 700 kb/s: down after {down_s:.1f} s, up {up_s:.1f} s after its end, "
            f"longest freeze {freezes.longest_s:.2f} s"
        )
        kept = down_s <= 2 and up_s <= 15
        return freezes.longest_s if kept else max(down_s, up_s, freezes.longest_s)

    within_tries(longest_s, 0.5)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("seconds", "limit_s"), [(0.5, 1.0), (5.0, 2.0), (35.0, 3.0)])
def test_an_outage(
    tab: Tab, network: Impair, figure: Callable[[str], None], seconds: float, limit_s: float
):
    tab.page.evaluate("window.sameDocument = true")

    def back_s() -> float:
        network.set("both", Impairment(outage=True))
        tab.page.wait_for_timeout(seconds * 1000)
        shown = tab.frames()
        network.set("both", CLEAR)
        ended, deadline = time.monotonic(), Deadline()
        while tab.frames() < shown + 3:
            assert not deadline.passed, deadline
            tab.page.wait_for_timeout(10)
        took = time.monotonic() - ended
        assert tab.page.evaluate("window.sameDocument")
        tab.wait_picture()
        tab.page.wait_for_timeout(5000)  # a session that was made meanwhile is ended
        return took

    figure(f"{seconds} s outage: picture back after {within_tries(back_s, limit_s)} s")


@pytest.mark.slow
def test_another_address_each_ten_seconds(tab: Tab, network: Impair, figure: Callable[[str], None]):
    def gap_s() -> float:
        network.rebind()
        return longest_gap(tab, 10)

    gaps = [within_tries(gap_s, 1.0) for _ in range(5)]
    figure(f"another address: without a frame for {gaps} s")
