"""The demo's cameras: what each shows at a given time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from relay.demo import films, marks
from relay.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Callable

    from relay.demo.colour import Planes


class Scene(Protocol):
    """Something that can be filmed."""

    def draw(self, planes: Planes, seconds: float) -> None:
        """Draw it as it is at `seconds` into the planes."""


_SCENES: Final[dict[str, Callable[[int, int, float, int], Scene]]] = {
    "helmet": films.helmet,
    "drone": films.drone,
    "orbit360": films.orbit,
}
KINDS: Final = tuple(_SCENES)
"""The cameras there are."""
AROUND: Final = frozenset({"orbit360"})
"""Those whose picture is equirectangular: all around, twice as wide as high, the zenith on top."""
_SEED: Final = 7


class Camera:
    """One demo camera.

    It has no clock: the same arguments give the same picture, whatever was drawn before. Frames in
    order are cheap; after a leap in time the first one costs some tens of milliseconds.
    """

    def __init__(self, kind: str, width: int, height: int, fps: int, seed: int = _SEED) -> None:
        """Prepare the scene, which takes a second or so.

        Raises:
            OperatorError: there is no such camera, or the picture's size or rate is not usable.
        """
        if kind not in _SCENES:
            raise OperatorError(f"there is no demo camera {kind!r} (there are: {', '.join(KINDS)})")
        if width % 2 or height % 2 or not (320 <= width <= 3840 and 180 <= height <= 2160):
            raise OperatorError(
                "a demo camera's picture has even sides, from 320x180 to 3840x2160, "
                f"not {width}x{height}"
            )
        if kind in AROUND and width != 2 * height:
            raise OperatorError(
                f"a 360° picture is twice as wide as high (as 1280x640), not {width}x{height}"
            )
        if not 1 <= fps <= 120:
            raise OperatorError(f"a demo camera makes 1 to 120 frames a second, not {fps}")
        self.width, self.height, self.fps = width, height, fps
        self._scene = _SCENES[kind](width, height, fps, seed)
        self._around = kind in AROUND
        # One block, so that an encoder can take the picture without copying.
        self.buffer = np.empty((height * 3 // 2, width), np.uint8)
        """The planes of the last frame, one after the other, as FFmpeg's yuv420p."""
        flat, luma, chroma = self.buffer.reshape(-1), width * height, width * height // 4
        half = (height // 2, width // 2)
        self._planes = (
            flat[:luma].reshape(height, width),
            flat[luma : luma + chroma].reshape(half),
            flat[luma + chroma :].reshape(half),
        )

    def frame(self, t_seconds: float, wall_ms: int | None = None) -> Planes:
        """Draw the picture at mission elapsed time `t_seconds`.

        With `wall_ms`, the moment that it was taken, since the epoch, it has marks for measuring.

        Returns y (height, width), u and v (height / 2, width / 2) in limited-range BT.709. They
        are valid until the next frame is drawn.
        """
        number = round(t_seconds * self.fps)
        self._scene.draw(self._planes, number / self.fps)
        if wall_ms is not None:
            flash = number % self.fps == 0
            marks.draw(self._planes, wall_ms, flash=flash, around=self._around)
        return self._planes
