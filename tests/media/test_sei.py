"""Wall clocks inside of pictures."""

from __future__ import annotations

import pytest

from relay.media.sei import stamped_us
from tests.support.late import stamp

AUD, SLICE = b"\0\0\0\1\x09\xf0", b"\0\0\0\1\x65" + bytes(range(1, 200))
AT_US = 1_750_000_000_123_456


@pytest.mark.parametrize("us", [0, 1, AT_US, 0x00FF_00FF_00FF_00FF, (1 << 62) - 1])
def test_a_stamp_is_read_wherever_it_stands_before_the_picture(us: int):
    assert stamped_us(AUD + stamp(us) + SLICE) == us
    assert stamped_us(stamp(us) + SLICE) == us


def test_what_is_none_is_left_alone():
    whole = AUD + stamp(AT_US)
    assert stamped_us(AUD + SLICE) is None
    assert stamped_us(b"") is None
    assert stamped_us(AUD + stamp((1 << 64) - 1) + SLICE) is None
    assert stamped_us(AUD + SLICE + bytes(5000) + stamp(AT_US)) is None  # not before the picture
    for end in range(len(whole) - 1):  # cut off anywhere
        assert stamped_us(whole[:end]) in (None, AT_US)
    assert stamped_us(whole.replace(b"\xff", b"\xfe") + SLICE) is None
