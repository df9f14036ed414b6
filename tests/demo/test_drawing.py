"""The parts that the scenes are made of."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.demo import atmosphere, ground, noise
from relay.demo.blend import CLEAR, STRIP, Overlay, Piece
from relay.demo.colour import develop, dither, paint, yuv
from relay.demo.glyphs import letter
from relay.demo.materials import plain
from relay.demo.plate import Plate
from relay.demo.raster import Sunlight, draw
from relay.demo.sight import EARTH_KM, Sight, ground_rows
from relay.demo.slide import slide
from relay.demo.solid import Solid
from relay.demo.stage import Pose, Stage
from relay.demo.view import View

GREY = plain(0.5, 0.5, 0.5, stain=0.0)


def overlay(rows: slice, columns: slice, clear: int, level: int) -> Overlay:
    def piece(scale: int, planes: int, value: int) -> Piece:
        down = slice(rows.start // scale, rows.stop // scale)
        across = slice(columns.start // scale, columns.stop // scale)
        shape = (down.stop - down.start, across.stop - across.start)
        added = np.full(shape, value * (CLEAR - clear) // CLEAR, np.uint16)
        return Piece(down, across, np.full(shape, clear, np.uint16), (added,) * planes)

    return Overlay([piece(1, 1, level)], [piece(2, 2, level)])


def canvas(level: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return tuple(np.full(size, level, np.uint8) for size in ((200, 300), (100, 150), (100, 150)))


def test_subdividing_draws_a_cubic_b_spline() -> None:
    values = np.random.default_rng(0).standard_normal((8, 6)).astype(np.float32)
    for axis in (0, 1):
        fine = np.moveaxis(noise.subdivide(values, axis), axis, 0)
        before, here, after = (
            np.moveaxis(np.roll(values, shift, axis), axis, 0) for shift in (1, 0, -1)
        )
        assert fine[0::2] == pytest.approx((before + 6 * here + after) / 8, abs=1e-5)
        assert fine[1::2] == pytest.approx((here + after) / 2, abs=1e-5)


def test_noise_is_even_and_periodic() -> None:
    field = noise.fractal(np.random.default_rng(0), (4, 8), 5)
    assert field.shape == (128, 256)
    assert field.mean() == pytest.approx(0, abs=1e-4)
    assert field.std() == pytest.approx(1, abs=1e-4)
    inside = np.abs(np.diff(field, axis=1)).max()
    assert np.abs(field[:, 0] - field[:, -1]).max() <= 1.5 * inside
    rows, columns = np.indices(field.shape).astype(np.float32)
    assert noise.sample(field, rows, columns) == pytest.approx(field)
    assert noise.sample(field, rows + 128, columns - 256) == pytest.approx(field, abs=1e-4)


def test_colours_are_bt709() -> None:
    white = paint(255, 255, 255)
    assert white == pytest.approx([219, 0, 0], abs=1e-3)
    red, blue = paint(255, 0, 0), paint(0, 0, 255)
    assert red == pytest.approx([0.2126 * 219, -0.2126 / 1.8556 * 224, 112], abs=0.1)
    assert blue[1] == pytest.approx(112)
    one = np.ones(4, np.float32)
    assert yuv(one, one, one)[0] == pytest.approx(219 * one)
    light = np.linspace(0, 20, 100, dtype=np.float32)
    shown = develop(light)
    assert (np.diff(shown) >= 0).all()
    assert shown.min() == 0
    assert shown.max() == 1


def test_dither_hides_the_steps_of_a_gradient() -> None:
    noise_ = dither(np.random.default_rng(0), (64, 4096))
    assert noise_.min() >= 0
    assert noise_.max() < 1
    slow = np.linspace(20, 24, 4096)
    shown = np.floor(slow + noise_).mean(0)
    smooth = np.convolve(shown, np.ones(64) / 64, "valid")
    assert np.abs(smooth - slow[31 : 31 + len(smooth)]).max() < 0.06


@given(st.floats(0, 20), st.floats(0, 20))
def test_sliding_is_bilinear(right: float, down: float) -> None:
    ramp = (np.arange(60)[:, None] * 2 + np.arange(80) + 20).astype(np.uint8)
    out = np.empty((30, 40), np.uint8)
    slide(ramp, out, right, down, steps=4)
    expected = ramp[:30, :40] + right + 2 * down
    assert np.abs(out - expected).max() <= 1.5


def test_sliding_by_whole_pixels_copies() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (200, 90), dtype=np.uint8)
    out = np.empty((150, 60), np.uint8)
    slide(picture, out, 7.0, 13.0, steps=4)
    assert np.array_equal(out, picture[13:163, 7:67])


def test_a_plate_is_the_same_as_overlays_one_by_one() -> None:
    things = [
        overlay(slice(10, 150), slice(20, 280), 64, 200),
        overlay(slice(40, 120), slice(100, 300), 0, 90),
        overlay(slice(60, 200), slice(0, 160), 100, 30),
    ]
    plate = Plate(300, 200)
    for _ in range(2):
        plate.wipe()
        for thing in things:
            plate.lay(thing)
        plate.finish()
    one_by_one, at_once = canvas(180), canvas(180)
    for thing in things:
        thing.blend(one_by_one)
    plate.blend(at_once)
    for a, b in zip(one_by_one, at_once, strict=True):
        assert np.abs(a.astype(int) - b.astype(int)).max() <= 2


def test_an_empty_plate_changes_nothing_and_hides_nothing() -> None:
    plate = Plate(300, 200)
    plate.finish()
    planes = canvas(77)
    plate.blend(planes)
    assert all((plane == 77).all() for plane in planes)
    assert plate.open_columns(0) == slice(0, 300)


def test_a_plate_knows_what_it_hides() -> None:
    plate = Plate(300, 200)
    plate.lay(overlay(slice(0, STRIP), slice(180, 300), 0, 50))
    plate.finish()
    assert plate.open_columns(0) == slice(0, 182)
    assert plate.open_columns(1) == slice(0, 300)
    plate.lay(overlay(slice(0, STRIP), slice(0, 300), 0, 50))
    plate.finish()
    hidden = plate.open_columns(0)
    assert hidden.stop - hidden.start <= 4


def test_letters_are_legible_and_digits_of_one_width() -> None:
    shapes = {digit: letter(digit * 3, 20, 2.5, 2).shape for digit in "0123456789"}
    assert len({shape[1] for shape in shapes.values()}) == 1
    drawn = [letter(character, 20, 2.5, 2) for character in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"]
    for number, ink in enumerate(drawn):
        assert ink.max() == 1
        assert ink.min() == 0
        for other in drawn[:number]:
            same_shape = ink.shape == other.shape
            # O and 0 differ in width alone, as clocks and words do not mix.
            assert not same_shape or np.abs(ink - other).max() > 0.5 or number == 26
    assert letter("?", 20, 2.5, 2).max() == 0


def test_rays_meet_the_ground_where_geometry_says() -> None:
    down = Sight(np.array([[0, 0, -1]], np.float32))
    assert down.hit.all()
    assert down.steepness == pytest.approx(1)
    assert down.across_km() == pytest.approx(0, abs=0.1)
    angles = np.radians([20.0, 20.4])
    rays = np.stack([np.zeros(2), np.cos(angles), -np.sin(angles)], 1).astype(np.float32)
    limb = Sight(rays)
    assert limb.hit.tolist() == [False, True]
    assert limb.height_km[0] == pytest.approx(
        (EARTH_KM + 420) * np.cos(angles[0]) - EARTH_KM, abs=1
    )
    up = Sight(np.array([[0, 0, 1]], np.float32))
    assert not up.hit.any()
    assert np.isinf(up.height_km).all()


def test_rows_of_the_ground_are_about_a_pixel_high() -> None:
    edges, pixel_km = ground_rows(100, 2200, 700)
    assert len(edges) == len(pixel_km) + 1
    assert len(pixel_km) % 16 == 0
    assert (np.diff(edges) > 0).all()
    assert pixel_km[0] < 1
    assert 2.5 < pixel_km[-1] < 4


def test_the_ground_joins_end_to_end() -> None:
    edges, pixel_km = ground_rows(300, 900, 200)
    earth = ground.build(7, edges, pixel_km)
    luma = earth.luma.astype(int)
    assert luma.shape == (len(pixel_km), ground.COLUMNS)
    assert luma.max() <= 219
    seam = np.abs(luma[:, 0] - luma[:, -1]).mean()
    assert seam < 2 * np.abs(np.diff(luma, axis=1)).mean() + 1
    # Seas, lands and clouds.
    assert (luma < 60).mean() > 0.2
    assert (luma > 150).mean() > 0.05
    assert 0.001 < (earth.lights > 60).mean() < 0.2


def test_night_follows_day() -> None:
    ground_light, towns, day, dusk, glow = atmosphere.strengths(
        np.array([-0.5, -0.1, 0.0, 0.5], np.float32)
    )
    assert (np.diff(ground_light) > 0).all()
    assert (np.diff(day) >= 0).all()
    assert (np.diff(glow) <= 0).all()
    assert towns[0] == 1
    assert towns[-1] == 0
    assert dusk[1] > 0.5
    assert dusk[0] == dusk[-1] == 0


def test_a_box_is_drawn_lit_and_casts_a_shadow() -> None:
    scene = Solid()
    scene.box((-1, 9, -1), ((2, 0, 0), (0, 2, 0), (0, 0, 2)), GREY)
    scene.box((-4, 12, -4), ((8, 0, 0), (0, 0.1, 0), (0, 0, 8)), GREY)
    view = View(160, 160, field=60, azimuth=90, pitch=0)
    sun = np.array((-0.6, -0.8, 0), np.float32)
    drawing = draw(
        scene, view.project, np.zeros(3, np.float32), Sunlight(scene, sun, 512), (160, 160)
    )
    assert drawing.covered[80, 80]
    assert not drawing.covered[0, 0]
    assert drawing.y[80, 80] > 90
    # The sun is on the right, so the box's shadow falls on the wall's left.
    assert drawing.y[80, 115] > 90
    assert drawing.y[80, 55] < 60
    assert drawing.u[80, 55] > drawing.u[80, 115]


def test_a_stage_follows_perspective() -> None:
    view = View(320, 240, field=50, azimuth=90, pitch=0)
    post = Solid()
    post.box((-0.5, 10, -0.5), ((1, 0, 0), (0, 0.2, 0), (0, 0, 1)), GREY)

    class Moves:
        def pose(self, part: int, frame: int) -> Pose:
            shift = np.array((0.01 * frame, 0.05 * frame, 0), np.float32)
            return Pose(np.eye(3, dtype=np.float32), np.zeros(3, np.float32), shift)

        def shine(self, part: int, frame: int) -> None:
            return None

    sun = Sunlight(post, np.array((0, -1, 0), np.float32), 256)
    stage = Stage(view, [(post, sun)], Moves(), refresh=4)
    for frame in (0, 40, 7, 8):
        turn = frame // 4 * 4
        planes = tuple(
            np.full(size, level, np.uint8)
            for size, level in (((240, 320), 16), ((120, 160), 128), ((120, 160), 128))
        )
        stage.plate(frame).blend(planes)
        corners = Moves().pose(0, turn).move(post.points())
        seen = view.project(corners[corners[:, 1] <= corners[:, 1].min() + 0.01])
        rows, columns = np.nonzero(planes[0] > 60)
        for found, expected in ((columns, seen[:, 0]), (rows, seen[:, 1])):
            assert found.min() == pytest.approx(expected.min(), abs=1.2)
            assert found.max() + 1 == pytest.approx(expected.max(), abs=1.2)
