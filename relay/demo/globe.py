"""The turning Earth with its air, drawn from one camera's place.

All that can be known beforehand is: where on the ground each pixel looks, and how much air is
between. A frame is one look-up of the texture, shifted along the ground track, times how bright
the ground is, plus what the air adds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from relay.demo import colour, ground, levels
from relay.demo.daylight import Daylight
from relay.demo.sight import Sight, ground_rows
from relay.demo.sphere import Sphere

if TYPE_CHECKING:
    from relay.demo.colour import Bytes, Planes, Words
    from relay.demo.noise import Floats
    from relay.demo.picture import Front
    from relay.demo.view import View

Place: TypeAlias = tuple[slice, slice]
Indices: TypeAlias = npt.NDArray[np.intp]

_Texel = TypeVar("_Texel", np.uint8, np.uint16)

_STRIP: Final = 64
"""Rows worked on at a time: their intermediate values stay in the processor's cache."""
_STEP_HZ: Final = 15
"""The Earth turns by about a texel (0.75 km) in the time of this rate: 11 km/s."""


def sun_at(seconds: float) -> Floats:
    """The direction to the sun, a unit vector.

    It stands behind the station, and wanders so that the terminator comes and goes in the picture.
    A real one would set every 46 minutes and leave the stations' cameras dark for as long.
    """
    height = np.radians(10 + 15 * np.sin(seconds * 2 * np.pi / 1500 + 0.6))
    azimuth = np.radians(-172)
    flat = np.cos(height)
    return np.array((flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(height)), np.float32)


class _Texture(Generic[_Texel]):
    """A periodic texture that can be read at any shift along its rows.

    A shift by a fraction of a texel is a blend of neighbours. Each of `phases` lies between two
    texels, never on one: all are equally soft, and nothing flickers as they take turns.
    """

    def __init__(self, phases: list[npt.NDArray[_Texel]], span: int) -> None:
        """`span` is how many columns are looked at at once."""
        self._period = phases[0].shape[1]
        self.pitch = self._period + span
        self._phases = [np.hstack([texels, texels[:, :span]]).ravel() for texels in phases]

    def at(self, step: int) -> npt.NDArray[_Texel]:
        """All texels, flat, shifted by `step` / phases texels."""
        whole, phase = divmod(step, len(self._phases))
        return self._phases[phase][whole % self._period :]


