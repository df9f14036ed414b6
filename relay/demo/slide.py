"""Moves a whole picture by fractions of a pixel, as a swaying head does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from relay.demo.colour import Bytes

_STRIP: Final = 64
"""Rows worked on at a time, for the processor's cache."""


def slide(canvas: Bytes, out: Bytes, right: float, down: float, steps: int) -> None:
    """Show the part of `canvas` that begins `right` and `down` pixels from its corner.

    Between pixels the neighbours are blended; there are `steps` positions, 1, 2 or 4 (as fine as
    H.264 sees movement). `canvas` is larger than `out` by those distances and
    one pixel more.
    """
    left, across = divmod(round(right * steps), steps)
    top, along = divmod(round(down * steps), steps)
    across, along = across * 4 // steps, along * 4 // steps
    height, width = out.shape
    for start in range(0, height, _STRIP):
        stop = min(start + _STRIP, height)
        rows = canvas[top + start : top + stop + 1, left : left + width + 1]
        tall = _between(rows[:-1], rows[1:], along)
        out[start:stop] = _between(tall[:, :-1], tall[:, 1:], across)


def _between(first: Bytes, second: Bytes, quarters: int) -> Bytes:
    """The blend that lies `quarters` / 4 of the way from `first` to `second`.

    Averages of bytes need no wider words: what two bytes share, plus half of what they do not.
    """
    if quarters == 0:
        return first
    differing = first ^ second
    differing >>= 1
    if quarters == 2:
        return (first & second) + differing
    # Rounded up here and down below, so that the picture does not darken as it moves.
    middle = (first | second) - differing
    near = first if quarters == 1 else second
    differing = near ^ middle
    differing >>= 1
    return (near & middle) + differing
