"""What is heard: radio room tone, calls framed by Quindar tones, breath and fan in the helmet.

For measuring, each second begins with a soft tick that is as long as a frame, while the picture
shows the flash (see `marks`): when the two come together, sound and picture are in sync.

Everything is a function of the sample's number, so blocks of any size join without a seam. Noise
comes from short loops, made once by shaping a spectrum, which makes them periodic by themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from relay.demo.noise import Floats

RATE: Final = 48_000
"""Samples a second."""
TICK_HZ: Final = 1000
"""The tick's pitch; nothing else sounds so close to it."""

_TICK: Final = 0.05
_QUINDAR: Final = 0.03
_OPENING_HZ, _CLOSING_HZ = 2525, 2475
_TONE: Final = RATE // 4
_SLOT: Final = 26 * RATE
"""Each slot has one call."""
_BREATH: Final = 221_000
"""Samples from one breath to the next, 4.6 s."""
_TABLE: Final = 64
"""Calls and breaths repeat after so many."""

Numbers: TypeAlias = npt.NDArray[np.int64]


def _loop(rng: np.random.Generator, seconds: int, low: float, high: float) -> Floats:
    """A seamless loop of noise between two frequencies, of effective value 1."""
    count = seconds * RATE
    frequency = np.fft.rfftfreq(count, 1 / RATE)
    # Gentle slopes of 12 dB an octave, and a gap around the tick.
    shape = 1 / np.sqrt((1 + (low / np.maximum(frequency, 1)) ** 4) * (1 + (frequency / high) ** 4))
    shape *= 1 - 0.97 * np.exp(-(((frequency - TICK_HZ) / 90) ** 2))
    spectrum = shape * np.exp(2j * np.pi * rng.random(len(frequency)))
    wave = np.fft.irfft(spectrum, count)
    loop: Floats = (wave / wave.std()).astype(np.float32)
    return loop


def _hum() -> Floats:
    """One second of a small fan: a few low partials, whole numbers of turns."""
    t = np.arange(RATE) / RATE
    partials = ((119, 1.0), (238, 0.5), (357, 0.22), (476, 0.12), (64, 0.5))
    wave = sum(level * np.sin(2 * np.pi * pitch * t + pitch) for pitch, level in partials)
    return np.asarray(wave / np.std(wave), np.float32)


def _fade(position: Floats | Numbers, length: int, edge: int) -> Floats:
    """1 from 0 to `length`, 0 outside, with soft edges inside that are `edge` long."""
    inner = np.minimum(position, length - position) / edge
    share = np.clip(inner, 0, 1).astype(np.float32)
    fade: Floats = share * share * (3 - 2 * share)
    return fade


class Sound:
    """The sound of one camera."""

    def __init__(self, kind: str, fps: float, seed: int = 7, *, marks: bool = False) -> None:
        """`marks` is whether it ticks."""
        rng = np.random.default_rng(seed)
        self._helmet = kind == "helmet"
        self._tick = round(RATE / fps) if marks else 0
        self._room = (_loop(rng, 7, 180, 1500), _loop(rng, 11, 180, 1500))
        self._air = _loop(rng, 5, 450, 2600)
        self._hum = _hum()
        # Calls begin some seconds into their slot and end before the next one.
        self._call_at = (rng.uniform(2, 9, _TABLE) * RATE).astype(np.int64)
        self._call_length = (rng.uniform(3, 8, _TABLE) * RATE).astype(np.int64)
        self._depth = rng.uniform(0.7, 1.1, _TABLE).astype(np.float32)

    def block(self, start: int, count: int) -> Floats:
        """Samples `start` … `start + count`, (2, count), -1…1; sample 0 is mission time 0."""
        number = np.arange(start, start + count, dtype=np.int64)
        left, right = (bed[number % len(bed)] * np.float32(0.005) for bed in self._room)
        middle = self._ticks(number) + self._call(number)
        if self._helmet:
            middle += self._breath(number)
            middle += self._hum[number % RATE] * np.float32(0.006)
        else:
            middle += self._hum[number % RATE] * np.float32(0.002)
        return np.stack([left + middle, right + middle])

    def _ticks(self, number: Numbers) -> Floats:
        position = number % RATE
        if not self._tick or (position[0] >= self._tick and position[-1] > position[0]):
            return np.zeros(len(number), np.float32)
        wave = np.sin(2 * np.pi * TICK_HZ / RATE * position) * _TICK
        tick: Floats = wave.astype(np.float32) * _fade(position, self._tick, RATE // 500)
        return tick

    def _call(self, number: Numbers) -> Floats:
        """A call: a tone that opens the line, the line's hiss, a tone that closes it."""
        slot = number // _SLOT % _TABLE
        position = number % _SLOT - self._call_at[slot]
        length = self._call_length[slot]
        inside = (position >= 0) & (position < length)
        if not inside.any():
            return np.zeros(len(number), np.float32)
        # Swells as of someone speaking far from the microphone.
        swell = 0.65 + 0.35 * np.sin(position * (2 * np.pi / 9700)) * np.sin(position / 31_000)
        hiss = self._air[number % len(self._air)] * (swell * 0.010)
        sound = np.where(inside, hiss, 0).astype(np.float32)
        for pitch, at in ((_OPENING_HZ, position), (_CLOSING_HZ, position - length + _TONE)):
            tone = np.sin(2 * np.pi * pitch / RATE * at) * _QUINDAR
            sound += tone.astype(np.float32) * _fade(at, _TONE, RATE // 200)
        return sound

    def _breath(self, number: Numbers) -> Floats:
        turn, position = number // _BREATH % _TABLE, number % _BREATH
        drawn = _fade(position, 72_000, 30_000) * np.float32(0.012)
        let_go = _fade(position - 84_000, 88_000, 42_000) * np.float32(0.010)
        # Out is lower than in: the same noise, taken from the darker loop.
        bright, dark = self._air, self._room[0]
        sound: Floats = drawn * bright[number % len(bright)] + let_go * dark[number % len(dark)]
        sound *= self._depth[turn]
        return sound
