"""The station: truss, modules, eight wings and radiators, at their true sizes.

Axes of the model, in metres: x along the modules (forward), y along the truss (to starboard), z up.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

import numpy as np

from relay.demo import materials
from relay.demo.solid import Material, Solid

if TYPE_CHECKING:
    from relay.demo.noise import Floats

_HULL: Final = materials.module_hull()
_RUSSIAN: Final = materials.blanket(0.60, 0.57, 0.50, 0.9, 0.05)
_DARK: Final = materials.plain(0.10, 0.10, 0.11, 0.2)
_METAL: Final = materials.plain(0.50, 0.49, 0.47, 0.3)
_WHITE: Final = materials.plain(0.80, 0.80, 0.78, 0.1)
_FOIL: Final = materials.blanket(0.62, 0.42, 0.14, 0.5, 0.5)
_RADIATOR: Final = materials.radiator()
_GIRDER: Final = materials.lattice(4.5, 4.2, 0.26)
_CELLS: Final = materials.solar_cells(4.6)
_SMALL_CELLS: Final = materials.plain(0.05, 0.07, 0.16, 0.4, 0.2)
TILT: Final = float(np.radians(-12.0))
"""How far the wings lean back from upright."""


def _girder(start: float, end: float) -> Solid:
    """A stretch of truss: four open faces, and what sits inside."""
    solid = Solid()
    h = 2.1
    length = (0.0, end - start, 0.0)
    for corner, rise in (
        ((-h, -h), (0, 0, 2 * h)),
        ((h, -h), (0, 0, 2 * h)),
        ((-h, -h), (2 * h, 0, 0)),
        ((-h, h), (2 * h, 0, 0)),
    ):
        solid.panel((corner[0], start, corner[1]), length, rise, _GIRDER)
    return solid


def truss() -> Solid:
    """The whole girder, 94 m, with its equipment."""
    solid = Solid()
    rng = np.random.default_rng(5)
    for start, end in ((-47.0, -24.0), (-22.5, -7.0), (-7.0, 7.0), (7.0, 22.5), (24.0, 47.0)):
        solid.add(_girder(start, end))
    for side in (-1, 1):
        # The big rotary joint, and boxes of electronics around the wings' roots.
        solid.tube((0, side * 22.5, 0), (0, side * 24.2, 0), 2.3, _METAL, sides=16, cap=_DARK)
        for root in (33.0, 46.5):
            y = side * root
            solid.box((-1.7, y - 2.2, -1.7), ((3.4, 0, 0), (0, 4.4, 0), (0, 0, 3.4)), _FOIL)
            solid.tube((0, y, -3.4), (0, y, 3.4), 0.65, _METAL, sides=10)
    for y in np.arange(-20, 21, 3.4):
        size = rng.uniform(0.9, 1.9, 3)
        where = (rng.choice((-2.0, 0.3)), y, rng.choice((-1.7, 0.4)))
        skin = (_WHITE, _HULL, _FOIL, _METAL)[int(rng.integers(4))]
        solid.box(where, ((size[0], 0, 0), (0, size[1], 0), (0, 0, size[2])), skin)
    # The middle segment is closed.
    solid.box((-2.0, -6.5, -2.0), ((4, 0, 0), (0, 13, 0), (0, 0, 4)), _HULL)
    return solid


def wing(root: float, upward: bool, tilt: Floats) -> Solid:
    """One of the eight wings: two blankets of cells and the mast between them.

    `root` is its place on the truss; `tilt` is the unit vector along which it is unrolled when
    upward.
    """
    solid = Solid()
    along = tilt * np.float32(1 if upward else -1)
    start = np.array((0, root, 0), np.float32) + along * np.float32(3.6)
    reach = along * np.float32(32.5)
    for side in (-1, 1):
        inner = np.array((0, side * 0.75, 0), np.float32)
        across = np.array((0, side * 4.6, 0), np.float32)
        solid.panel(start + inner, across, reach, _CELLS)
        for place in (0.0, 1.0):
            # Blanket boxes at the root, tension bars at the tip.
            at = start + inner + reach * np.float32(place)
            solid.tube(at, at + across, 0.22, _WHITE, sides=6)
    solid.tube(start - along * np.float32(1.2), start + reach, 0.42, _METAL, sides=6)
    return solid


def radiators() -> tuple[Solid, Solid]:
    """Heat radiators to port and to starboard: three wide ones each, small ones by the wings."""
    both = (Solid(), Solid())
    for solid, side in zip(both, (-1, 1), strict=True):
        for lane in (-1, 0, 1):
            y = side * 14.0 + lane * 3.9
            solid.panel((-2.4, y - 1.7, -1.0), (0, 3.4, 0), (-15.5, 0, -16.5), _RADIATOR)
            solid.tube((-2.0, y, -0.6), (-17.9, y, -17.2), 0.18, _METAL, sides=6)
        for root in (28.8, 40.5):
            y = side * root
            solid.panel((-2.2, y - 1.7, -1.2), (0, 3.4, 0), (-9.0, 0, -9.6), _RADIATOR)
    return both


_LINE: Final = -4.6
"""Height of the modules' axis: below the truss."""


