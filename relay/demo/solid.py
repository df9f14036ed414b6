"""Shapes of the station: everything is flat quadrilaterals, smooth ones with bent normals."""

from __future__ import annotations

import itertools
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
    """(4, 3): outward at each corner; where they differ the face looks bent."""
    material: Material
    extent: tuple[float, float, float, float]
    """Position on the material: start and length along the first edge, then the second; metres."""
    double: bool = False
    """Whether the back is seen as well."""


@dataclass(frozen=True, slots=True)
class Ring:
    """A circle around the axis of a turned shape."""

    at: float
    """Its place along the axis, metres."""
    radius: float
    """Metres."""
    lean: float = 0.0
    """The sine of the angle by which the surface faces along the axis there."""


@dataclass(slots=True)
class Solid:
    """A collection of faces."""

    quads: list[Quad] = field(default_factory=list)

    def panel(self, origin: Vector, first: Vector, second: Vector, material: Material) -> None:
        """A parallelogram that is seen from both sides."""
        o, a, b = (np.asarray(v, np.float32) for v in (origin, first, second))
        self._flat(np.array([o, o + a, o + a + b, o + b]), _unit(np.cross(a, b)), material, True)

    def box(self, origin: Vector, edges: tuple[Vector, Vector, Vector], material: Material) -> None:
        """A parallelepiped from one corner and three edges."""
        o = np.asarray(origin, np.float32)
        x, y, z = (np.asarray(edge, np.float32) for edge in edges)
        if float(np.dot(np.cross(x, y), z)) < 0:
            x, y = y, x
        for a, b, c in ((x, y, z), (y, z, x), (z, x, y)):
            normal = _unit(np.cross(a, b))
            self._flat(np.array([o, o + b, o + a + b, o + a]), -normal, material)
            self._flat(np.array([o + c, o + c + a, o + c + a + b, o + c + b]), normal, material)

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
        length = _length(b - a)
        lean = (near - far) / float(np.hypot(near - far, length))
        self.turned(a, b - a, (Ring(0, near, lean), Ring(length, far, lean)), material, sides=sides)
        if cap is not None:
            axis = _unit(b - a)
            circle = _circle(*_across(axis), sides)
            self._disc(a, circle * np.float32(near), -axis, cap)
            self._disc(b, circle * np.float32(far), axis, cap)

    def capsule(
        self,
        start: Vector,
        end: Vector,
        radii: tuple[float, float],
        material: Material,
        *,
        sides: int = 12,
    ) -> None:
        """A cone with round ends, as a finger's joint."""
        a, b = np.asarray(start, np.float32), np.asarray(end, np.float32)
        length = _length(b - a)
        near, far = radii
        # A face may not shrink to a line, so the poles are left open by a hair's breadth.
        bend = np.radians((88, 58, 28))
        rings = [
            *(
                Ring(-near * float(np.sin(x)), near * float(np.cos(x)), -float(np.sin(x)))
                for x in bend
            ),
            Ring(0, near),
            Ring(length, far),
            *(
                Ring(length + far * float(np.sin(x)), far * float(np.cos(x)), float(np.sin(x)))
                for x in bend[::-1]
            ),
        ]
        self.turned(a, b - a, rings, material, sides=sides)

    def turned(
        self,
        start: Vector,
        axis: Vector,
        rings: Sequence[Ring],
        material: Material,
        *,
        sides: int = 12,
        across: tuple[Vector, Vector] | None = None,
    ) -> None:
        """A shape turned on a lathe: rings along `axis`, joined by bent faces.

        `across` are the two directions square to the axis; where their lengths are not 1 the shape
        is wider or flatter than turned.
        """
        a, direction = np.asarray(start, np.float32), _unit(np.asarray(axis, np.float32))
        u, v = across if across is not None else _across(direction)
        circle = _circle(u, v, sides)
        outward = _circle(_steep(u), _steep(v), sides)
        outward /= np.linalg.norm(outward, axis=1, keepdims=True)
        for near, far in itertools.pairwise(rings):
            at = [
                a + direction * np.float32(ring.at) + circle * np.float32(ring.radius)
                for ring in (near, far)
            ]
            facing = [
                direction * np.float32(ring.lean)
                + outward * np.float32(np.sqrt(max(1 - ring.lean**2, 0)))
                for ring in (near, far)
            ]
            arc = 2 * np.pi * max(near.radius, far.radius) / sides
            for i in range(sides):
                corners = np.array([at[0][i], at[0][i + 1], at[1][i + 1], at[1][i]])
                normals = np.array([facing[0][i], facing[0][i + 1], facing[1][i + 1], facing[1][i]])
                extent = (i * arc, arc, near.at, far.at - near.at)
                self.quads.append(Quad(corners, normals, material, extent))

    def _flat(
        self, corners: Floats, normal: Floats, material: Material, double: bool = False
    ) -> None:
        extent = (0.0, _length(corners[1] - corners[0]), 0.0, _length(corners[3] - corners[0]))
        self.quads.append(Quad(corners, np.array([normal] * 4), material, extent, double))

    def _disc(self, centre: Floats, rim: Floats, normal: Floats, material: Material) -> None:
        # Slices of two neighbouring triangles make flat quadrilaterals with the centre.
        for i in range(0, len(rim) - 1, 2):
            corners = np.array([centre, centre + rim[i], centre + rim[i + 1], centre + rim[i + 2]])
            self._flat(corners, normal, material, True)

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


def _across(axis: Floats) -> tuple[Floats, Floats]:
    """Two directions square to an axis and to each other."""
    helper = np.array((0, 0, 1) if abs(axis[2]) < 0.9 else (1, 0, 0), np.float32)
    u = _unit(np.cross(axis, helper))
    return u, np.cross(axis, u)


def _circle(u: Vector, v: Vector, sides: int) -> Floats:
    turn = np.linspace(0, 2 * np.pi, sides + 1, dtype=np.float32)[:, None]
    circle: Floats = np.cos(turn) * np.asarray(u, np.float32) + np.sin(turn) * np.asarray(
        v, np.float32
    )
    return circle


def _steep(direction: Vector) -> Floats:
    """What a direction becomes for normals: they lean to where a shape is flattened."""
    vector = np.asarray(direction, np.float32)
    steep: Floats = vector / np.float32(np.dot(vector, vector))
    return steep


def _unit(vector: Floats) -> Floats:
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def _length(vector: Floats) -> float:
    return float(np.linalg.norm(vector))
