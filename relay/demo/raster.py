"""Draws solids, once at the start, in sunlight and with shadows. Nothing here runs per frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from relay.demo import colour
from relay.demo.faces import BATCH, Faces, Projection, Samples

if TYPE_CHECKING:
    from relay.demo.noise import Floats
    from relay.demo.solid import Material, Solid

_SUNLIGHT: Final = np.array(((2.05,), (1.93,), (1.74,)), np.float32)
_EARTHLIGHT: Final = np.array(((0.15,), (0.24,), (0.37,)), np.float32)
_STARLIGHT: Final = np.array(((0.018,), (0.020,), (0.026,)), np.float32)
_PENUMBRA: Final = 1.3
"""Half the width of shadows' edges, in cells of the map."""
_BAND: Final = 192
"""Rows drawn at a time, which bounds the memory that samples need."""
_DOWN: Final = np.array((0, 0, -1), np.float32)


class Sunlight:
    """A far light that casts shadows: how near to it is the first thing in each direction.

    The map of that is `size` cells long and wide, and lies along the scene's longest side.
    """

    def __init__(self, scene: Solid, sun: Floats, size: int, exposure: float = 1.0) -> None:
        """`exposure` is how much of the light a camera lets in; the others' is 1."""
        self.sun, self.exposure = sun, np.float32(exposure)
        self._size = size
        points = scene.points()
        flat = points - np.outer(points @ sun, sun)
        longest = np.linalg.eigh(np.cov(flat.T))[1][:, 2].astype(np.float32)
        longest -= sun * np.dot(longest, sun)
        longest /= np.linalg.norm(longest)
        self._axes = np.array([longest, np.cross(sun, longest), sun], np.float32)
        seen = points @ self._axes.T
        low, high = seen.min(0)[:2] - 0.01, seen.max(0)[:2] + 0.01
        scale = (size - 8) / (high - low)
        self._low = np.array((*(low - 4 / scale), 0), np.float32)
        self._scale = np.array((*scale, 1), np.float32)
        self._bias = np.float32(2.5 / scale.min())
        """Metres by which a place may lie behind the first thing and still be it."""
        rng = np.random.default_rng(size)
        self._jitter = (rng.random((2, BATCH), np.float32) * 2 - 1) * np.float32(_PENUMBRA)
        faces = Faces(scene, self.project, size, size)
        self._nearest = np.full(size * size, -np.inf, np.float32)
        for samples in faces.samples(np.ones(len(scene.quads), np.bool_), range(size)):
            np.maximum.at(self._nearest, samples.index, faces.nearness(samples))

    def project(self, points: Floats) -> Floats:
        """Points as the sun sees them: across, down, and nearness in metres."""
        seen: Floats = (points @ self._axes.T - self._low) * self._scale
        return seen

    def reaches(self, places: Floats) -> Floats:
        """How much of the sun, 0…1, shines on `places`, (3, n) as `project` numbers them."""
        # Looks in four directions, by lengths that differ from sample to sample, make a soft edge.
        across, down = self._jitter[:, : places.shape[1]]
        depth = places[2] + self._bias
        lit = np.zeros(places.shape[1], np.float32)
        for dx, dy in ((across, down), (-down, across), (-across, -down), (down, -across)):
            index = (places[1] + dy).astype(np.intp)
            index *= self._size
            index += (places[0] + dx).astype(np.intp)
            lit += self._nearest.take(index, mode="clip") < depth
        lit *= np.float32(0.25)
        return lit


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawn solid; all arrays are (height, width), and 0 where there is nothing."""

    covered: npt.NDArray[np.uint8]
    """1 where there is something."""
    y: npt.NDArray[np.uint8]
    """Luma above black."""
    u: npt.NDArray[np.int8]
    """Signed chroma."""
    v: npt.NDArray[np.int8]
    """Signed chroma."""


def draw(
    solid: Solid, projection: Projection, eye: Floats, sunlight: Sunlight, size: tuple[int, int]
) -> Drawing:
    """Draw a solid as seen from `eye`, sampled in the middle of (width, height) cells."""
    width, height = size
    faces = Faces(solid, projection, width, height)
    to_eye = eye - faces.corners.mean(1)
    to_eye /= np.linalg.norm(to_eye, axis=1, keepdims=True)
    away = np.einsum("ij,ij->i", faces.normals.mean(1), to_eye) < 0
    faces.normals[away & faces.double] *= -1
    shader = _Shader(faces, to_eye, sunlight)
    bytes_, signed = (np.zeros((2, height, width), kind) for kind in (np.uint8, np.int8))
    drawing = Drawing(bytes_[0], bytes_[1], signed[0], signed[1])
    for top in range(0, height, _BAND):
        _draw_band(
            faces, faces.double | ~away, shader, drawing, range(top, min(top + _BAND, height))
        )
    return drawing


def _draw_band(
    faces: Faces, chosen: npt.NDArray[np.bool_], shader: _Shader, drawing: Drawing, rows: range
) -> None:
    planes = [
        plane[rows.start : rows.stop].reshape(-1)
        for plane in (drawing.covered, drawing.y, drawing.u, drawing.v)
    ]
    nearest = np.full(planes[0].shape, -np.inf, np.float32)
    drawn = []
    for samples in faces.samples(chosen, rows):
        near = faces.nearness(samples)
        np.maximum.at(nearest, samples.index, near)
        drawn.append((samples, near))
    # Only what is seen in the end is lit.
    for samples, near in drawn:
        seen = samples.where(near >= nearest[samples.index])
        for batch in seen.batches():
            for material, (_, part) in faces.by_material(batch):
                light = colour.develop(shader.shade(material, part))
                planes[0][part.index] = 1
                for plane, values in zip(planes[1:], colour.yuv(*light), strict=True):
                    plane[part.index] = np.rint(values, out=values)


class _Field:
    """Numbers given at faces' corners, (faces, 4, k), and between them at samples."""

    def __init__(self, corners: Floats) -> None:
        at = np.moveaxis(corners, 0, -1).astype(np.float32)
        self._start, self._first, self._second = at[0], at[1] - at[0], at[3] - at[0]
        self._twist = at[2] - at[1] - self._second

    def at(self, samples: Samples, s: Floats, t: Floats) -> Floats:
        """The numbers at shares of the faces' edges, (k, samples)."""
        values: Floats = samples.of(self._twist) * s
        values += samples.of(self._second)
        values *= t
        values += samples.of(self._first) * s
        values += samples.of(self._start)
        return values


