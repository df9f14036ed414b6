"""Shapes of the station: everything is flat quadrilaterals, smooth ones with bent normals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from relay.demo.noise import Floats

Vector: TypeAlias = Sequence[float] | Floats
"""A point or direction, metres; which axes is up to the model."""
Paint: TypeAlias = "Callable[[Floats, Floats], Surface]"
"""Tells what a surface is like at places on it: metres along its first and second edge, (n,)."""
Holes: TypeAlias = Callable[[Floats, Floats], npt.NDArray[np.bool_]]
"""Tells where there is material at all."""


@dataclass(frozen=True, slots=True)
class Surface:
    """What a material is like at n places."""

    albedo: Floats
    """(3, n): the share of red, green and blue light that is sent back."""
    gloss: float = 0.0
    """How strongly the sun is mirrored."""
    relief: Floats | None = None
    """(n,): small bumps, as a change of the light's cosine."""


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What a face is made of."""

    paint: Paint
    solid: Holes | None = None
    """None: it has no holes."""


@dataclass(slots=True)
class Quad:
    """A flat four-sided face, its corners in order around it."""

    corners: Floats
    """(4, 3): origin, end of the first edge, opposite corner, end of the second edge."""
    normals: Floats
    """(2, 3): outward at the beginning and at the end of the first edge."""
    material: Material
    extent: tuple[float, float, float, float]
    """Position on the material: start and length along the first edge, then the second; metres."""
    double: bool = False
    """Whether the back is seen as well."""


@dataclass(slots=True)
class Solid:
    """A collection of faces."""

    quads: list[Quad] = field(default_factory=list)

    def panel(self, origin: Vector, first: Vector, second: Vector, material: Material) -> None:
        """A parallelogram that is seen from both sides."""
        o, a, b = (np.asarray(v, np.float32) for v in (origin, first, second))
        normal = _unit(np.cross(a, b))
        extent = (0.0, _length(a), 0.0, _length(b))
        corners = np.array([o, o + a, o + a + b, o + b])
        self.quads.append(Quad(corners, np.array([normal, normal]), material, extent, double=True))

    def box(
        self, origin: Vector, edges: tuple[Vector, Vector, Vector], material: Material
    ) -> None:
        """A parallelepiped from one corner and three edges (right-handed)."""
        o = np.asarray(origin, np.float32)
        x, y, z = (np.asarray(edge, np.float32) for edge in edges)
        if float(np.dot(np.cross(x, y), z)) < 0:
            x, y = y, x
        for start, a, b in ((o, y, x), (o, z, y), (o, x, z), (o + z, x, y), (o + x, y, z), (o + y, z, x)):
            normal = _unit(np.cross(a, b))
            corners = np.array([start, start + a, start + a + b, start + b])
            extent = (0.0, _length(a), 0.0, _length(b))
            self.quads.append(Quad(corners, np.array([normal, normal]), material, extent))

    def tube(
        self,
        start: Vector,
        end: Vector,
        radii: float | tuple[float, float],
        material: Material,
        *,
        sides: int = 12,
        cap: Material | None = None,
    ) -> None:
        """A cylinder, or a cone between two radii; `cap` closes its ends."""
        a, b = np.asarray(start, np.float32), np.asarray(end, np.float32)
        near, far = radii if isinstance(radii, tuple) else (radii, radii)
        axis = _unit(b - a)
        length = _length(b - a)
        helper = np.array((0, 0, 1) if abs(axis[2]) < 0.9 else (1, 0, 0), np.float32)
        u = _unit(np.cross(axis, helper))
        v = np.cross(axis, u)
        turn = np.linspace(0, 2 * np.pi, sides + 1)
        ring = np.cos(turn)[:, None] * u + np.sin(turn)[:, None] * v
        slope = (near - far) / length
        normals = ring + axis * np.float32(slope)
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        arc = 2 * np.pi * max(near, far) / sides
        for i in range(sides):
            corners = np.array(
                [a + ring[i] * near, a + ring[i + 1] * near, b + ring[i + 1] * far, b + ring[i] * far]
            )
            bent = normals[i : i + 2].astype(np.float32)
            extent = (i * arc, arc, 0.0, length)
            self.quads.append(Quad(corners.astype(np.float32), bent, material, extent))
        if cap is not None:
            self._disc(a, ring * near, -axis, cap)
            self._disc(b, ring * far, axis, cap)

    def _disc(self, centre: Floats, rim: Floats, normal: Floats, material: Material) -> None:
        # Slices of two neighbouring triangles make flat quadrilaterals with the centre.
        radius = _length(rim[0])
        for i in range(0, len(rim) - 1, 2):
            corners = np.array([centre, centre + rim[i], centre + rim[i + 1], centre + rim[i + 2]])
            both = np.array([normal, normal], np.float32)
            extent = (0.0, radius, 0.0, radius)
            self.quads.append(Quad(corners.astype(np.float32), both, material, extent, double=True))

    def add(self, other: Solid) -> None:
        """Take in another solid's faces."""
        self.quads += other.quads

    def moved(self, turn: Floats, shift: Vector) -> Solid:
        """A copy, turned by a (3, 3) matrix and then shifted."""
        by = np.asarray(shift, np.float32)
        return Solid(
            [
                Quad(
                    (q.corners @ turn.T + by).astype(np.float32),
                    (q.normals @ turn.T).astype(np.float32),
                    q.material,
                    q.extent,
                    q.double,
                )
                for q in self.quads
            ]
        )

    def points(self) -> Floats:
        """All corners, (n, 3)."""
        return np.concatenate([quad.corners for quad in self.quads])


def _unit(vector: Floats) -> Floats:
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def _length(vector: Floats) -> float:
    return float(np.linalg.norm(vector))
