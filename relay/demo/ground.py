"""The Earth's surface and clouds as one texture, in the camera's own resolution.

The texture's columns run along the ground track and its rows across it, and a row is as wide as a
pixel sees it: fine near by, coarse at the limb. So a texel is about a pixel high everywhere, the
noise of each row is averaged over what its pixels cover, and turning the Earth is nothing but a
shift along the columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from relay.demo import noise
from relay.demo.colour import paint
from relay.demo.noise import Floats, ramp

COLUMNS: Final = 8192
TEXEL_KM: Final = 0.75
"""Length of a texel along the track; the texture repeats after 6144 km."""
_MAP_KM: Final = 3.0
_MAP: Final = (768, 2048)
"""The relief, climate and cloud maps: 2304 km across the track, one period along it."""
_SHORE: Final = 0.45
_CHUNK: Final = 16
"""Rows composed at a time, so that they stay in the processor's cache."""

_DEEP, _SHELF = paint(13, 38, 78), paint(38, 104, 126)
_FOREST, _STEPPE, _DESERT = paint(46, 64, 40), paint(120, 106, 72), paint(190, 148, 108)
_SNOW, _CLOUD = paint(232, 236, 242), paint(244, 247, 252)


@dataclass(frozen=True, slots=True)
class Ground:
    """A band of the Earth, one period of it."""

    luma: npt.NDArray[np.uint8]
    """(rows, COLUMNS): luma above black by day, 0…219."""
    lights: npt.NDArray[np.uint8]
    """(rows, COLUMNS): city light by night, luma above black, 0…219."""
    chroma: npt.NDArray[np.uint16]
    """(rows / 2, COLUMNS / 2): by day, U in the low byte and V in the high one, zero at 128."""


@dataclass(frozen=True, slots=True)
class _Maps:
    """What the planet is like, on a coarse, even grid; each is (768, 2048) and periodic."""

    relief: Floats
    """Height; the sea covers what is below `_SHORE`."""
    ridges: Floats
    """Mountain crests, high where they are."""
    dryness: Floats
    weather: Floats
    """Cloud sheets and cyclones."""
    cumulus: Floats
    """Small clouds in fields."""
    people: Floats


def _winds(rng: np.random.Generator, travel: float) -> tuple[Floats, Floats]:
    """Where the air in each cell of a (384, 1024) grid came from, as displacements in cells.

    Air is carried along a flow without sources or sinks, the curl of a smooth potential, which
    winds whatever lies in it up into fronts and spirals.
    """
    steps = 10
    potential = noise.fractal(rng, (3, 8), 6, gain=0.6, calm=4)
    height, width = potential.shape
    down = np.roll(potential, -1, 1) - np.roll(potential, 1, 1)
    across = np.roll(potential, 1, 0) - np.roll(potential, -1, 0)
    step = np.float32(travel / steps / np.sqrt((down**2 + across**2).mean()))
    down *= step
    across *= step
    start = np.indices(potential.shape).astype(np.float32)
    row, column = start[0].copy(), start[1].copy()
    for _ in range(steps):
        at = (np.rint(row).astype(np.intp) % height) * width
        at += np.rint(column).astype(np.intp) % width
        row += down.take(at)
        column += across.take(at)
    return _finer(row - start[0]) * 2, _finer(column - start[1]) * 2


def _finer(field: Floats) -> Floats:
    return noise.subdivide(noise.subdivide(field, 0), 1)