class _Shader:
    """Lights samples. What is linear along a face's edges is worked out at its corners, once."""

    def __init__(self, faces: Faces, to_eye: Floats, sunlight: Sunlight) -> None:
        self._faces, self._sunlight = faces, sunlight
        half = sunlight.sun + to_eye
        half /= np.linalg.norm(half, axis=1, keepdims=True)
        directions = np.empty((len(half), 3, 3), np.float32)
        directions[:, 0], directions[:, 1], directions[:, 2] = sunlight.sun, half, _DOWN
        self._cosines = _Field(np.einsum("nck,ndk->ncd", faces.normals, directions))
        self._places = _Field(sunlight.project(faces.corners))

    def shade(self, material: Material, samples: Samples) -> Floats:
        """The light that comes from `samples`, (3, n)."""
        s, t = self._faces.share(samples)
        surface = material.paint(*self._faces.place(samples, s, t))
        sunward, mirrored, earthward = self._cosines.at(samples, s, t)
        if surface.relief is not None:
            sunward += surface.relief * (sunward > 0)
        np.maximum(sunward, 0, out=sunward)
        sunward *= self._sunlight.reaches(self._places.at(samples, s, t))
        earth = np.maximum(earthward, 0) * np.float32(0.65) + np.float32(0.35)
        light: Floats = _SUNLIGHT * sunward
        light += _EARTHLIGHT * earth
        light += _STARLIGHT
        light *= surface.albedo
        if surface.gloss:
            shine = np.maximum(mirrored, 0)
            for _ in range(5):
                shine *= shine
            shine *= sunward > 0
            light += _SUNLIGHT * (shine * np.float32(surface.gloss))
        light *= self._sunlight.exposure
        return light
