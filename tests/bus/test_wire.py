"""The binary form of units on the bus."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.bus import wire
from relay.errors import ProtocolError
from relay.media.codecs import Codec
from relay.media.unit import Unit

numbers = st.integers(-(1 << 63), (1 << 63) - 1)
units = st.builds(
    Unit,
    codec=st.sampled_from(Codec),
    pts=numbers,
    dts=numbers,
    captured_us=numbers,
    keyframe=st.booleans(),
    payload=st.binary(max_size=200),
    publication=st.integers(0, wire.PUBLICATIONS - 1),
)


@given(units, st.integers(0, wire.SEQUENCE_MODULUS - 1))
def test_round_trip(unit: Unit, sequence: int):
    assert wire.decode(wire.encode(unit, sequence)) == (sequence, unit)


@given(st.binary(max_size=80))
def test_any_bytes_are_a_unit_or_an_error(data: bytes):
    try:
        sequence, unit = wire.decode(data)
    except ProtocolError:
        return
    assert wire.decode(wire.encode(unit, sequence)) == (sequence, unit)


UNIT = Unit(Codec.H264, 2, -1, 3, True, b"\x00\x00\x00\x01\x65", 5)


def test_the_form_is_the_documented_one():
    assert wire.encode(UNIT, 7).hex() == (
        "01010105"  # version, codec, flags, publication
        "00000007"
        "0000000000000002"
        "ffffffffffffffff"
        "0000000000000003"
        "0000000165"
    )


def test_what_is_cut_off_is_an_error():
    data = wire.encode(UNIT, 7)
    for cut in range(len(data) - len(UNIT.payload)):
        with pytest.raises(ProtocolError):
            wire.decode(data[:cut])


@pytest.mark.parametrize(("position", "value"), [(0, 0), (0, 2), (1, 0), (1, 4)])
def test_other_versions_and_codecs_are_errors(position: int, value: int):
    data = bytearray(wire.encode(UNIT, 7))
    data[position] = value
    with pytest.raises(ProtocolError):
        wire.decode(bytes(data))