def _between(texels: Bytes, share: int, of: int) -> Words:
    """The texture `share` / `of` of a texel further on."""
    if of == 2:
        return texels.astype(np.uint16)
    blend = texels.astype(np.uint16)
    blend *= np.uint16(of - share)
    blend[:, :-1] += texels[:, 1:] * np.uint16(share)
    blend[:, -1] += texels[:, 0] * np.uint16(share)
    blend += np.uint16(of // 2)
    blend //= np.uint16(of)
    return blend


def _phases(painted: ground.Ground, count: int) -> list[Words]:
    """Luma in the low byte and the lights of towns in the high one, so that one look takes both.

    If there are several, each is a share of a texel further on than the one before.
    """
    return [
        _between(painted.luma, 2 * phase + 1, 2 * count)
        | _between(painted.lights, 2 * phase + 1, 2 * count) << np.uint16(8)
        for phase in range(count)
    ]


class _Held(Generic[_Texel]):
    """What a texture shows in a picture's pixels, kept for as long as it is the same."""

    def __init__(self, texture: _Texture[_Texel], look: Indices) -> None:
        self._texture: _Texture[_Texel] = texture
        self._look = look
        self._plane: npt.NDArray[_Texel] = np.empty(look.shape, texture.at(0).dtype)
        self._taken: dict[int, tuple[int, Place]] = {}
        """By first row: the step at which a place was looked at last, and the place."""

    def at(self, step: int, here: Place) -> npt.NDArray[_Texel]:
        """The texels in a place, at a step of the texture."""
        held: npt.NDArray[_Texel] = self._plane[here]
        if self._taken.get(here[0].start) != (step, here):
            self._texture.at(step).take(self._look[here], out=held, mode="clip")
            self._taken[here[0].start] = (step, here)
        return held


class _Survey:
    """Which part of the Earth a camera sees, and where on it each of its pixels looks."""

    def __init__(self, view: View | Sphere, sight: Sight) -> None:
        self._around = isinstance(view, Sphere)
        self._side = 1 if self._around or np.sin(np.radians(view.azimuth)) > 0 else -1
        across, along = self._across(sight)[sight.hit], sight.along_km()[sight.hit]
        farthest = float(across.max()) + 0.1
        nearest = -farthest if self._around else float(across.min()) - 2
        self._edges, self._pixel_km = ground_rows(nearest, farthest, view.focal)
        self._start = float(along.min()) - 2
        self.span = int((float(along.max()) - self._start) / ground.TEXEL_KM) + 4
        """Texels along the track that are seen at once."""

    def _across(self, sight: Sight) -> Floats:
        return sight.across_km() * np.float32(self._side)

    def paint(self, seed: int) -> ground.Ground:
        """The ground, with its coarser levels if they are looked at."""
        painted = ground.build(seed, self._edges, self._pixel_km)
        return levels.stack(painted, self._pixel_km) if self._around else painted

    def look(self, sight: Sight, *, pitch: int, step: int) -> Indices:
        """Where each pixel looks in a flat texture whose rows are `pitch` apart.

        With `step` 2 the texture has half the rows and columns.
        """
        edges, across = self._edges[::step], self._across(sight)
        places = np.interp(across.ravel(), edges, np.arange(len(edges), dtype=np.float32))
        row = np.clip(places.reshape(across.shape), 0, len(edges) - 2).astype(np.intp)
        along = sight.along_km()
        if self._around:
            row = levels.rows_at(row, len(edges) - 1, along, self._pixel_km[::step], step)
        column = (along - np.float32(self._start)) / np.float32(ground.TEXEL_KM * step)
        look: Indices = np.where(sight.hit, row * pitch + np.maximum(column, 0).astype(np.intp), 0)
        return look


class Globe:
    """The Earth behind one camera, which looks roughly to port or to starboard, or all around.

    Rows above the first that touches the Earth are sky.
    """

    def __init__(
        self,
        view: View | Sphere,
        fps: float,
        seed: int,
        fronts: tuple[Front | None, Front | None] = (None, None),
    ) -> None:
        """Paint the ground that is seen.

        `fronts` is what always stands before it, for luma and for chroma.
        """
        self._fps = fps
        self._phases = max(1, round(fps / _STEP_HZ))
        sight, half = Sight(view.rays()), Sight(view.rays(2))
        survey = _Survey(view, sight)
        painted = survey.paint(seed)
        self._luma = _Texture(_phases(painted, self._phases), survey.span)
        chroma = _Texture([painted.chroma], survey.span // 2 + 1)
        lights = _Texture([painted.lights[::2, ::2]], survey.span // 2 + 1)
        self._look = survey.look(sight, pitch=self._luma.pitch, step=1)
        # Their texels are large: a step of the texture lasts some frames.
        look_half = survey.look(half, pitch=chroma.pitch, step=2)
        self._chroma, self._lights = _Held(chroma, look_half), _Held(lights, look_half)
        rng = np.random.default_rng(seed)
        self._full = Daylight(sight, (0,), colour.dither(rng, sight.hit.shape), fronts[0])
        self._half = Daylight(half, (1, 2), colour.dither(rng, half.hit.shape), fronts[1])
        self._first = int(sight.hit.any(1).argmax()) // _STRIP * _STRIP
        size = _STRIP * view.width
        self._texel, self._value = (np.empty(size, np.uint16) for _ in range(2))

    def draw(self, planes: Planes, seconds: float) -> None:
        """Draw the Earth and the air as they are at `seconds` into planes of the view's size."""
        step = round(seconds * self._fps)
        # Full and half maps take turns, which halves the work.
        self._full.light(step // 2, lambda turn: sun_at(2 * turn / self._fps))
        self._half.light((step + 1) // 2, lambda turn: sun_at((2 * turn - 1) / self._fps))
        luma, half_step = self._luma.at(step), step // (2 * self._phases)
        y, u, v = planes
        for top in range(0, len(y), _STRIP):
            rows = slice(top, min(top + _STRIP, len(y)))
            columns = slice(0, y.shape[1])
            here = (rows, columns)
            half = (_halved(rows), _halved(columns))
            if top < self._first:
                _sky(y[here], self._full.air[0][here])
                _sky(u[half], self._half.air[0][half])
                _sky(v[half], self._half.air[1][half])
            else:
                self._draw_luma(y[here], here, luma)
                self._draw_chroma((u[half], v[half]), half, half_step)

    def _draw_luma(self, out: Bytes, here: Place, texture: Words) -> None:
        look, light = self._look[here], self._full
        texel = self._texel[: look.size].reshape(look.shape)
        value = self._value[: look.size].reshape(look.shape)
        texture.take(look, out=texel, mode="clip")
        np.bitwise_and(texel, 255, out=value)
        np.multiply(value, light.ground[here], out=value)
        dark, part = light.dark(here)
        if dark.stop > dark.start:
            lit = texel[:, part]
            np.right_shift(lit, 8, out=lit)
            np.multiply(lit, light.city[here[0], dark], out=lit)
            value[:, part] += lit
        np.add(value, light.air[0][here], out=value)
        np.right_shift(value, 8, out=value)
        np.copyto(out, value, casting="unsafe")

    def _draw_chroma(self, out: tuple[Bytes, Bytes], here: Place, step: int) -> None:
        light, pair = self._half, self._chroma.at(step, here)
        value = self._value[: pair.size].reshape(pair.shape)
        dark, part = light.dark(here)
        warm = None
        if dark.stop > dark.start:
            seen = (here[0], dark)
            warm = np.multiply(self._lights.at(step, seen), light.city[seen])
            np.right_shift(warm, 3, out=warm)
        for number, plane in enumerate(out):
            if number == 0:
                np.bitwise_and(pair, 255, out=value)
            else:
                np.right_shift(pair, 8, out=value)
            np.multiply(value, light.ground[here], out=value)
            np.add(value, light.air[number][here], out=value)
            if warm is not None:
                # Town lights are warm: less blue in U, more red in V.
                change = np.add if number else np.subtract
                change(value[:, part], warm, out=value[:, part])
            np.right_shift(value, 8, out=value)
            np.copyto(plane, value, casting="unsafe")


def _halved(span: slice) -> slice:
    return slice(span.start // 2, span.stop // 2)


def _sky(plane: Bytes, air: npt.NDArray[np.uint16]) -> None:
    np.copyto(plane, air >> 8, casting="unsafe")
