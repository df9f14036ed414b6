"""The sound that a worker makes comes out of its decoder when it was heard."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from relay.av.sound import Sound
from relay.media.opus import FRAME_SAMPLES
from relay.media.timebase import OPUS_CLOCK, VIDEO_CLOCK, rescale
from tests.support.video import decode_sound

if TYPE_CHECKING:
    from relay.media.unit import Unit

AAC_SAMPLES = 1024
START = 1000 * VIDEO_CLOCK
BEEP_S = 1.0


def play(seconds: float, *, rate: int = OPUS_CLOCK, drift: float = 0.0) -> list[Unit]:
    """What comes of a sound that begins with silence and beeps after `BEEP_S`; the time stamps of a
    source that drifts go faster than its samples.
    """
    wave = np.zeros(round(seconds * rate), np.float32)
    after = np.arange(len(wave) - round(BEEP_S * rate))
    wave[round(BEEP_S * rate) :] = 0.5 * np.sin(2 * np.pi * 1000 * after / rate)
    sound = Sound()
    units = []
    for at in range(0, len(wave) - AAC_SAMPLES, AAC_SAMPLES):
        frame = av.AudioFrame.from_ndarray(
            np.tile(wave[at : at + AAC_SAMPLES], (2, 1)), format="fltp", layout="stereo"
        )
        frame.sample_rate = rate
        stamp_s = at / rate * (1 + drift)
        frame.pts = START + round(stamp_s * VIDEO_CLOCK)
        units += sound.encode(frame, round(stamp_s * 1_000_000))
    return units


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_a_beep_comes_out_when_it_went_in(rate: int) -> None:
    """Though the encoder looks ahead, and so puts out what went in 6.5 ms before."""
    units = play(2.0, rate=rate)
    frames = decode_sound("libopus", [unit.payload for unit in units])
    heard = np.abs(np.concatenate([frame.to_ndarray()[0].astype(float)[::2] for frame in frames]))
    onset_s = np.argmax(heard > heard.max() / 10) / OPUS_CLOCK
    assert (units[0].pts - START) / VIDEO_CLOCK + onset_s == pytest.approx(BEEP_S, abs=0.001)
    assert units[0].captured_us / 1e6 + onset_s == pytest.approx(BEEP_S, abs=0.001)


def test_packets_join() -> None:
    step = rescale(FRAME_SAMPLES, OPUS_CLOCK, VIDEO_CLOCK)
    assert {after.pts - before.pts for before, after in pairwise(play(3.0))} == {step}


@pytest.mark.parametrize("drift", [-0.0005, 0.0005])
def test_capture_times_follow_a_clock_that_drifts(drift: float) -> None:
    """Packets' times are counted in samples: by these, sound would come ever earlier or later."""
    seconds = 60.0
    last = play(seconds, drift=drift)[-1]
    counted_s = (last.pts - START) / VIDEO_CLOCK
    stamped_s = counted_s * (1 + drift)
    assert abs(counted_s - stamped_s) > 0.02
    assert last.captured_us / 1e6 == pytest.approx(stamped_s, abs=0.002)
