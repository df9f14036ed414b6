"""The age of pictures on screen, from the timecode strips of the demo's cameras."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from relay.demo import timecode
from tests.support.stalls import tries

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.chromium import Tab

OFF_MS: Final = 30
"""The badge is no further than this from the truth, says the issue."""

_WIDTH: Final = 640

# The page times by `performance.now()`; the strip is in the wall clock of the machine, which
# is the relay's as well.
_LOOK: Final = """
new Promise((resolve) => {
  const { width, ms } = argument;
  const frames = [], badges = new Map();
  const canvas = new OffscreenCanvas(width, 1);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const video = it.renderRoot.querySelector("video");
  const until = performance.now() + ms;
  const look = (_now, { presentationTime }) => {
    const strip = video.videoHeight / 36; // its middle is one row of the canvas
    context.drawImage(video, 0, strip / 4, video.videoWidth, strip / 2, 0, 0, width, 1);
    const green = context.getImageData(0, 0, width, 1).data.filter((_, i) => i % 4 === 1);
    const wall = (window.trueNow ?? Date.now)() - performance.now() + presentationTime;
    frames.push([presentationTime, wall, [...green]]);
    const health = it.health;
    const badge = it.renderRoot.querySelector(".latency");
    if (health && health.latencyMs !== null && badge) {
      badges.set(health.stats.atMs, [health.latencyMs, Number(badge.dataset.ms)]);
    }
    performance.now() < until
      ? video.requestVideoFrameCallback(look)
      : resolve([frames, [...badges].map(([at, both]) => [at, ...both])]);
  };
  video.requestVideoFrameCallback(look);
})
"""


@dataclass(frozen=True)
class Shown:
    """A picture that came on screen."""

    at_ms: float
    """When, by the page's monotonic clock."""
    age_ms: float
    """How long after it had been taken."""


@dataclass(frozen=True)
class Badge:
    """What the player said of its latency."""

    at_ms: float
    """When it was measured, by the page's monotonic clock."""
    measured_ms: float
    """The latency."""
    told_ms: float
    """What stood in the badge soon after."""


def watch(tab: Tab, seconds: float) -> tuple[list[Shown], list[Badge]]:
    """Watch the player: the pictures whose strip can be read, and what its badge said meanwhile."""
    argument = {"width": _WIDTH, "ms": seconds * 1000}
    frames, badges = tab.element("eva-player", _LOOK, argument)
    shown = []
    for at_ms, wall_ms, values in frames:
        taken = timecode.read(np.tile(np.array(values, np.uint8), (36, 1)))
        if taken is not None:
            shown.append(Shown(at_ms, wall_ms - taken))
    return shown, [Badge(*each) for each in badges]


_ALL: Final = """
[...it.renderRoot.querySelectorAll("eva-player")].map((player) => {
  const video = player.renderRoot.querySelector("video");
  const context = new OffscreenCanvas(argument, 1).getContext("2d");
  const strip = video.videoHeight / 36;
  context.drawImage(video, 0, strip / 4, video.videoWidth, strip / 2, 0, 0, argument, 1);
  const green = context.getImageData(0, 0, argument, 1).data.filter((_, i) => i % 4 === 1);
  return [player.camera, Date.now(), [...green]];
})
"""


def ages(tab: Tab) -> dict[str, float]:
    """How long ago the pictures of a page's cameras were taken, milliseconds, of those whose strip
    can be read.
    """
    found = {}
    for camera, wall_ms, values in tab.element("eva-stage", _ALL, _WIDTH):
        taken = timecode.read(np.tile(np.array(values, np.uint8), (36, 1)))
        if taken is not None:
            found[camera] = wall_ms - taken
    return found


def check_badge(tab: Tab, seconds: float, figure: Callable[[str], None], what: str) -> list[Badge]:
    """The badge tells the truth of the pictures, which are `what`; returns what it said."""
    badges: list[Badge] = []
    for attempt in tries(OFF_MS):
        with attempt:
            shown, badges = watch(tab, seconds)
            assert len(shown) > 10
            assert len(badges) > 2
            off = [badge.measured_ms - _truth_ms(badge, shown) for badge in badges]
            attempt.found = worst(off)
        ages = statistics.median(each.age_ms for each in shown)
        figure(
            f"{what} are {ages:.0f} ms old, the badge is off by {statistics.median(off):+.0f} ms "
            f"({min(off):+.0f} to {max(off):+.0f}); ms that counted: {attempt}"
        )
    return badges


def worst(off: list[float]) -> float:
    """What has to be within the limit: the median, and each badge but one."""
    return max(abs(statistics.median(off)), sorted(abs(each) for each in off)[-2])


def _truth_ms(badge: Badge, shown: list[Shown]) -> float:
    """The age of the pictures that were on screen when the badge was measured."""
    near = sorted(shown, key=lambda each: abs(each.at_ms - badge.at_ms))[:5]
    return statistics.median(each.age_ms for each in near)