def _maps(rng: np.random.Generator) -> _Maps:
    grid = np.indices((_MAP[0] // 2, _MAP[1] // 2)).astype(np.float32)
    row, column = grid[0], grid[1]

    def grain(field: Floats, strength: float) -> Floats:
        fine = _finer(field)
        fine += rng.standard_normal(fine.shape, np.float32) * np.float32(strength)
        return fine

    down, across = _winds(rng, 22)
    weather = noise.fractal(rng, (12, 32), 5, gain=0.72) * np.float32(0.8)
    weather += noise.fractal(rng, (3, 8), 7, gain=0.5, calm=4) * np.float32(0.6)
    weather = noise.sample(weather, row + down, column + across)
    relief = noise.sample(
        noise.fractal(rng, (3, 8), 7, gain=0.55), row + down * 0.25, column + across * 0.25
    )
    crests = noise.fractal(rng, (12, 32), 6, gain=0.55)
    return _Maps(
        relief=grain(relief, 0.03),
        ridges=np.float32(1) - np.abs(crests) * np.float32(1.2),
        dryness=noise.fractal(rng, (3, 8), 8, gain=0.55),
        weather=grain(weather, 0.05),
        cumulus=noise.fractal(rng, (48, 128), 4, gain=0.75),
        people=noise.fractal(rng, (12, 32), 6, gain=0.75),
    )


class _Across:
    """Averages a map over each row's stretch across the track.

    The difference of a running sum is an exact average, whatever the row's width.
    """

    def __init__(self, field: Floats) -> None:
        self._rows = field.shape[0]
        self._sums = np.concatenate([np.zeros((1, field.shape[1]), np.float32), field.cumsum(0)])

    def _integral(self, position: Floats) -> Floats:
        turns, rest = np.divmod(position, np.float32(self._rows))
        below = rest.astype(np.intp)
        part = (rest - below)[:, None]
        sums = self._sums[below]
        sums += (self._sums[np.minimum(below + 1, self._rows)] - sums) * part
        sums += turns[:, None] * self._sums[-1]
        return sums

    def rows(self, edges_km: Floats) -> Floats:
        """The map between consecutive edges, (rows, map columns)."""
        at = edges_km / np.float32(_MAP_KM)
        # A row is never averaged over less than two samples: it would show the grid.
        middle = (at[1:] + at[:-1]) * np.float32(0.5)
        half = np.maximum(middle - at[:-1], np.float32(1))
        mean = self._integral(middle + half)
        mean -= self._integral(middle - half)
        mean /= 2 * half[:, None]
        return mean


def _widen(rows: Floats) -> Floats:
    """From the maps' columns to the texture's."""
    return noise.subdivide(noise.subdivide(rows, 1), 1)


class _Detail:
    """Fine noise below the maps' grid: one small tile, repeated, in versions for wider rows."""

    _TILE: Final = (512, 2048)

    def __init__(self, rng: np.random.Generator) -> None:
        self._levels = [noise.fractal(rng, (64, 256), 3, gain=0.8)]
        for _ in range(3):
            self._levels.append(_smooth(_smooth(self._levels[-1], 0, 1), 1, 1))

    def rows(self, edges_km: Floats) -> Floats:
        """The noise of the rows between `edges_km`, (rows, COLUMNS)."""
        middle = (edges_km[1:] + edges_km[:-1]) / 2
        width = (edges_km[1] - edges_km[0]) / TEXEL_KM
        level = min(max(round(float(np.log2(max(width, 1.0)))), 0), len(self._levels) - 1)
        row = (middle / TEXEL_KM).astype(np.int64) % self._TILE[0]
        return np.tile(self._levels[level][row], (1, COLUMNS // self._TILE[1]))


def _mix(base: Floats | np.float32, other: Floats | np.float32, share: Floats) -> Floats:
    mixed: Floats = base + (other - base) * share
    return mixed


@dataclass(frozen=True, slots=True)
class _Cover:
    """How much of each texel is what, 0…1; the layers from the bottom to the top."""

    shelf: Floats
    land: Floats
    dry: Floats
    desert: Floats
    snow: Floats
    cloud: Floats
    shadow: Floats

    def every(self, step: int) -> _Cover:
        return _Cover(*(getattr(self, name)[::step, ::step] for name in self.__dataclass_fields__))

    def plane(self, channel: int, ground_light: Floats, cloud_light: Floats) -> Floats:
        """One plane of the picture; the lights scale that of ground and cloud."""
        sea = _mix(_DEEP[channel], _SHELF[channel], self.shelf)
        soil = _mix(_FOREST[channel], _STEPPE[channel], self.dry)
        soil = _mix(soil, _DESERT[channel], self.desert)
        soil = _mix(soil, _SNOW[channel], self.snow)
        ground = _mix(sea, soil * ground_light, self.land)
        ground *= 1 - self.shadow * np.float32(0.5)
        return _mix(ground, _CLOUD[channel] * cloud_light, self.cloud)


def _smooth(plane: Floats, axis: int, reach: int) -> Floats:
    """Weigh each sample with those `reach` before and after it, 1 : 2 : 1."""
    smooth: Floats = np.roll(plane, reach, axis)
    smooth += np.roll(plane, -reach, axis)
    smooth *= np.float32(0.25)
    smooth += plane * np.float32(0.5)
    return smooth


def soften(plane: Floats, texels: float) -> Floats:
    """Average along the track over about as much as a pixel of these rows covers."""
    reach = 1
    while reach < texels:
        # Each pass doubles the reach: [1 2 1] with taps ever further apart.
        plane = _smooth(plane, 1, reach)
        reach *= 2
    return plane


def build(seed: int, edges_km: Floats, pixel_km: Floats) -> Ground:
    """Paint one period of the Earth.

    Row i lies between `edges_km[i]` and `edges_km[i + 1]` across the track, and a pixel there
    covers `pixel_km[i]` along it. The number of rows is even.
    """
    rng = np.random.default_rng(seed)
    maps = _maps(rng)
    detail = _Detail(rng)
    across = {name: _Across(getattr(maps, name)) for name in maps.__dataclass_fields__}
    rows = len(pixel_km)
    luma, lights = (np.empty((rows, COLUMNS), np.uint8) for _ in range(2))
    chroma = np.empty((rows // 2, COLUMNS // 2), np.uint16)
    for start in range(0, rows, _CHUNK):
        chunk = slice(start, min(start + _CHUNK, rows))
        half = slice(chunk.start // 2, chunk.stop // 2)
        edges = edges_km[chunk.start : chunk.stop + 1]
        fields = {name: _widen(field.rows(edges)) for name, field in across.items()}
        fine = detail.rows(edges)
        width = float(pixel_km[chunk].mean()) / TEXEL_KM
        planes = _compose(fields, fine)
        luma[chunk] = np.clip(soften(planes[0], width) + 0.5, 0, 219)
        u, v = (
            np.rint(soften(plane, width / 2) + np.float32(128)).astype(np.uint16)
            for plane in planes[1:3]
        )
        chroma[half] = u | v << 8
        lights[chunk] = np.clip(planes[3], 0, 219)
    return Ground(luma=luma, lights=lights, chroma=chroma)


def _compose(fields: dict[str, Floats], fine: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    relief, weather, dryness = fields["relief"], fields["weather"], fields["dryness"]
    height = relief + fine * np.float32(0.04)
    sheet = ramp(weather + fine * np.float32(0.12), -0.25, 2.2)
    sheet *= np.float32(0.96)
    puffs = ramp(fields["cumulus"] + fine * np.float32(0.5), 0.9, 2.3)
    puffs *= ramp(weather, -1.3, 0.2) * np.float32(0.9)
    cloud = sheet + puffs - sheet * puffs
    land = ramp(height, _SHORE, _SHORE + 0.05)
    ridges = fields["ridges"] * ramp(relief, _SHORE, _SHORE + 1.2)
    cover = _Cover(
        shelf=ramp(relief, _SHORE - 0.4, _SHORE + 0.05) ** 3,
        land=land,
        dry=ramp(dryness + ridges * np.float32(0.4) + fine * np.float32(0.12), -0.6, 0.9),
        desert=ramp(dryness + fine * np.float32(0.05), 0.7, 1.9),
        snow=ramp(ridges + relief * np.float32(0.2) + fine * np.float32(0.08), 1.4, 1.7),
        cloud=cloud,
        shadow=np.roll(cloud, 6, 1) * np.float32(0.9),
    )
    rise = ridges * np.float32(0.9) + height * np.float32(0.8)
    ground_light = np.ones(relief.shape, np.float32)
    ground_light += np.clip(rise - np.roll(rise, 4, 1), -0.4, 0.5)
    ground_light += fine * np.float32(0.025)
    billow = weather + fine * np.float32(0.12) + puffs
    cloud_light = np.full_like(sheet, 0.84)
    cloud_light += sheet * np.float32(0.1)
    cloud_light += np.clip((billow - np.roll(billow, 5, 1)) * np.float32(0.22), -0.3, 0.16)
    luma = cover.plane(0, ground_light, cloud_light)
    half = cover.every(2)
    ground_half, cloud_half = ground_light[::2, ::2], cloud_light[::2, ::2]
    u = half.plane(1, ground_half, cloud_half)
    v = half.plane(2, ground_half, cloud_half)
    return luma, u, v, _city_light(fields["people"], land, cloud, fine)


def _city_light(people: Floats, land: Floats, cloud: Floats, fine: Floats) -> Floats:
    """Towns where many live, villages, and the roads between them: 0…219 and more."""
    sparks = ramp(fine, 0.3, 2.0)
    towns = ramp(people, 0.9, 2.6) * (np.float32(0.35) + sparks)
    villages = ramp(people, -0.8, 1.8) * ramp(fine, 1.3, 2.6)
    # Roads follow a level line of the same noise, and so lead past the towns.
    roads = ramp(people, -0.4, 0.8) * ramp(-np.abs(people * 4 % 2 - 1), -0.16, -0.02)
    light: Floats = (
        towns + villages * np.float32(0.8) + roads * (np.float32(0.08) + sparks * np.float32(0.6))
    )
    light *= land * (1 - cloud * np.float32(0.85))
    light *= np.float32(300)
    return light
