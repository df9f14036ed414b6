"""Smooth periodic noise, the raw material of continents, clouds and sound-free static."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float32]


def subdivide(values: Floats, axis: int) -> Floats:
    """Double the samples of a plane along a periodic `axis` with the cubic B-spline's rule.

    Repeated, it draws the smooth curve that a cubic B-spline draws, at the cost of a few additions.
    """
    height, width = values.shape
    if axis == 0:
        fine = np.empty((height * 2, width), np.float32)
        even, odd = fine[0::2], fine[1::2]
        np.add(values[:-1], values[1:], out=odd[:-1])
        np.add(values[-1], values[0], out=odd[-1])
        # (previous + 6 here + next) / 8 is the mean of the two neighbouring midpoints and of here.
        np.add(odd[:-1], odd[1:], out=even[1:])
        np.add(odd[-1], odd[0], out=even[0])
    else:
        fine = np.empty((height, width * 2), np.float32)
        even, odd = fine[:, 0::2], fine[:, 1::2]
        np.add(values[:, :-1], values[:, 1:], out=odd[:, :-1])
        np.add(values[:, -1], values[:, 0], out=odd[:, -1])
        np.add(odd[:, :-1], odd[:, 1:], out=even[:, 1:])
        np.add(odd[:, -1], odd[:, 0], out=even[:, 0])
    even *= np.float32(0.125)
    even += values * np.float32(0.5)
    odd *= np.float32(0.5)
    return fine


def fractal(
    rng: np.random.Generator,
    coarse: tuple[int, int],
    doublings: int,
    *,
    gain: float = 0.5,
    calm: int = 0,
) -> Floats:
    """Sum octaves of noise on a torus; the mean is about 0 and the standard deviation 1.

    The result has `coarse` · 2^`doublings` samples. Each octave is `gain` times as strong as the
    one before; the last `calm` doublings only interpolate.
    """
    field = rng.standard_normal(coarse, np.float32)
    strength = 1.0
    for level in range(doublings):
        field = subdivide(subdivide(field, 0), 1)
        strength *= gain
        if level < doublings - calm:
            field += rng.standard_normal(field.shape, np.float32) * np.float32(strength)
    field -= field.mean()
    field /= field.std()
    return field


def sample(field: Floats, row: Floats, column: Floats) -> Floats:
    """Read a periodic `field` at fractional positions, bilinearly."""
    height, width = field.shape
    row_floor, column_floor = np.floor(row), np.floor(column)
    above = row_floor.astype(np.int32) % height
    left = column_floor.astype(np.int32) % width
    below, right = (above + 1) % height, (left + 1) % width
    down, across = row - row_floor, column - column_floor
    above *= width
    below *= width
    flat = field.ravel()
    upper: Floats = flat.take(above + left)
    upper += (flat.take(above + right) - upper) * across
    lower = flat.take(below + left)
    lower += (flat.take(below + right) - lower) * across
    upper += (lower - upper) * down
    return upper


def ramp(values: Floats, low: float, high: float) -> Floats:
    """0 below `low`, 1 above `high`, and a smooth step (3x² - 2x³) between."""
    x: Floats = np.clip((values - np.float32(low)) * np.float32(1 / (high - low)), 0, 1)
    step: Floats = x * x * (np.float32(3) - np.float32(2) * x)
    return step
