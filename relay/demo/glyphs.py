"""Our own lettering: strokes with cut corners, drawn smoothly at whatever size is asked for."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from relay.demo.noise import Floats

Stroke: TypeAlias = tuple[tuple[int, int], ...]

_CAP: Final = 6
"""Units from a capital's top to the base line."""
_GAP: Final = 2.1
"""Units between the strokes of neighbouring letters."""
_SPACE: Final = 2.4
"""Units between words, in addition to the gaps."""

# A letter's strokes are runs of points, each a digit for x (0-4) and one for y (0 top, 6 base).
_RUNS: Final = {
    "A": "060110304146 0444",
    "B": "003041423303 334445360600",
    "C": "4130100105163645",
    "D": "00304145360600",
    "E": "40000646 0333",
    "F": "400006 0333",
    "G": "41301001051636454323",
    "H": "0006 4046 0343",
    "I": "0006",
    "J": "4045361605",
    "K": "0006 4003 1346",
    "L": "000646",
    "M": "0600234046",
    "N": "06004640",
    "O": "103041453616050110",
    "P": "06003041423303",
    "Q": "103041453616050110 3446",
    "R": "06003041423303 2346",
    "S": "413010010213334445361605",
    "T": "0040 2026",
    "U": "000516364540",
    "V": "002640",
    "W": "0016233640",
    "X": "0046 4006",
    "Y": "002340 2326",
    "Z": "00400646",
    "0": "103041453616050110",
    "1": "112026",
    "2": "01103041420646",
    "3": "01103041423313 334445361605",
    "4": "36300444",
    "5": "400002324345361605",
    "6": "4130100105163645443303",
    "7": "00404126",
    "8": "103041423313020110 130405163645443313",
    "9": "0516364541301001021343",
    "-": "0333",
    ":": "0202 0505",
    ".": "0606",
    "/": "0640",
}
_STROKES: Final[dict[str, tuple[Stroke, ...]]] = {
    character: tuple(
        tuple((int(run[i]), int(run[i + 1])) for i in range(0, len(run), 2)) for run in runs.split()
    )
    for character, runs in _RUNS.items()
}
"""For each character its strokes."""


@lru_cache(maxsize=512)
def _stamp(character: str, unit: float, weight: float, phase: float) -> Floats:
    """A character's coverage; it begins `phase` of a pixel and half a stroke from the corner."""
    strokes = _STROKES.get(character, ())
    points = [point for stroke in strokes for point in stroke]
    rows = int(np.ceil(_CAP * unit + weight)) + 2
    columns = int(np.ceil(max((x for x, _ in points), default=0) * unit + weight + phase)) + 2
    y, x = np.mgrid[0:rows, 0:columns] + 0.5
    coverage = np.zeros((rows, columns), np.float32)
    for stroke in strokes:
        # A stroke of one point is a dot.
        for start, end in zip(stroke, stroke[1:] or stroke, strict=False):
            ax, bx = (point[0] * unit + weight / 2 + phase for point in (start, end))
            ay, by = (point[1] * unit + weight / 2 for point in (start, end))
            length = (bx - ax) ** 2 + (by - ay) ** 2 or 1.0
            along = np.clip(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length, 0, 1)
            distance = np.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay))
            ink = np.clip(weight / 2 + 0.5 - distance, 0, 1).astype(np.float32)
            np.maximum(coverage, ink, out=coverage)
    return coverage


def _width(character: str) -> float:
    """Units from a character's first to its last stroke."""
    # Digits are all of one width: a clock must not jitter.
    if character.isdigit():
        return 4
    points = [x for stroke in _STROKES.get(character, ()) for x, _ in stroke]
    return max(points, default=_SPACE - _GAP)


def letter(text: str, height: float, weight: float, margin: int) -> Floats:
    """Draw a line of text.

    `height` is that of capitals and `weight` the strokes' thickness, both in pixels. Returns
    coverage 0…1, with `margin` pixels (at least 2) around it. Characters that are not known are
    spaces.
    """
    unit = (height - weight) / _CAP
    characters = text.upper()
    pens = np.concatenate([[0.0], np.cumsum([_width(c) + _GAP for c in characters])]) * unit
    columns = int(np.ceil(pens[-1] + weight)) + 2 * margin + 2
    coverage = np.zeros((int(np.ceil(height)) + 2 * margin, columns), np.float32)
    for character, pen in zip(characters, pens, strict=False):
        if character in _STROKES:
            left, quarters = divmod(round(pen * 4), 4)
            ink = _stamp(character, unit, weight, quarters / 4)
            rows, columns = ink.shape
            place = coverage[margin : margin + rows, margin + left : margin + left + columns]
            np.maximum(place, ink[: len(place), : place.shape[1]], out=place)
    return coverage
