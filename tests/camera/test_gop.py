"""What is kept of pictures, what waits, and what is dropped of it."""

from __future__ import annotations

from dataclasses import replace

from relay.camera.gop import FRESH, MAX_BYTES, MAX_UNITS, Gop, Pending
from relay.media.codecs import Codec
from relay.media.h264 import join_annexb
from relay.media.unit import Unit

FRAME = 3000


RECOVERS_AFTER_6 = join_annexb([b"\x06\x06\x01\x38\x80", b"\x41\x9a"])
"""A recovery point whose picture, and the six after it, are not right yet."""
RECOVERS_AT_ONCE = join_annexb([b"\x06\x06\x01\xc0\x80", b"\x41\x9a"])


def unit(number: int, *, gop: int = 30, size: int = 100) -> Unit:
    return Unit(Codec.H264, number * FRAME, number * FRAME, 0, number % gop == 0, b"-" * size)


def refreshed(number: int, keyframe: bytes = RECOVERS_AFTER_6) -> Unit:
    """Of a source that refreshes its picture piece by piece, or whose GOPs are open."""
    each = unit(number)
    return replace(each, payload=keyframe) if each.keyframe else each


def numbers(units: list[Unit]) -> list[int]:
    return [each.dts // FRAME for each in units]


def test_a_gop_begins_with_its_keyframe() -> None:
    gop = Gop()
    for number in range(20, 65):
        gop.add(unit(number))
        if number < 30:
            assert gop.units == []
    assert numbers(gop.units) == list(range(60, 65))


def test_a_gop_that_is_too_long_or_too_large_is_forgotten_until_the_next() -> None:
    for many, size in ((MAX_UNITS + 1, 1), (9, MAX_BYTES // 8)):
        gop = Gop()
        for number in range(many):
            gop.add(unit(number, gop=100_000, size=size))
        assert gop.units == []
        gop.add(unit(many, gop=100_000))
        assert gop.units == []
        gop.add(unit(0))
        assert numbers(gop.units) == [0]


def test_a_gop_goes_back_to_where_pictures_are_right_by_now() -> None:
    gop, begins = Gop(), []
    for number in range(100):
        gop.add(refreshed(number))
        begins.append(numbers(gop.units)[0])
    # The picture at 30 is a keyframe, and 36 is the first that is right after it.
    assert begins == [0] * 36 + [30] * 30 + [60] * 30 + [90] * 4


def test_a_gop_that_is_open_begins_with_its_keyframe() -> None:
    gop = Gop()
    for number in range(31):
        gop.add(refreshed(number, RECOVERS_AT_ONCE))
    assert numbers(gop.units) == [30]


def test_a_gop_that_is_refreshed_and_too_long_is_forgotten() -> None:
    gop = Gop()
    for number in range(MAX_UNITS + 2):
        gop.add(replace(refreshed(0), dts=number * FRAME) if number == MAX_UNITS - 3
                else unit(number, gop=100_000))  # fmt: skip
    assert gop.units == []
    gop.add(refreshed(60))
    assert numbers(gop.units) == [60]


def test_what_is_stale_is_decoded_at_once_and_not_shown() -> None:
    pending = Pending()
    pending.begin([unit(number) for number in range(1, 30)])
    first = pending.take(1000)
    assert [is_shown for _, is_shown in first] == [False] * (len(first) - 1) + [True]
    assert 29 * FRAME - first[-1][0].dts <= FRESH
    rest = [pending.take(1000) for _ in range(len(pending))]
    assert all(len(each) == 1 and each[0][1] for each in rest)
    assert pending.dropped == 0


def test_a_decoder_that_is_behind_goes_on_with_the_next_keyframe() -> None:
    pending = Pending()
    for number in range(1, 61):
        pending.add(unit(number))
    assert numbers([each for each, _ in pending.take(1)]) == [60]
    assert pending.dropped == 59


def test_a_decoder_that_is_behind_leaves_out_nothing_of_a_picture_that_is_refreshed() -> None:
    pending = Pending()
    for number in range(1, 61):
        pending.add(refreshed(number))
    assert len(pending) == 60
    assert pending.dropped == 0


def test_a_burst_with_a_keyframe_in_it_is_shown_whole() -> None:
    pending = Pending()
    for number in range(25, 36):
        pending.add(unit(number))
    assert pending.dropped == 0
    assert len(pending) == 11


def test_what_waits_is_bounded() -> None:
    for many, size in ((MAX_UNITS + 10, 1), (20, MAX_BYTES // 8)):
        pending = Pending()
        for number in range(1, many):
            pending.add(unit(number, gop=100_000, size=size))
        assert len(pending) == 0
        assert pending.dropped == many - 1
        pending.add(unit(0))
        assert len(pending) == 1
