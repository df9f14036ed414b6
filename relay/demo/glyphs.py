"""Our own lettering: strokes with cut corners, drawn smoothly at whatever size is asked for."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np

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
    letter: tuple(
        tuple((int(run[i]), int(run[i + 1])) for i in range(0, len(run), 2)) for run in runs.split()
    )
    for letter, runs in _RUNS.items()
}
"""For each letter its strokes; a stroke of one point is a dot."""


def _segments(text: str) -> tuple[list[tuple[float, float, float, float]], float]:
    """All straight pieces (x, y, x, y) of a line of text in units, and its width."""
    pieces: list[tuple[float, float, float, float]] = []
    pen = 0.0
    for letter in text:
        strokes = _STROKES.get(letter.upper(), ())
        points = [point for stroke in strokes for point in stroke]
        for stroke in strokes:
            for (x, y), (x2, y2) in zip(stroke, stroke[1:] or stroke, strict=False):
                pieces.append((pen + x, y, pen + x2, y2))
        # Digits are all of one width: a clock must not jitter.
        width = 4 if letter.isdigit() else max((x for x, _ in points), default=_SPACE - _GAP)
        pen += width + _GAP
    return pieces, max(pen - _GAP, 0.0)


def letter(text: str, height: float, weight: float, margin: int) -> Floats:
    """Draw a line of text.

    `height` is that of capitals and `weight` the strokes' thickness, both in pixels. Returns
    coverage 0…1, with `margin` pixels around the letters. Characters that are not known are spaces.
    """
    pieces, width = _segments(text)
    unit = (height - weight) / _CAP
    rows = int(np.ceil(height)) + 2 * margin
    columns = int(np.ceil(width * unit + weight)) + 2 * margin
    coverage = np.zeros((rows, columns), np.float32)
    origin = margin + weight / 2
    reach = int(np.ceil(weight / 2)) + 1
    for piece in pieces:
        ax, ay, bx, by = (value * unit + origin for value in piece)
        left, right = int(min(ax, bx)) - reach, int(max(ax, bx)) + reach + 1
        top, bottom = int(min(ay, by)) - reach, int(max(ay, by)) + reach + 1
        box = (slice(max(top, 0), bottom), slice(max(left, 0), right))
        y, x = np.mgrid[box[0].start : min(bottom, rows), box[1].start : min(right, columns)] + 0.5
        length = (bx - ax) ** 2 + (by - ay) ** 2
        along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length if length else 0.0 * x
        along = np.clip(along, 0, 1)
        distance = np.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay))
        ink = np.clip(weight / 2 + 0.5 - distance, 0, 1).astype(np.float32)
        coverage[box] = np.maximum(coverage[box], ink)
    return coverage
