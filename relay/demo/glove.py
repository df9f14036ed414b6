"""The astronaut's right arm: a gloved hand around a grab rail, and the sleeve with EV1's stripe.

Axes of the hand, in metres: x to the right, y forward, z up from the back of the hand; the origin
is the middle of the palm.
"""

from __future__ import annotations

import itertools
from typing import Final

import numpy as np

from relay.demo import materials
from relay.demo.solid import Ring, Solid

_CLOTH: Final = materials.cloth(0.64, 0.63, 0.61)
_PALM: Final = materials.cloth(0.36, 0.365, 0.375)
_RUBBER: Final = materials.plain(0.20, 0.215, 0.235, 0.12, 0.06)
_STRIPE: Final = materials.cloth(0.36, 0.030, 0.026)
_METAL: Final = materials.plain(0.42, 0.42, 0.42, 0.6, 0.04)
_BLUE: Final = materials.plain(0.06, 0.13, 0.36, 0.4, 0.04)

_GOLD: Final = materials.plain(0.66, 0.47, 0.15, 0.5, 0.04)
_SHELL: Final = materials.cloth(0.60, 0.60, 0.585)
_LABEL: Final = materials.label()

RAIL: Final = (0.088, -0.020)
"""Where the hand holds the rail, which runs along x: forward and up."""


def hand() -> Solid:
    """The glove, closed around the rail."""
    solid = Solid()
    palm = (
        Ring(-0.012, 0.002, -1),
        Ring(-0.004, 0.030, -0.6),
        Ring(0.020, 0.047),
        Ring(0.060, 0.052),
        Ring(0.088, 0.046, 0.3),
        Ring(0.102, 0.028, 0.7),
        Ring(0.107, 0.002, 1),
    )
    solid.turned(
        (0, -0.062, 0.0), (0, 1, 0), palm, _CLOTH, sides=20, across=((1, 0, 0), (0, 0, 0.62))
    )
    # A pad over the back of the hand, and the rim of the palm's bar.
    solid.capsule((-0.030, 0.000, 0.024), (0.030, 0.000, 0.024), (0.014, 0.014), _CLOTH, sides=12)
    fy, fz = RAIL
    for number, x in enumerate((-0.038, -0.013, 0.013, 0.038)):
        length = (0.94, 1.04, 1.0, 0.86)[number]
        spread = x * 1.10
        knuckle = (spread, 0.040, 0.014)
        middle = (x * 1.16, fy - 0.006 + 0.018 * length, fz + 0.040)
        tip = (x * 1.16, fy + 0.036, fz - 0.006)
        end = (x * 1.14, fy + 0.012, fz - 0.038)
        solid.capsule(knuckle, middle, (0.0165, 0.0150), _CLOTH, sides=14)
        solid.capsule(middle, tip, (0.0152, 0.0142), _CLOTH, sides=14)
        solid.capsule(tip, end, (0.0145, 0.0125), _RUBBER, sides=12)
    # The thumb comes around from below.
    solid.capsule(
        (-0.030, -0.042, -0.002), (-0.058, 0.004, -0.012), (0.020, 0.0175), _CLOTH, sides=14
    )
    solid.capsule(
        (-0.058, 0.004, -0.012), (-0.056, 0.046, -0.030), (0.0168, 0.0150), _CLOTH, sides=14
    )
    solid.capsule(
        (-0.056, 0.046, -0.030), (-0.036, 0.072, -0.042), (0.0150, 0.0130), _RUBBER, sides=12
    )
    return solid


def sleeve() -> Solid:
    """From the wrist towards the elbow, which is out of the picture."""
    solid = Solid()
    axis = np.array((0.30, -0.86, -0.30))
    across = None
    # Gauntlet, wrist disconnect, then the arm with its stripe.
    start = (0.0, -0.050, 0.0)
    solid.turned(
        start,
        axis,
        (
            Ring(0.0, 0.040, -0.4),
            Ring(0.018, 0.047),
            Ring(0.034, 0.045),
            Ring(0.050, 0.050),
            Ring(0.068, 0.051),
            Ring(0.086, 0.056, -0.1),
        ),
        _CLOTH,
        sides=22,
        across=across,
    )
    for at, radius, material in (
        (0.088, 0.059, _METAL),
        (0.100, 0.060, _BLUE),
        (0.112, 0.059, _METAL),
    ):
        solid.turned(
            start,
            axis,
            (
                Ring(at, radius - 0.004, -0.7),
                Ring(at + 0.003, radius),
                Ring(at + 0.011, radius),
                Ring(at + 0.014, radius - 0.004, 0.7),
            ),
            material,
            sides=24,
        )
    arm = [Ring(0.122, 0.060, -0.3)]
    for fold in range(9):
        # The fabric bulges between its hoops.
        at = 0.132 + fold * 0.055
        width = 0.068 + fold * 0.0035
        arm += [
            Ring(at, width - 0.004, -0.35),
            Ring(at + 0.014, width),
            Ring(at + 0.040, width),
            Ring(at + 0.053, width - 0.004, 0.35),
        ]
    for near, far in itertools.pairwise(arm):
        striped = 0.232 < (near.at + far.at) / 2 < 0.305
        solid.turned(start, axis, (near, far), _STRIPE if striped else _CLOTH, sides=24)
    return solid


def unit() -> Solid:
    """The replacement unit that is carried by its handle: a white box with labels and bolts."""
    solid = Solid()
    fy, fz = RAIL
    solid.tube((-0.155, fy, fz), (0.155, fy, fz), 0.0125, _GOLD, sides=16, cap=_GOLD)
    top = fz - 0.085
    for side in (-1, 1):
        x = side * 0.145
        solid.tube((x, fy, fz), (x, fy, top), 0.0125, _GOLD, sides=12)
        solid.box((x - 0.03, fy - 0.03, top), ((0.06, 0, 0), (0, 0.06, 0), (0, 0, 0.012)), _METAL)
    w, d, h = 0.21, 0.27, 0.40
    low = top - h
    solid.box((-w, fy - d / 2, low), ((2 * w, 0, 0), (0, d, 0), (0, 0, h)), _SHELL)
    solid.box(
        (-w - 0.008, fy - d / 2 - 0.008, top - 0.035),
        ((2 * w + 0.016, 0, 0), (0, d + 0.016, 0), (0, 0, 0.02)),
        _METAL,
    )
    # Labels on the lit side and the near one, connectors, bolts in the corners.
    near, left = fy - d / 2 - 0.002, -w - 0.002
    solid.panel((-0.17, near, top - 0.21), (0.17, 0, 0), (0, 0, 0.10), _LABEL)
    solid.panel((left, fy + 0.10, top - 0.19), (0, -0.16, 0), (0, 0, 0.09), _LABEL)
    for x in (0.04, 0.10, 0.16):
        solid.tube(
            (x, near + 0.004, top - 0.25),
            (x, near - 0.03, top - 0.25),
            0.021,
            _METAL,
            sides=14,
            cap=_BLUE,
        )
    for x in (-w + 0.03, w - 0.03):
        for y in (fy - d / 2 + 0.03, fy + d / 2 - 0.03):
            solid.tube((x, y, top), (x, y, top + 0.014), 0.012, _METAL, sides=8, cap=_METAL)
    return solid
