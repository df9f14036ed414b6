"""What the demo's cameras show, at several sizes."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest

from relay.demo import timecode
from relay.demo.marks import flash_centre, flash_radius
from relay.demo.scene import AROUND, KINDS, Camera
from relay.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Callable

    Maker = Callable[[str, int, int], Camera]

NOW = 1_795_363_331_123
SIZES = ((426, 240), (640, 360), (960, 540), (1280, 720))

pytestmark = pytest.mark.parametrize("kind", KINDS)


def copy(planes: tuple[np.ndarray, ...]) -> list[np.ndarray]:
    return [plane.copy() for plane in planes]


@pytest.mark.parametrize(
    "size",
    [*SIZES[:-1], pytest.param(SIZES[-1], marks=pytest.mark.slow)],
    ids=lambda size: f"{size[0]}x{size[1]}",
)
def test_it_draws_at_any_size(kind: str, size: tuple[int, int], camera: Maker) -> None:
    filmed = camera(kind, *size)
    width, height = filmed.width, filmed.height
    assert height == size[1]
    y, u, v = filmed.frame(100.0, NOW)
    assert y.shape == (height, width)
    assert u.shape == v.shape == (height // 2, width // 2)
    assert {plane.dtype for plane in (y, u, v)} == {np.dtype(np.uint8)}
    assert timecode.read(y) == NOW
    below = y[timecode.strip_height(height) :]
    # Black sky, bright metal, and no plain area in place of either.
    assert np.percentile(below, 2) < 25
    assert np.percentile(below, 99) > 180
    assert below.std() > 35
    assert u.std() > 3
    assert v.std() > 3


def test_the_planes_are_the_encoders_buffer(kind: str, camera: Maker) -> None:
    filmed = camera(kind, 640, 360)
    planes = filmed.frame(100.0, NOW)
    assert all(np.shares_memory(plane, filmed.buffer) for plane in planes)
    assert filmed.buffer.tobytes() == b"".join(plane.tobytes() for plane in planes)


def test_levels_stay_legal_through_day_and_night(kind: str, camera: Maker) -> None:
    filmed = camera(kind, 426, 240)
    for seconds in range(0, 1500, 75):
        y, u, v = filmed.frame(float(seconds), NOW)
        # Blending rounds down once a layer; what wraps around would be far outside.
        assert y.min() >= 14
        assert y.max() <= 236
        for chroma in (u, v):
            assert chroma.min() >= 14
            assert chroma.max() <= 240


def test_it_moves_all_the_time_but_smoothly(kind: str, camera: Maker) -> None:
    filmed = camera(kind, 640, 360)
    first = copy(filmed.frame(300.0, NOW))
    next_ = copy(filmed.frame(300.0 + 1 / 30, NOW))
    later = copy(filmed.frame(305.0, NOW))
    changed = (first[0] != next_[0]).mean()
    assert 0.05 < changed < 0.95
    step, leap = (
        np.abs(first[0].astype(int) - other[0].astype(int)).mean() for other in (next_, later)
    )
    assert 0 < step < 3
    assert leap > 2 * step


def test_a_frame_depends_on_its_time_alone(kind: str, camera: Maker) -> None:
    filmed = camera(kind, 426, 240)
    for number in range(40):
        walked = copy(filmed.frame(900 + number / 30, NOW + number))
    filmed.frame(5000.0, NOW)
    filmed.frame(17.0, NOW)
    leapt = copy(filmed.frame(900 + 39 / 30, NOW + 39))
    fresh = copy(Camera(kind, filmed.width, 240, 30).frame(900 + 39 / 30, NOW + 39))
    for a, b, c in zip(walked, leapt, fresh, strict=True):
        assert np.array_equal(a, b)
        assert np.array_equal(a, c)


def test_the_seed_makes_the_planet(kind: str, camera: Maker) -> None:
    filmed = camera(kind, 426, 240)
    other = copy(Camera(kind, filmed.width, 240, 30, seed=3).frame(100.0, NOW))
    usual = filmed.frame(100.0, NOW)
    assert (other[0] != usual[0]).mean() > 0.1


@pytest.mark.parametrize("fps", [15, 24, 25, 50, 60])
def test_other_rates_flow_as_well(kind: str, fps: int) -> None:
    filmed = Camera(kind, 360 if kind in AROUND else 320, 180, fps)
    frames = [copy(filmed.frame(200 + number / fps, NOW))[0][8:] for number in range(4)]
    for before, after in itertools.pairwise(frames):
        assert 0 < np.abs(before.astype(int) - after.astype(int)).mean() < 6


def test_the_flash_is_lit_in_the_first_frame_of_each_second(kind: str, camera: Maker) -> None:
    filmed = camera(kind, 640, 360)
    x, y = flash_centre(filmed.width, 360, around=kind in AROUND)
    reach = int(flash_radius(360) / 2)
    lit = [
        int(filmed.frame(42 + n / 30, NOW)[0][y - reach : y + reach, x - reach : x + reach].min())
        for n in range(61)
    ]
    assert [n for n, level in enumerate(lit) if level > 225] == [0, 30, 60]


def test_nobody_but_who_asks_sees_marks(kind: str, camera: Maker) -> None:
    filmed = camera(kind, 640, 360)
    marked = copy(filmed.frame(50.0, NOW))
    bare = copy(filmed.frame(50.0))
    strip = timecode.strip_height(360)
    assert timecode.read(marked[0]) == NOW
    assert timecode.read(bare[0]) is None
    # The strip hides sky; the rest is the same picture but for the flash.
    assert (bare[0][:strip] != marked[0][:strip]).any()
    assert (bare[0][strip:] != marked[0][strip:]).mean() < 0.001


@pytest.mark.parametrize(
    ("width", "height", "fps", "what"),
    [(641, 360, 30, "even"), (64, 36, 30, "even"), (720, 360, 0, "frames a second")],
)
def test_what_cannot_be_drawn_is_refused(
    kind: str, width: int, height: int, fps: int, what: str
) -> None:
    with pytest.raises(OperatorError, match=what):
        Camera(kind, width, height, fps)
    with pytest.raises(OperatorError, match="no demo camera"):
        Camera(f"{kind}s", 640, 360, 30)
