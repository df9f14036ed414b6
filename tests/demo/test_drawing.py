"""The parts that the scenes are made of."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.demo import atmosphere, ground, noise
from relay.demo.colour import dither, paint, yuv
from relay.demo.picture import Front, Sprite, fronts
from relay.demo.sight import EARTH_KM, Sight, ground_rows
from relay.demo.slide import slide


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


@pytest.mark.parametrize("name", ["helmet", "drone", "orbit360"])
def test_what_stands_before_the_earth_is_legal_at_any_size(name: str) -> None:
    for width, height in ((1956, 1116), (434, 248)):
        luma, chroma = fronts(name, width, height)
        assert luma.clear.shape == luma.added[0].shape == (height, width)
        assert chroma.clear.shape == chroma.added[0].shape == (height // 2, width // 2)
        # Sky and station, both at once and neither alone.
        assert 0.4 < luma.clear.mean() < 0.95
        assert (luma.clear == 0).mean() > 0.05
        for front, most in ((luma, 235), (chroma, 240)):
            cover = 1 - front.clear
            for plane in front.added:
                assert (plane <= most * cover + 1.5).all()
                assert (plane >= 16 * cover - 1.5).all()


def test_a_stretch_of_a_front_is_its_rows() -> None:
    plane = np.arange(12, dtype=np.float32).reshape(6, 2)
    part = Front(plane, (plane * 2,)).rows(2, 4)
    assert part.clear.tolist() == [[4, 5], [6, 7]]
    assert part.added[0].tolist() == [[8, 10], [12, 14]]


def test_a_sprite_moves_by_thirds_of_a_pixel_and_within_the_picture() -> None:
    width, height, offset, reach = 720, 432, 20, 6
    sprite = Sprite("arm", width, height, reach)
    size = (height - 2 * offset, width - 2 * offset)

    def drawn(right: float, down: float) -> list[np.ndarray]:
        half = (size[0] // 2, size[1] // 2)
        planes = tuple(
            np.full(shape, level, np.uint8)
            for shape, level in ((size, 16), (half, 128), (half, 128))
        )
        sprite.draw(planes, offset, right, down)
        assert 14 <= planes[0].min() <= planes[0].max() <= 236
        assert all(14 <= plane.min() <= plane.max() <= 241 for plane in planes[1:])
        return list(planes)

    still = drawn(0, 0)[0].astype(int)
    for pixels in (-4, 2, 5):
        moved = drawn(pixels, 0)[0].astype(int)
        inside = slice(10, -10)
        assert np.array_equal(np.roll(still, pixels, 1)[:, inside], moved[:, inside])
        moved = drawn(0, pixels)[0].astype(int)
        assert np.array_equal(np.roll(still, pixels, 0)[inside], moved[inside])
    # A third of a pixel lies between none and one.
    left = drawn(0, 0)[0][200], drawn(1, 0)[0][200]
    between = drawn(1 / 3, 0)[0][200].astype(int)
    assert (between != left[0]).any()
    assert (between != left[1]).any()
    assert np.abs(between - left[0]).sum() < np.abs(between - left[1].astype(int)).sum()
