"""Solid things all around a camera that does not move against them, drawn once.

They are drawn on the six sides of a cube, where straight lines stay straight, and looked up from
there. As they stand still they need no laying over: the light maps of what is behind them
(`daylight`) take them in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from relay.demo import raster
from relay.demo.colour import BLACK
from relay.demo.solid import Quad, Solid
from relay.demo.sphere import Sphere
from relay.demo.view import View

if TYPE_CHECKING:
    from relay.demo.noise import Floats
    from relay.demo.raster import Sunlight

_SAMPLES: Final = 4
"""Samples along a pixel's side."""
_WIDEST: Final = 0.2
"""Length of a face's edge, as a share of its distance, above which it is divided."""
_LEAST_M: Final = 0.04
"""No face's edge is divided below twice this."""
_BAND: Final = 32
"""Rows looked up at a time."""
_SIDES: Final = ((0, 0), (90, 0), (180, 0), (270, 0), (0, 90), (0, -90))
"""Azimuth and pitch of the cube's sides, degrees."""


@dataclass(frozen=True, slots=True)
class Front:
    """What stands before the background: sample = background · clear + added."""

    clear: Floats
    """(rows, columns): what is left of the background, 0…1."""
    added: tuple[Floats, ...]
    """For each plane what is laid over, already weighted by what it covers."""

    def rows(self, start: int, stop: int | None = None) -> Front:
        """A stretch of it."""
        part = slice(start, stop)
        return Front(self.clear[part], tuple(added[part] for added in self.added))


def surround(solid: Solid, sunlight: Sunlight, sphere: Sphere) -> tuple[Front, Front]:
    """Draw a solid as seen from the origin; returns what stands before luma, and before chroma."""
    fine = Sphere(sphere.width * _SAMPLES, sphere.azimuth)
    # As many samples in a radian as the picture has in the middle of a side.
    size = 2 * int(fine.focal)
    pieces = divided(solid)
    eye, sides = np.zeros(3, np.float32), []
    for azimuth, pitch in _SIDES:
        view = View(size, size, field=90, azimuth=azimuth, pitch=pitch)
        near = _ahead(pieces, view)
        if near.quads:
            sides.append((view, raster.draw(near, view.project, eye, sunlight, (size, size))))
    half = (sphere.width // 4, sphere.width // 2)
    shares, y = (np.zeros((sphere.width // 2, sphere.width), np.float32) for _ in range(2))
    shares_half, u, v = (np.zeros(half, np.float32) for _ in range(3))
    for top in range(0, sphere.width // 2, _BAND):
        bottom = min(top + _BAND, sphere.width // 2)
        rows, rows_half = slice(top, bottom), slice(top // 2, bottom // 2)
        strip = Sphere(fine.width, fine.azimuth, top * _SAMPLES, bottom * _SAMPLES)
        planes = _look_up(strip.rays(), sides)
        shares[rows], y[rows] = (_mean(planes[i], _SAMPLES) for i in (0, 1))
        shares_half[rows_half], u[rows_half], v[rows_half] = (
            _mean(planes[i], 2 * _SAMPLES) for i in (0, 2, 3)
        )
    return (
        Front(1 - shares, (y + BLACK * shares,)),
        Front(1 - shares_half, tuple(plane + 128 * shares_half for plane in (u, v))),
    )


def divided(solid: Solid) -> Solid:
    """The same faces in pieces that all look small from the origin.

    A piece that is not wholly before one side of the cube is then far beyond its edge.
    """
    done, queue = Solid(), list(solid.quads)
    while queue:
        quad = queue.pop()
        first, second = (
            float(max(np.linalg.norm(quad.corners[b] - quad.corners[a]) for a, b in pairs))
            for pairs in (((0, 1), (3, 2)), ((0, 3), (1, 2)))
        )
        longest = max(first, second)
        away = float(np.linalg.norm(quad.corners.mean(0))) - (first + second) / 2
        if longest <= max(_WIDEST * away, 2 * _LEAST_M):
            done.quads.append(quad)
        else:
            queue += _halves(quad, along_first=first >= second)
    return done


def _halves(quad: Quad, *, along_first: bool) -> tuple[Quad, Quad]:
    s, width, t, height = quad.extent
    # Corners run around the face: two edges are cut, and which ones depends on the direction.
    cuts = ((0, 1), (3, 2)) if along_first else ((0, 3), (1, 2))
    corners = [quad.corners.copy(), quad.corners.copy()]
    normals = [quad.normals.copy(), quad.normals.copy()]
    for a, b in cuts:
        middle = (quad.corners[a] + quad.corners[b]) / 2
        between = (quad.normals[a] + quad.normals[b]) / 2
        corners[0][b] = corners[1][a] = middle
        normals[0][b] = normals[1][a] = between
    if along_first:
        extents = ((s, width / 2, t, height), (s + width / 2, width / 2, t, height))
    else:
        extents = ((s, width, t, height / 2), (s, width, t + height / 2, height / 2))
    return (
        Quad(corners[0], normals[0], quad.material, extents[0], quad.double),
        Quad(corners[1], normals[1], quad.material, extents[1], quad.double),
    )


def _ahead(solid: Solid, view: View) -> Solid:
    """The faces that are before a side of the cube, and some more around it."""
    corners = np.array([quad.corners for quad in solid.quads])
    ahead = corners @ view.basis()[2] > 0.3 * np.linalg.norm(corners, axis=2)
    chosen = ahead.all(1).tolist()
    return Solid([quad for quad, near in zip(solid.quads, chosen, strict=True) if near])


def _look_up(
    rays: Floats, sides: list[tuple[View, raster.Drawing]]
) -> tuple[Floats, Floats, Floats, Floats]:
    """What is seen along rays: how much is covered, luma above black, U and V."""
    across = np.abs(rays)
    axis = across.argmax(2)
    planes = [np.zeros(axis.shape, np.float32) for _ in range(4)]
    for view, drawing in sides:
        forward = view.basis()[2]
        along = int(np.abs(forward).argmax())
        here = np.nonzero((axis == along) & (rays[..., along] * forward[along] > 0))
        if not len(here[0]):
            continue
        x, y, _ = view.project(rays[here]).T
        column, row = (np.clip(at.astype(np.intp), 0, view.width - 1) for at in (x, y))
        index = row * view.width + column
        sources = (drawing.covered, drawing.y, drawing.u, drawing.v)
        for plane, source in zip(planes, sources, strict=True):
            plane[here] = source.ravel().take(index)
    covered, y_, u, v = planes
    return covered, y_, u, v


def _mean(samples: Floats, side: int) -> Floats:
    """Averages of squares of samples."""
    rows, columns = samples.shape
    blocks = samples.reshape(rows // side, side, columns // side, side)
    mean: Floats = blocks.mean((1, 3), dtype=np.float32)
    return mean
