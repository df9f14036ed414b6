"""Which samples of a picture each face of a solid covers, and what it looks like there.

All faces are worked on together in flat arrays: a station has more than a thousand of them, most
only a few samples large.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from relay.demo.noise import Floats

if TYPE_CHECKING:
    from relay.demo.solid import Material, Solid

Indices: TypeAlias = npt.NDArray[np.intp]
Projection: TypeAlias = Callable[[Floats], Floats]
"""Takes points (…, 3) to samples across and down and a nearness that is linear on the picture."""

BATCH: Final = 32_768
"""Samples worked on at a time, for the processor's cache."""
_LARGE: Final = 1024
"""Samples from which a face is worth a batch of its own: its constants then are just numbers."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples of the picture, each belonging to one face."""

    face: Indices
    """Number of the face."""
    index: Indices
    """Position in the flat picture."""
    x: Floats
    """Across, at the sample's centre."""
    y: Floats
    """Down."""

    def where(self, chosen: npt.NDArray[np.bool_]) -> Samples:
        """Only the chosen ones."""
        return Samples(self.face[chosen], self.index[chosen], self.x[chosen], self.y[chosen])

    def batches(self) -> Iterator[Samples]:
        """Pieces of a size that suits the cache; a large face has pieces of its own."""
        bounds = np.flatnonzero(np.diff(self.face)) + 1
        start = 0
        for stop in [*bounds.tolist(), len(self.face)]:
            # Small faces are gathered until they make up a piece.
            if stop - start < _LARGE and stop < len(self.face):
                continue
            for first in range(start, stop, BATCH):
                part = slice(first, min(first + BATCH, stop))
                yield Samples(self.face[part], self.index[part], self.x[part], self.y[part])
            start = stop

    def of(self, per_face: Floats) -> Floats:
        """What belongs to each sample's face: (k, faces) to (k, samples), or (k, 1) if one."""
        if len(self.face) and self.face[0] == self.face[-1]:
            return per_face[:, self.face[:1]]
        return per_face.take(self.face, axis=1)


