"""How much of a stream is kept."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from relay.bus.writer import Retention
from relay.media.codecs import Codec
from relay.media.unit import Unit


def unit(keyframe: bool, size: int, codec: Codec = Codec.H264) -> Unit:
    return Unit(codec, 0, 0, 0, keyframe, bytes(size))


PICTURES = st.lists(
    st.tuples(st.sampled_from([True, *[False] * 20]), st.integers(1, 400)), max_size=300
)


@given(PICTURES)
def test_the_gop_before_the_last_keyframe_is_kept(pictures: list[tuple[bool, int]]):
    retention = Retention()
    keyframes: list[int] = []
    for index, (keyframe, size) in enumerate(pictures):
        if keyframe:
            keyframes.append(index)
        keep = retention.add(unit(keyframe, size))
        assert keep >= Retention.FLOOR
        if len(keyframes) >= 2:
            assert keep >= index + 1 - keyframes[-2]
        if len(keyframes) >= 2 and index + 1 - keyframes[-2] > Retention.FLOOR:
            assert keep == index + 1 - keyframes[-2]


def test_sound_between_pictures_counts():
    retention = Retention()
    for _ in range(2):
        retention.add(unit(True, 10))
        for _ in range(100):
            keep = retention.add(unit(True, 10, Codec.AAC))
    assert keep == 2 * 101


def test_sound_alone_keeps_the_floor():
    retention = Retention()
    for _ in range(1000):
        assert retention.add(unit(True, 10, Codec.OPUS)) == Retention.FLOOR


def test_a_gop_without_end_is_bounded_in_number():
    retention = Retention()
    retention.add(unit(True, 10))
    for _ in range(3 * Retention.MAX_UNITS):
        keep = retention.add(unit(False, 10))
    assert keep == Retention.MAX_UNITS


@given(st.lists(st.integers(1, 3 << 20), min_size=1, max_size=60))
def test_what_is_kept_is_bounded_in_bytes(sizes: list[int]):
    retention = Retention()
    payload = memoryview(bytes(3 << 20))
    kept: list[int] = []
    for index, size in enumerate(sizes):
        kept.append(size)
        picture = Unit(Codec.H264, 0, 0, 0, index == 0, payload[:size])  # type: ignore[arg-type]
        kept = kept[-retention.add(picture) :]
        assert sum(kept) <= Retention.MAX_BYTES
    assert kept


def test_a_unit_larger_than_the_bound_is_kept_alone():
    retention = Retention()
    retention.add(unit(True, 100))
    assert retention.add(unit(False, Retention.MAX_BYTES + 1)) == 1
    assert retention.add(unit(False, 1)) == 1
