"""The 360° camera: geometry of the sphere, what stands all around, seams and poles."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest

from relay.demo import ground, timecode
from relay.demo.globe import sun_at
from relay.demo.levels import rows_at, stack
from relay.demo.scene import Camera
from relay.demo.sight import EARTH_KM, Sight, ground_rows
from relay.demo.sphere import Sphere
from relay.demo.sun import Sun
from relay.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = 1_795_363_331_123


@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize(("azimuth", "top"), [(0, 0), (-90, 48), (137.5, 200)])
def test_rays_and_points_are_one_anothers_inverse(azimuth: float, top: int, step: int) -> None:
    sphere = Sphere(512, azimuth, top)
    seen = sphere.project(sphere.rays(step) * np.float32(7))
    rows, columns = seen.shape[:2]
    assert seen[..., 0] == pytest.approx(
        np.tile(np.arange(columns) * step + step / 2, (rows, 1)), abs=0.02
    )
    # Near a pole cosines hardly tell heights apart.
    assert seen[..., 1] == pytest.approx(
        np.tile(np.arange(rows) * step + step / 2, (columns, 1)).T, abs=0.1
    )
    assert seen[..., 2] == pytest.approx(1 / 7)


def test_the_pictures_middle_is_the_flight_path_and_right_is_starboard() -> None:
    sphere = Sphere(360, 0)
    points = np.array([(1, 0, 0), (0, 1, 0), (0, -1, 0), (1, 0, 1)], np.float32)
    assert sphere.project(points)[:, :2] == pytest.approx(
        np.array([(180, 90), (270, 90), (90, 90), (180, 45)]), abs=0.01
    )


def test_the_limb_is_a_straight_row() -> None:
    sphere = Sphere(1280, 0)
    hit = Sight(sphere.rays()).hit
    limb = sphere.row(-np.degrees(np.arccos(EARTH_KM / (EARTH_KM + 420))))
    first = hit.argmax(0)
    assert (first == first[0]).all()
    assert first[0] == pytest.approx(limb, abs=1)
    assert hit[first[0] :].all()


def test_the_limb_shows_in_the_picture_by_day(camera: Callable[[str, int, int], Camera]) -> None:
    filmed = camera("orbit360", 1280, 640)
    y, _, _ = filmed.frame(200.0, NOW)
    limb = round(Sphere(1280, 0).row(-20.3))
    # To starboard, where nothing of the station hides it.
    open_sky = slice(900, 1140)
    assert np.percentile(y[limb - 40 : limb - 20, open_sky], 90) < 20
    assert y[limb - 2 : limb + 2, open_sky].mean() > 110
    assert y[limb + 20 : limb + 60, open_sky].mean() > 40


def test_both_ends_of_the_picture_join(camera: Callable[[str, int, int], Camera]) -> None:
    filmed = camera("orbit360", 1280, 640)
    for seconds in (200.0, 1000.0):
        y = filmed.frame(seconds, NOW)[0][timecode.strip_height(640) :].astype(int)
        seam = np.abs(y[:, 0] - y[:, -1]).mean()
        assert seam < 1.5 * np.abs(np.diff(y, axis=1)).mean(0).max()
        inside = np.abs(np.diff(y[:, :100], axis=1)).mean()
        assert seam < 3 * inside + 1


def test_the_poles_are_of_one_colour(camera: Callable[[str, int, int], Camera]) -> None:
    y, u, v = camera("orbit360", 1280, 640).frame(200.0, NOW)
    # All columns of the last row are within a quarter of a degree of each other.
    assert np.ptp(y[-1].astype(int)) <= 4
    assert np.ptp(u[-1].astype(int)) <= 2
    assert np.ptp(v[-1].astype(int)) <= 2
    # Above the strip of the timecode is nothing: the zenith is dark but for stars.
    strip = timecode.strip_height(640)
    assert np.median(y[strip : strip + 40]) == 16


def test_the_strip_is_read_from_the_flat_picture_and_lies_around_the_zenith(
    camera: Callable[[str, int, int], Camera],
) -> None:
    y, _, _ = camera("orbit360", 1280, 640).frame(17.3, NOW)
    assert timecode.read(y) == NOW
    rows = timecode.strip_height(640)
    pitch = np.degrees(np.arcsin(Sphere(1280, 0, 0, rows).rays()[..., 2]))
    assert pitch.min() > 84.9


def test_the_earth_turns_from_ahead_to_astern(camera: Callable[[str, int, int], Camera]) -> None:
    filmed = camera("orbit360", 1280, 640)
    # To starboard the ground goes from left, ahead, to right, astern.
    here = (slice(460, 520), slice(940, 1140))
    first = filmed.frame(200.0, NOW)[0][here].astype(float)
    later = filmed.frame(202.0, NOW)[0][here].astype(float)
    first -= first.mean()
    later -= later.mean()
    match = [
        (first[:, 30:-30] * np.roll(later, -shift, 1)[:, 30:-30]).sum() for shift in range(-25, 26)
    ]
    assert 4 < int(np.argmax(match)) - 25 < 22


def test_coarser_levels_keep_the_mean_and_lose_the_detail() -> None:
    edges, pixel_km = ground_rows(300, 900, 200)
    earth = ground.build(7, edges, pixel_km)
    rows = len(pixel_km)
    whole = stack(earth, pixel_km)
    assert whole.luma.shape == (rows * 2, ground.COLUMNS)
    assert whole.chroma.shape == (rows, ground.COLUMNS // 2)
    assert np.array_equal(whole.luma[:rows], earth.luma)
    starts = np.cumsum([0, rows, rows // 2, rows // 4])
    levels = [whole.luma[a:b] for a, b in zip(starts, [*starts[1:], rows * 2], strict=True)]
    roughness = [np.abs(np.diff(level.astype(int), axis=1)).mean() for level in levels]
    for level in levels:
        assert level.mean() == pytest.approx(earth.luma.mean(), abs=1)
    assert all(finer > 1.5 * coarser for finer, coarser in itertools.pairwise(roughness))


def test_a_level_is_chosen_by_what_a_pixel_covers() -> None:
    rows = 64
    row = np.full((10, 200), 40)
    pixel_km = np.full(rows, 2, np.float32)
    for step_km, expected in ((1, 0), (2, 0), (8, 1), (32, 2), (128, 3), (9999, 3)):
        along = np.tile(np.arange(200, dtype=np.float32) * np.float32(step_km), (10, 1))
        found = rows_at(row, rows, along, pixel_km, 1)
        first = (0, 64, 96, 112)[expected] + 40 // (1, 2, 4, 4)[expected]
        assert np.mean(found == first) > 0.99


def test_the_sun_is_bright_and_shines_over_the_seam() -> None:
    sphere = Sphere(720, 0)
    plane = np.full((360, 720), 16, np.uint8)
    Sun(sphere, np.ones((360, 720), np.float32)).draw(plane, 200.0)
    x, y = sphere.project(sun_at(200.0))[:2].astype(int)
    assert plane[y - 1 : y + 1, x - 1 : x + 1].min() == 235
    assert x < 32
    assert plane[y, -3:].max() > 16
    assert (plane[:, 200:500] == 16).all()
    hidden = np.full((360, 720), 16, np.uint8)
    Sun(sphere, np.zeros((360, 720), np.float32)).draw(hidden, 200.0)
    assert (hidden == 16).all()


@pytest.mark.parametrize("size", [(1280, 720), (640, 360), (1278, 640)])
def test_other_shapes_than_2_to_1_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(OperatorError, match="twice as wide"):
        Camera("orbit360", *size, 30)