class Faces:
    """A solid's faces as arrays, projected to a picture of `width` x `height` samples."""

    def __init__(self, solid: Solid, projection: Projection, width: int, height: int) -> None:
        quads = solid.quads
        self._width, self._height = width, height
        self.corners = np.array([quad.corners for quad in quads], np.float32)
        self.normals = np.array([quad.normals for quad in quads], np.float32)
        self._extent = np.array([quad.extent for quad in quads], np.float32).T.copy()
        self.double = np.array([quad.double for quad in quads])
        self.materials: list[Material] = list(dict.fromkeys(quad.material for quad in quads))
        number = {material: i for i, material in enumerate(self.materials)}
        self.material = np.array([number[quad.material] for quad in quads])
        self._holed = np.array([material.solid is not None for material in self.materials])[
            self.material
        ]
        seen = projection(self.corners).astype(np.float64)
        self._flat = seen[..., :2]
        self._maps = _homographies(self._flat)
        # Nearness is a plane over the picture: three corners that are never in a line fix it.
        three = seen[:, (0, 1, 3)].copy()
        values = three[..., 2:].copy()
        three[..., 2] = 1
        self._planes = np.linalg.solve(_regular(three), values)[..., 0].astype(np.float32).T.copy()
        edge, other = self._flat[:, 2] - self._flat[:, 0], self._flat[:, 3] - self._flat[:, 1]
        self._drawn = np.abs(edge[:, 0] * other[:, 1] - edge[:, 1] * other[:, 0]) > 0.2

    def samples(self, chosen: npt.NDArray[np.bool_], rows: range) -> Iterator[Samples]:
        """The samples of the chosen faces in some rows, without holes; indices count from there."""
        low, high = self._flat[:, :, 1].min(1), self._flat[:, :, 1].max(1)
        numbers = np.nonzero(chosen & self._drawn & (low < rows.stop) & (high > rows.start))[0]
        height = np.minimum(high[numbers], rows.stop) - np.maximum(low[numbers], rows.start)
        across = self._flat[numbers, :, 0]
        width = np.clip(across.max(1), 0, self._width) - np.clip(across.min(1), 0, self._width)
        # Faces are grouped so that their bounding boxes make up some batches.
        group = np.cumsum(height * width) // (8 * BATCH)
        for number in np.unique(group):
            found = self._cover(numbers[group == number], rows)
            holed = self._holed[found.face]
            if holed.any():
                solid = np.ones(len(holed), np.bool_)
                for material, (where, part) in self.by_material(found, holed):
                    if material.solid is not None:
                        solid[where] = material.solid(*self.place(part, *self.share(part)))
                found = found.where(solid)
            yield found

    def by_material(
        self, samples: Samples, among: npt.NDArray[np.bool_] | None = None
    ) -> Iterator[tuple[Material, tuple[Indices, Samples]]]:
        """The samples sorted by material, with their positions."""
        materials = self.material[samples.face]
        for number, material in enumerate(self.materials):
            same = materials == number
            if among is not None:
                same &= among
            if same.any():
                yield material, (np.nonzero(same)[0], samples.where(same))

    def nearness(self, samples: Samples) -> Floats:
        """How near each sample is; greater is nearer."""
        across, down, at_origin = samples.of(self._planes)
        near: Floats = across * samples.x
        near += down * samples.y
        near += at_origin
        return near

    def share(self, samples: Samples) -> tuple[Floats, Floats]:
        """Where each sample is on its face: 0…1 along the first and the second edge."""
        a, b, c, d, e, f, g, h = samples.of(self._maps)
        x, y = samples.x, samples.y
        depth = 1 / (g * x + h * y + 1)
        s, t = (a * x + b * y + c) * depth, (d * x + e * y + f) * depth
        return np.clip(s, 0, 1, out=s), np.clip(t, 0, 1, out=t)

    def place(self, samples: Samples, s: Floats, t: Floats) -> tuple[Floats, Floats]:
        """Where shares of a face's edges are on its material, metres."""
        left, width, top, height = samples.of(self._extent)
        return left + s * width, top + t * height

    def _cover(self, chosen: Indices, rows: range) -> Samples:
        x, y = self._flat[chosen, :, 0], self._flat[chosen, :, 1]
        top = np.clip(np.ceil(y.min(1) - 0.5), rows.start, rows.stop).astype(np.intp)
        bottom = np.clip(np.ceil(y.max(1) - 0.5), rows.start, rows.stop).astype(np.intp)
        face, row = _expand(top, bottom)
        centre = row + 0.5
        left, right = np.full(len(row), np.inf), np.full(len(row), -np.inf)
        for a, b in ((0, 1), (1, 2), (2, 3), (3, 0)):
            xa, ya, xb, yb = x[:, a], y[:, a], x[:, b], y[:, b]
            lean = (xb - xa) / np.where(yb == ya, 1, yb - ya)
            spanning = (np.minimum(ya, yb)[face] <= centre) & (centre < np.maximum(ya, yb)[face])
            crossing = xa[face] + (centre - ya[face]) * lean[face]
            np.minimum(left, crossing, out=left, where=spanning)
            np.maximum(right, crossing, out=right, where=spanning)
        first = np.ceil(np.clip(left, 0, self._width) - 0.5).astype(np.intp)
        last = np.ceil(np.clip(right, 0, self._width) - 0.5).astype(np.intp)
        line, column = _expand(first, np.maximum(last, first))
        down = row[line]
        return Samples(
            face=chosen[face[line]],
            index=(down - rows.start) * self._width + column,
            x=column.astype(np.float32) + np.float32(0.5),
            y=down.astype(np.float32) + np.float32(0.5),
        )


def _expand(start: Indices, stop: Indices) -> tuple[Indices, Indices]:
    """All integers of many ranges, one after the other, and which range each belongs to."""
    counts = stop - start
    owner = np.repeat(np.arange(len(start)), counts)
    before = np.cumsum(counts) - counts
    return owner, np.arange(len(owner)) - np.repeat(before - start, counts)


def _regular(systems: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Make edge-on faces, which are not drawn, solvable."""
    flat = np.abs(np.linalg.det(systems)) < 1e-9
    systems[flat] = np.eye(systems.shape[1])
    return systems


def _homographies(corners: npt.NDArray[np.float64]) -> Floats:
    """For each quadrilateral (n, 4, 2), the map from the picture to s and t, (8, n)."""
    x, y = corners[..., 0], corners[..., 1]
    system = np.zeros((len(corners), 8, 8))
    targets = np.zeros((len(corners), 8, 1))
    for i, place in enumerate(((0, 0), (1, 0), (1, 1), (0, 1))):
        for axis, target in enumerate(place):
            row, column = 2 * i + axis, 3 * axis
            system[:, row, column], system[:, row, column + 1] = x[:, i], y[:, i]
            system[:, row, column + 2] = 1
            system[:, row, 6], system[:, row, 7] = -target * x[:, i], -target * y[:, i]
            targets[:, row] = target
    return np.linalg.solve(_regular(system), targets)[..., 0].astype(np.float32).T.copy()
