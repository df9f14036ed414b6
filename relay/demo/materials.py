"""What the station is made of. Each material paints places given in metres on its surface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from relay.demo import noise
from relay.demo.solid import Material, Surface

if TYPE_CHECKING:
    from relay.demo.noise import Floats

_GRAIN_SIZE: Final = 512
_GRAIN: Final = noise.fractal(np.random.default_rng(11), (8, 8), 6, gain=0.65, calm=1).ravel()
"""Wrinkles and stains, periodic over 512 samples, smooth between neighbours."""


def grain(s: Floats, t: Floats, per_metre: float) -> Floats:
    """Fixed noise of standard deviation 1 at places on a surface; `per_metre` grains a metre."""
    scale = np.float32(2 * per_metre)
    row = (s * scale).astype(np.intp)
    row &= _GRAIN_SIZE - 1
    column = (t * scale).astype(np.intp)
    column &= _GRAIN_SIZE - 1
    row *= _GRAIN_SIZE
    row += column
    return _GRAIN.take(row)


def _near(x: Floats, pitch: float, width: float) -> npt.NDArray[np.bool_]:
    """Whether x is within `width` of a multiple of `pitch`."""
    inside: npt.NDArray[np.bool_] = np.abs((x + pitch / 2) % pitch - pitch / 2) < width / 2
    return inside


def _colour(red: float, green: float, blue: float) -> Floats:
    return np.array(((red,), (green,), (blue,)), np.float32)


def plain(
    red: float, green: float, blue: float, gloss: float = 0.0, stain: float = 0.03
) -> Material:
    """Paint or bare metal of one colour."""
    base = _colour(red, green, blue)

    def paint(s: Floats, t: Floats) -> Surface:
        shade = 1 + grain(s, t, 24) * np.float32(stain)
        return Surface(base * shade, gloss)

    return Material(paint)


def blanket(red: float, green: float, blue: float, quilt: float, gloss: float = 0.15) -> Material:
    """Insulation: quilted fabric or foil, with seams every `quilt` metres and wrinkles."""
    base = _colour(red, green, blue)

    def paint(s: Floats, t: Floats) -> Surface:
        seam = _near(s, quilt, 0.05 * quilt) | _near(t, quilt, 0.05 * quilt)
        wrinkle = grain(s, t, 40 / quilt)
        shade = (1 + wrinkle * np.float32(0.05)) * np.where(seam, np.float32(0.6), 1)
        return Surface(base * shade, gloss, relief=wrinkle * np.float32(0.1))

    return Material(paint)


def cloth(red: float, green: float, blue: float) -> Material:
    """A space suit's outer fabric: woven, softly wrinkled."""
    base = _colour(red, green, blue)

    def paint(s: Floats, t: Floats) -> Surface:
        fold, weave = grain(s, t, 60), grain(t, s, 420)
        shade = 1 + fold * np.float32(0.05) + weave * np.float32(0.035)
        return Surface(base * shade, 0.02, relief=fold * np.float32(0.12))

    return Material(paint)


def label() -> Material:
    """A placard: dark lettering in rows, too small to read, and a yellow edge."""
    paper, print_, edge = (
        _colour(0.72, 0.71, 0.67),
        _colour(0.05, 0.05, 0.06),
        _colour(0.7, 0.5, 0.04),
    )

    def paint(s: Floats, t: Floats) -> Surface:
        line = np.floor(t / np.float32(0.016))
        word = grain(s, line * np.float32(0.37), 70) > -0.35
        written = word & (t % np.float32(0.016) > 0.006) & (s > 0.014) & (t > 0.014)
        framed = (s < 0.006) | (t < 0.006)
        return Surface(np.where(framed, edge, np.where(written, print_, paper)), 0.05)

    return Material(paint)


def module_hull(tint: float = 0.0) -> Material:
    """White debris shields in panels, with a seam around each."""
    base = _colour(0.78, 0.77 - tint * 0.3, 0.74 - tint)

    def paint(s: Floats, t: Floats) -> Surface:
        seam = _near(t, 1.15, 0.09) | _near(s, 1.6, 0.08)
        cell = np.floor(t / np.float32(1.15)) * 7 + np.floor(s / np.float32(1.6)) * 3
        patch = np.sin(cell * np.float32(12.9)) * np.float32(0.05)
        shade = (1 + patch + grain(s, t, 10) * np.float32(0.05)) * np.where(
            seam, np.float32(0.5), 1
        )
        return Surface(base * shade, 0.1)

    return Material(paint)


def solar_cells(width: float) -> Material:
    """A wing's blanket, `width` metres across the first edge: panels of small cells, golden."""
    base, rim = _colour(0.30, 0.160, 0.062), _colour(0.62, 0.52, 0.40)

    def paint(s: Floats, t: Floats) -> Surface:
        panel = np.floor(t / np.float32(0.46)) * 3 + np.floor(s / np.float32(0.92))
        shade = 1 + np.sin(panel * np.float32(7.3)) * np.float32(0.07)
        shade += grain(s, t, 1.5) * np.float32(0.05)
        shade *= np.where(_near(s, 0.115, 0.016) | _near(t, 0.115, 0.016), np.float32(1.25), 1)
        shade *= np.where(_near(t, 0.46, 0.05) | _near(s, 0.92, 0.04), np.float32(0.62), 1)
        edge = (s < 0.1) | (s > width - 0.1)
        return Surface(np.where(edge, rim, base * shade), 0.3)

    return Material(paint)


def radiator() -> Material:
    """White panels side by side, with dark hinges."""
    white = _colour(0.86, 0.86, 0.88)

    def paint(s: Floats, t: Floats) -> Surface:
        dark = _near(t, 2.75, 0.22)
        shade = np.where(dark, np.float32(0.45), 1 - 0.06 * _near(s, 0.42, 0.06))
        shade = shade * (1 + grain(s, t, 6) * np.float32(0.02))
        return Surface(white * shade.astype(np.float32), 0.25)

    return Material(paint)


def lattice(bay: float, height: float, beam: float) -> Material:
    """An open girder: chords, posts every `bay` metres, crossed diagonals; air in between."""
    metal = _colour(0.62, 0.60, 0.56)
    lean = beam * 0.5 * float(np.hypot(bay, height)) / bay

    def chord(t: Floats) -> npt.NDArray[np.bool_]:
        edge: npt.NDArray[np.bool_] = (t < beam) | (t > height - beam)
        return edge

    def solid(s: Floats, t: Floats) -> npt.NDArray[np.bool_]:
        rise = (s % np.float32(bay)) * np.float32(height / bay)
        diagonal = (np.abs(rise - t) < lean) | (np.abs(height - rise - t) < lean)
        there: npt.NDArray[np.bool_] = diagonal | chord(t) | _near(s, bay, beam * 1.3)
        return there

    def paint(s: Floats, t: Floats) -> Surface:
        shade = np.where(chord(t), np.float32(1.1), np.float32(0.9))
        shade *= 1 + grain(s, t, 12) * np.float32(0.05)
        return Surface(metal * shade, 0.2)

    return Material(paint, solid)
