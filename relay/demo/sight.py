"""What rays from the station's height meet: the geometry between camera, ground and air."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from relay.demo.noise import Floats

EARTH_KM: Final = 6371.0
ALTITUDE_KM: Final = 420.0
_ORBIT_KM: Final = EARTH_KM + ALTITUDE_KM


class Sight:
    """Where each of `rays` (…, 3) ends, or how it passes the Earth; arrays are shaped as the rays.

    Any projection will do: only directions matter.
    """

    def __init__(self, rays: Floats) -> None:
        up = rays[..., 2]
        middle = -np.float32(_ORBIT_KM) * up
        # In double precision: all the air there is, is a hundredth part of this distance.
        closest = _ORBIT_KM * np.sqrt(np.maximum(1 - up.astype(np.float64) ** 2, 0))
        self.hit: npt.NDArray[np.bool_] = (closest < EARTH_KM) & (middle > 0)
        """Whether the ray ends on the ground."""
        height = np.where(middle > 0, closest - EARTH_KM, np.inf)
        self.height_km: Floats = height.astype(np.float32)
        """How high the ray passes the Earth; negative where it hits, infinite where it looks up."""
        half_chord = np.sqrt(np.maximum(EARTH_KM**2 - closest**2, 0)).astype(np.float32)
        self.steepness: Floats = half_chord / np.float32(EARTH_KM)
        """Sine of the angle between ray and ground where it hits."""
        point = rays * (middle - half_chord)[..., None]
        point[..., 2] += np.float32(_ORBIT_KM)
        self.normal: Floats = point / np.linalg.norm(point, axis=-1, keepdims=True)
        """Upwards, where it hits or is nearest."""

    def along_km(self) -> Floats:
        """Where the point is along the ground track."""
        angle: Floats = np.arctan2(self.normal[..., 0], self.normal[..., 2])
        return angle * np.float32(EARTH_KM)

    def across_km(self) -> Floats:
        """Where the point is across the ground track, to starboard."""
        angle: Floats = np.arcsin(np.clip(self.normal[..., 1], -1, 1))
        return angle * np.float32(EARTH_KM)


def _depression(across_km: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How far below the horizontal a point abeam is seen, radians; beyond π/2 on the far side."""
    angle = across_km / EARTH_KM
    drop: npt.NDArray[np.float64] = np.arctan2(
        _ORBIT_KM - EARTH_KM * np.cos(angle), EARTH_KM * np.sin(angle)
    )
    return drop


def ground_rows(nearest_km: float, farthest_km: float, focal: float) -> tuple[Floats, Floats]:
    """Cut the ground abeam into rows that look about a pixel high, the nearest first.

    `focal` is the camera's focal length in pixels. Returns the rows' bounds in km across the track,
    one more than rows, and how many km a pixel covers along the track in each. Their number is a
    multiple of 16.
    """
    table = np.linspace(farthest_km, nearest_km, 4096)
    drops = _depression(table)
    count = 16 * int((drops[-1] - drops[0]) * focal * 1.1 / 16 + 1)
    edges = np.interp(np.linspace(drops[-1], drops[0], count + 1), drops, table)
    middle = (edges[1:] + edges[:-1]) / 2
    distance = EARTH_KM * np.sin(middle / EARTH_KM) / np.cos(_depression(middle))
    return edges.astype(np.float32), np.abs(distance / focal).astype(np.float32)
