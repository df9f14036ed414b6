"""The timecode strip: a wall-clock time that a machine reads from the picture.

Whoever reads it and looks at a clock knows the glass-to-glass latency. It survives H.264 at low
rates, scaling down to 240 rows and being off by a pixel or two.

Format
    The strip is the top `height / 36` rows of the picture, rounded to an even number, at least 6.
    It is divided into 64 cells of equal width; cell i reaches from x = i·W/64 to (i+1)·W/64.
    White (luma 235) is 1 and black (luma 16) is 0; chroma is neutral.

    =====  =============================================================
    cells  content
    =====  =============================================================
    0–2    1 0 1
    3–44   milliseconds since the Unix epoch, 42 bits, highest first
    45–60  CRC-16/CCITT-FALSE (polynomial 0x1021, start 0xFFFF, not reflected) of those
           milliseconds as 6 bytes, highest first; 16 bits, highest first
    61–63  0 1 0
    =====  =============================================================

    For example 1795363331000 ms is 0x01A203FE5BB8, its CRC 0xB24E, and the cells are
    ``101 011010 00100000 00111111 11100101 10111011 1000 1011001001001110 010``.

    An equirectangular picture has the strip in the same place, where it is a disc of 5° around the
    zenith: a barcode in the round where nothing is to be seen, and straight for who reads the
    picture as it is sent. To read it, the picture must not have been reprojected.

Reading
    1. A picture is H rows of W luma values of any range. Take the rows from 0.25·H/36 to 0.75·H/36
       (the first rounded up, the second down, at least one row) and average them: W values.
    2. A cell's value is the average from a quarter to three quarters of its width, with shares of
       pixels counted as shares.
    3. White is the average of the cells 0, 2 and 62, black that of 1, 61 and 63. The difference
       must be at least 40, and white the greater.
    4. A cell is 1 where it is above the mean of white and black, else 0. A cell within 15 % of the
       difference from the mean is no cell: the picture holds no strip.
    5. The six fixed cells and the CRC must be right.
    6. If not, try again with the strip's ends moved, each by -½, 0 or ½ of a cell: pictures may
       have been cropped or padded a little.
"""

from __future__ import annotations

from binascii import crc_hqx
from typing import Final

import numpy as np
import numpy.typing as npt

CELLS: Final = 64
"""Cells across the picture."""
TIME_BITS: Final = 42
"""Bits of the time; enough until the year 2109."""
_ROWS: Final = 36
"""The strip is this part of the picture's height."""
_HEAD: Final = (1, 0, 1)
_TAIL: Final = (0, 1, 0)
_CRC_BITS: Final = 16
_BLACK, _WHITE = 16, 235
_LEAST_CONTRAST: Final = 40
_DOUBT: Final = 0.15
_SHIFTS: Final = (0.0, -0.5, 0.5)


def _crc16(ms: int) -> int:
    return crc_hqx(ms.to_bytes(6, "big"), 0xFFFF)


def encode(ms: int) -> tuple[int, ...]:
    """The 64 cells for a time in milliseconds since the epoch.

    Raises:
        ValueError: the time does not fit into 42 bits.
    """
    if not 0 <= ms < 1 << TIME_BITS:
        raise ValueError(f"{ms} ms does not fit into {TIME_BITS} bits")
    word = ms << _CRC_BITS | _crc16(ms)
    length = TIME_BITS + _CRC_BITS
    return (*_HEAD, *(word >> (length - 1 - i) & 1 for i in range(length)), *_TAIL)


def decode(cells: tuple[int, ...]) -> int | None:
    """The time that 64 cells hold, or None where they are not a strip."""
    if len(cells) != CELLS or cells[:3] != _HEAD or cells[-3:] != _TAIL:
        return None
    word = 0
    for bit in cells[3:-3]:
        word = word << 1 | bit
    ms = word >> _CRC_BITS
    return ms if word & 0xFFFF == _crc16(ms) else None


def strip_height(height: int) -> int:
    """Rows of the strip in a picture of `height` rows."""
    return max(6, 2 * round(height / _ROWS / 2))


def draw(y: npt.NDArray[np.uint8], ms: int) -> None:
    """Draw the strip for a time into a luma plane (limited range)."""
    height, width = y.shape
    levels = np.where(np.array(encode(ms), np.bool_), _WHITE, _BLACK).astype(np.uint8)
    # Each pixel belongs to the cell in which its centre lies.
    cell = ((np.arange(width) + 0.5) * CELLS / width).astype(np.intp)
    y[: strip_height(height)] = levels[cell]


def read(luma: npt.NDArray[np.generic]) -> int | None:
    """The time in a picture's strip in milliseconds, or None where none can be read.

    `luma` is (rows, columns), of any size and range.
    """
    height, width = luma.shape
    if height < _ROWS // 2 or width < CELLS:
        return None
    top, bottom = int(np.ceil(0.25 * height / _ROWS)), int(0.75 * height / _ROWS)
    line = luma[top : max(bottom, top + 1)].astype(np.float64).mean(0)
    total = np.concatenate([[0.0], line.cumsum()])
    pitch = width / CELLS
    for left in _SHIFTS:
        for right in _SHIFTS:
            cells = _slice(total, left * pitch, width + right * pitch)
            ms = decode(cells) if cells is not None else None
            if ms is not None:
                return ms
    return None


def _slice(total: npt.NDArray[np.float64], left: float, right: float) -> tuple[int, ...] | None:
    """The cells of a strip between two ends, given the running sum of a line of luma."""
    pitch = (right - left) / CELLS
    starts = left + (np.arange(CELLS) + 0.25) * pitch
    at = np.arange(len(total))
    values = np.interp(starts + pitch / 2, at, total) - np.interp(starts, at, total)
    values /= pitch / 2
    white, black = (float(values[list(cells)].mean()) for cells in ((0, 2, 62), (1, 61, 63)))
    contrast = white - black
    if contrast < _LEAST_CONTRAST:
        return None
    above = values - (white + black) / 2
    if np.abs(above).min() < _DOUBT * contrast:
        return None
    return tuple(int(bit) for bit in above > 0)
