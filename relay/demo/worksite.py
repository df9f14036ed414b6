"""What an astronaut has before the eyes: the girder worked on, a wing beyond it, a radiator.

Axes of the girder, in metres: x along it away from the astronaut, y to the right, z up; the origin
is the middle of its near end.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from relay.demo import materials
from relay.demo.solid import Solid, Vector

HALF: Final = 1.15
"""Half the girder's width and height."""
BAY: Final = 2.3
"""Length of a bay of the girder."""

_FRAME: Final = materials.plain(0.50, 0.49, 0.465, 0.3, 0.05)
_RAIL: Final = materials.plain(0.74, 0.53, 0.17, 0.5, 0.05)
_JOINT: Final = materials.plain(0.30, 0.30, 0.30, 0.3, 0.06)
_DARK: Final = materials.plain(0.06, 0.06, 0.07, 0.2)
_QUILT: Final = materials.blanket(0.66, 0.65, 0.62, 0.36, 0.05)
_FOIL: Final = materials.blanket(0.60, 0.40, 0.13, 0.30, 0.5)
_CELLS: Final = materials.solar_cells(4.6)
_WHITE: Final = materials.plain(0.70, 0.69, 0.67, 0.12, 0.05)
_CABLE: Final = materials.plain(0.70, 0.69, 0.66, 0.1, 0.1)
_LATTICE: Final = materials.lattice(BAY, 2 * HALF, 0.13)


def handrail(solid: Solid, start: Vector, end: Vector, out: Vector) -> None:
    """A golden rail on stand-offs that hold it away from the surface by `out`."""
    a, b, off = (np.asarray(v, np.float32) for v in (start, end, out))
    solid.tube(a + off, b + off, 0.024, _RAIL, sides=8, cap=_RAIL)
    for share in (0.06, 0.94):
        foot = a + (b - a) * np.float32(share)
        solid.tube(foot, foot + off, 0.03, _JOINT, sides=6)


def girder(bays: int) -> Solid:
    """The near stretch: tubes, nodes, handrails, boxes under blankets."""
    solid = Solid()
    length = bays * BAY
    h = HALF
    for y in (-h, h):
        for z in (-h, h):
            solid.tube((0, y, z), (length, y, z), 0.085, _FRAME, sides=10)
    for i in range(bays + 1):
        x = i * BAY
        for y in (-h, h):
            solid.tube((x, y, -h), (x, y, h), 0.06, _FRAME, sides=8)
            for z in (-h, h):
                solid.box(
                    (x - 0.13, y - 0.12, z - 0.12),
                    ((0.26, 0, 0), (0, 0.24, 0), (0, 0, 0.24)),
                    _JOINT,
                )
        for z in (-h, h):
            solid.tube((x, -h, z), (x, h, z), 0.06, _FRAME, sides=8)
        if i < bays:
            zig = 1 if i % 2 else -1
            for y in (-h, h):
                solid.tube((x, y, -h * zig), (x + BAY, y, h * zig), 0.05, _FRAME, sides=8)
            solid.tube((x, -h * zig, h), (x + BAY, h * zig, h), 0.05, _FRAME, sides=8)
    solid.add(_equipment(bays))
    return solid


def _equipment(bays: int) -> Solid:
    solid = Solid()
    h = HALF
    for i in range(bays):
        x = i * BAY
        if i % 3 != 1:
            skin = _QUILT if i % 3 == 0 else _FOIL
            solid.box(
                (x + 0.3, -h + 0.25, -h + 0.3), ((1.7, 0, 0), (0, 1.5, 0), (0, 0, 1.25)), skin
            )
        if i % 4 == 2:
            solid.box((x + 0.4, -0.7, h + 0.02), ((1.4, 0, 0), (0, 1.2, 0), (0, 0, 0.5)), _QUILT)
            handrail(solid, (x + 0.5, 0.55, h + 0.35), (x + 1.7, 0.55, h + 0.35), (0, 0.14, 0.0))
        handrail(solid, (x + 0.35, h + 0.06, h), (x + 1.95, h + 0.06, h), (0, 0.07, 0.11))
        if i % 2 == 0:
            handrail(solid, (x + 0.35, h + 0.06, -h), (x + 1.95, h + 0.06, -h), (0, 0.11, 0.0))
    # Cables along the upper right chord, sagging a little between their clips.
    for offset, radius in ((0.16, 0.022), (0.23, 0.016), (0.28, 0.028)):
        steps = np.linspace(0, bays * BAY, bays * 2 + 1)
        sag = np.where(np.arange(len(steps)) % 2 == 1, 0.035, 0.0)
        for k in range(len(steps) - 1):
            solid.tube(
                (steps[k], h - offset, h + 0.08 - sag[k]),
                (steps[k + 1], h - offset, h + 0.08 - sag[k + 1]),
                radius,
                _CABLE,
                sides=6,
            )
    return solid


def far_girder(start: float, end: float) -> Solid:
    """The girder's further stretch, as a lattice."""
    solid = Solid()
    h = HALF
    along = (end - start, 0.0, 0.0)
    for corner, rise in (
        ((-h, -h), (0, 0, 2 * h)),
        ((h, -h), (0, 0, 2 * h)),
        ((-h, -h), (0, 2 * h, 0)),
        ((-h, h), (0, 2 * h, 0)),
    ):
        solid.panel((start, *corner), along, rise, _LATTICE)
    for x in np.arange(start + 3, end, 5.5):
        solid.box((x, -0.8, -0.8), ((2.0, 0, 0), (0, 1.6, 0), (0, 0, 1.6)), _QUILT)
    solid.tube((end, 0, 0), (end + 1.2, 0, 0), 1.5, _WHITE, sides=16, cap=_DARK)
    return solid


def wing(at: float, tilt: Vector, across: Vector, reach: float) -> Solid:
    """A solar wing that leaves the girder at `at` along `tilt`: two blankets and a mast.

    `across` is the direction of the blankets' width. Both are unit vectors.
    """
    solid = Solid()
    along, side = np.asarray(tilt, np.float32), np.asarray(across, np.float32)
    root = np.array((at, 0, 0), np.float32) + along * np.float32(2.4)
    span = along * np.float32(reach)
    for sign in (-1, 1):
        inner = side * np.float32(sign * 0.7)
        width = side * np.float32(sign * 4.6)
        solid.panel(root + inner, width, span, _CELLS)
        for place in (root + inner, root + inner + span):
            solid.tube(place, place + width, 0.2, _WHITE, sides=8)
    solid.tube(root - along * np.float32(1.6), root + span, 0.34, _FRAME, sides=8)
    return solid