def _section(solid: Solid, start: float, end: float, radius: float, skin: Material) -> None:
    """A module in line with the others, with the rings by which it is joined."""
    solid.tube((start, 0, _LINE), (end, 0, _LINE), radius, skin, sides=18, cap=skin)
    for at in (start, end):
        solid.tube((at - 0.12, 0, _LINE), (at + 0.12, 0, _LINE), radius * 1.03, _METAL, sides=18)


def modules() -> tuple[Solid, Solid]:
    """The pressurised part and the ships that visit: what lies before the truss, and behind."""
    return _forward(), _aft()


def _forward() -> Solid:
    solid = Solid()
    z = _LINE
    # Harmony, the docking port, a crew ship: capsule, then its trunk.
    _section(solid, 4.0, 11.0, 2.15, _HULL)
    solid.tube((11.0, 0, z), (12.6, 0, z), (1.2, 0.95), _DARK, sides=12)
    solid.tube((12.6, 0, z), (15.4, 0, z), (0.95, 1.95), _WHITE, sides=18)
    solid.tube((15.4, 0, z), (18.6, 0, z), 1.95, _SMALL_CELLS, sides=18, cap=_DARK)
    # Laboratories on both sides, one with a smaller store on top and a porch.
    for y, length in ((1, 6.9), (-1, 11.2)):
        solid.tube((7.6, y * 2.0, z), (7.6, y * (2.4 + length), z), 2.2, _HULL, sides=18, cap=_HULL)
    solid.tube((7.6, -5.5, z + 2.2), (7.6, -9.5, z + 2.2), 1.6, _HULL, sides=14, cap=_HULL)
    solid.box((5.4, -19.6, z - 1.9), ((4.6, 0, 0), (0, 5.6, 0), (0, 0, 2.2)), _HULL)
    return solid


def _aft() -> Solid:
    solid = Solid()
    z = _LINE
    # From the tail: Zvezda, Zarya, Unity, Destiny.
    _section(solid, -37.5, -31.0, 2.05, _RUSSIAN)
    solid.tube((-31.0, 0, z), (-29.2, 0, z), (2.05, 1.45), _RUSSIAN, sides=18)
    _section(solid, -29.2, -25.0, 1.45, _RUSSIAN)
    solid.tube((-25.0, 0, z), (-24.0, 0, z), 0.8, _DARK, sides=12)
    _section(solid, -24.0, -13.5, 2.05, _RUSSIAN)
    solid.tube((-13.5, 0, z), (-11.5, 0, z), (1.2, 0.9), _DARK, sides=12)
    _section(solid, -11.5, -6.2, 2.2, _HULL)
    _section(solid, -5.6, 3.4, 2.15, _HULL)
    # Airlock and node beside Unity; the tower that holds all of this to the truss.
    solid.tube((-9.0, 2.0, z), (-9.0, 7.6, z), 1.8, _HULL, sides=16, cap=_HULL)
    solid.tube((-9.0, -2.0, z), (-9.0, -8.6, z), 2.15, _HULL, sides=18, cap=_HULL)
    solid.box((-1.4, -1.4, z + 2.0), ((2.8, 0, 0), (0, 2.8, 0), (0, 0, 1.4)), _METAL)
    for x, below in ((-33.0, 7.2), (-18.5, 7.4)):
        solid.add(_soyuz(x, z - 2.0, below))
    for side in (-1, 1):
        wing = ((0, side * 11.5, 0), (1.9, 0, 2.6))
        solid.panel((-35.2, side * 2.2, z), *wing, _SMALL_CELLS)
    return solid


def _soyuz(x: float, top: float, length: float) -> Solid:
    """A ship docked from below, with its two small wings."""
    solid = Solid()
    dark = materials.blanket(0.20, 0.21, 0.20, 0.8, 0.05)
    solid.tube((x, 0, top), (x, 0, top - 2.2), (0.7, 1.15), dark, sides=14)
    solid.tube((x, 0, top - 2.2), (x, 0, top - 4.2), (0.95, 1.1), dark, sides=14)
    solid.tube((x, 0, top - 4.2), (x, 0, top - length), 1.3, dark, sides=14, cap=_DARK)
    for side in (-1, 1):
        solid.panel((x, side * 1.4, top - 5.3), (0, side * 4.2, 0), (1.2, 0, -0.4), _SMALL_CELLS)
    return solid


def arm() -> Solid:
    """The robot arm, reaching up over the middle of the truss."""
    solid = Solid()
    joints = [(2.4, 4.0, 1.8), (4.2, 4.6, 8.6), (9.8, 8.0, 12.4), (11.0, 8.6, 9.4)]
    for a, b in itertools.pairwise(joints):
        solid.tube(a, b, 0.24, _WHITE, sides=8)
        x, y, z = a
        solid.tube((x, y - 0.35, z), (x, y + 0.35, z), 0.4, _METAL, sides=8)
    return solid


def parts() -> list[Solid]:
    """The whole station, its parts from the farthest to the nearest as seen from aft and port."""
    tilt = np.array((-np.sin(TILT), 0, np.cos(TILT)), np.float32)

    def wings(side: int, upward: bool) -> Solid:
        pair = Solid()
        for root in (33.0, 46.5):
            pair.add(wing(side * root, upward, tilt))
        return pair

    forward, aft = modules()
    forward.add(arm())
    port, starboard = radiators()
    return [
        wings(1, True),
        wings(1, False),
        forward,
        wings(-1, True),
        wings(-1, False),
        truss(),
        starboard,
        port,
        aft,
    ]
