"""The demo's sound: continuous, quiet, and with a tick at each second."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.demo.sound import RATE, TICK_HZ, Sound

SOUNDS = {kind: Sound(kind, 30, marks=True) for kind in ("helmet", "drone")}


@pytest.fixture(params=sorted(SOUNDS))
def sound(request: pytest.FixtureRequest) -> Sound:
    return SOUNDS[request.param]


@settings(max_examples=40)
@given(
    kind=st.sampled_from(sorted(SOUNDS)),
    start=st.integers(0, 6 * 3600 * RATE),
    cuts=st.lists(st.integers(1, 3000), min_size=1, max_size=5),
)
def test_blocks_join_whatever_their_size(kind: str, start: int, cuts: list[int]) -> None:
    sound = SOUNDS[kind]
    whole = sound.block(start, sum(cuts))
    pieces, at = [], start
    for count in cuts:
        pieces.append(sound.block(at, count))
        at += count
    assert np.array_equal(np.concatenate(pieces, axis=1), whole)


def test_it_is_the_same_every_time(sound: Sound) -> None:
    again = Sound("helmet" if sound is SOUNDS["helmet"] else "drone", 30, marks=True)
    assert np.array_equal(sound.block(123_456, 5000), again.block(123_456, 5000))


def test_it_is_quiet_stereo_without_clicks(sound: Sound) -> None:
    minute = sound.block(0, 60 * RATE)
    assert minute.shape == (2, 60 * RATE)
    assert minute.dtype == np.float32
    assert np.abs(minute).max() < 0.25
    assert 0.002 < minute.std() < 0.05
    assert np.abs(minute.mean()) < 0.001
    assert np.abs(np.diff(minute)).max() < 0.06
    assert not np.array_equal(minute[0], minute[1])


def tone(samples: np.ndarray, pitch: float) -> float:
    """How strong a pitch is in some samples."""
    turn = np.exp(-2j * np.pi * pitch / RATE * np.arange(len(samples)))
    return float(np.abs((samples * turn).mean()))


def test_the_tick_is_one_frame_at_the_start_of_each_second(sound: Sound) -> None:
    frame = RATE // 30
    seconds = sound.block(0, 20 * RATE)[0].reshape(20 * 30, frame)
    loudness = np.array([tone(piece, TICK_HZ) for piece in seconds]).reshape(20, 30)
    assert loudness[:, 0].min() > 4 * loudness[:, 1:].max()
    bare = Sound("helmet" if sound is SOUNDS["helmet"] else "drone", 30)
    quiet = [tone(bare.block(n * RATE, frame)[0], TICK_HZ) for n in range(20)]
    assert max(quiet) < loudness[:, 0].min() / 4


def test_calls_are_framed_by_quindar_tones(sound: Sound) -> None:
    piece = RATE // 10
    pieces = sound.block(0, 26 * RATE)[0].reshape(-1, piece)
    for pitch, other in ((2525, 2475), (2475, 2525)):
        loudness = np.array([tone(samples, pitch) for samples in pieces])
        heard = loudness > 0.01
        # A quarter of a second of it, and not of its sister.
        assert 2 <= heard.sum() <= 4
        at = int(loudness.argmax())
        assert tone(pieces[at], other) < loudness[at] / 5


def test_only_the_helmet_breathes() -> None:
    breath = 221_000

    def swing(kind: str) -> float:
        """How much louder it is while air is drawn in than between two breaths."""
        turns = SOUNDS[kind].block(0, 12 * breath)[0].reshape(12, breath)
        return float(turns[:, 20_000:52_000].std() / turns[:, 185_000:215_000].std())

    assert swing("helmet") > 1.2
    assert 0.8 < swing("drone") < 1.2
