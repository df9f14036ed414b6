import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import ProtocolError
from relay.ingest.rtmp.amf import (
    MAX_DEPTH,
    MAX_VALUES,
    UNDEFINED,
    Date,
    EcmaArray,
    Value,
    decode,
    encode,
)
from relay.ingest.rtmp.errors import Amf3Error, AmfError

names = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
scalars = st.one_of(
    st.none(),
    st.just(UNDEFINED),
    st.booleans(),
    st.floats(allow_nan=False),
    names,
    st.builds(Date, st.floats(allow_nan=False), st.integers(-(2**15), 2**15 - 1)),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(names, inner, max_size=4),
        st.dictionaries(names, inner, max_size=4).map(EcmaArray),
    ),
    max_leaves=12,
)


@given(st.lists(values, max_size=4))
def test_what_is_written_reads_back(items: list[Value]):
    found = decode(encode(*items))

    assert found == items
    assert [type(item) for item in found] == [type(item) for item in items]


# The examples are bytes of the AMF 0 specification's layout, written by hand.
@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"\x00\x3f\xf0" + bytes(6), 1.0),
        (b"\x01\x01", True),
        (b"\x01\x00", False),
        (b"\x02\x00\x04live", "live"),
        (b"\x02\x00\x02\xc3\xa9", "é"),
        (b"\x03\x00\x01a\x05\x00\x00\x09", {"a": None}),
        (b"\x05", None),
        (b"\x06", UNDEFINED),
        (b"\x0d", UNDEFINED),
        (b"\x08\x00\x00\x00\x01\x00\x01a\x01\x01\x00\x00\x09", EcmaArray(a=True)),
        (b"\x0a\x00\x00\x00\x02\x05\x06", [None, UNDEFINED]),
        (b"\x0b" + bytes(8) + b"\x00\x3c", Date(0.0, 60)),
        (b"\x0c\x00\x00\x00\x02hi", "hi"),
        (b"\x0f\x00\x00\x00\x04<a/>", "<a/>"),
        (b"\x10\x00\x03Cls\x00\x01a\x05\x00\x00\x09", {"a": None}),
    ],
)
def test_each_type_has_its_form(data: bytes, value: Value):
    assert decode(data) == [value]


def test_nan_survives():
    (found,) = decode(encode(math.nan))
    assert isinstance(found, float)
    assert math.isnan(found)


def test_long_text_becomes_a_long_string():
    text = "x" * 70_000
    assert encode(text)[0] == 0x0C
    assert decode(encode(text)) == [text]


def test_text_that_is_not_utf8_is_still_text():
    assert decode(b"\x02\x00\x03a\xffb") == ["a\ufffdb"]


@pytest.mark.parametrize("count", [0, 1, 0xFFFFFFFF])
def test_an_ecma_arrays_count_is_only_a_hint(count: int):
    members = b"\x00\x01a\x05\x00\x01b\x05"
    data = b"\x08" + count.to_bytes(4, "big") + members
    assert decode(data + b"\x00\x00\x09") == [{"a": None, "b": None}]
    assert decode(data) == [{"a": None, "b": None}], "the end mark may be missing"


def test_an_empty_name_is_a_name_unless_the_end_follows():
    assert decode(b"\x03\x00\x00\x05\x00\x00\x09") == [{"": None}]


def test_amf3_is_refused_by_name():
    with pytest.raises(Amf3Error, match="AMF3"):
        decode(encode("connect") + b"\x11\x0a")
    assert issubclass(Amf3Error, AmfError)
    assert issubclass(AmfError, ProtocolError)


@pytest.mark.parametrize("marker", [0x04, 0x07, 0x09, 0x0E, 0x12, 0xFF])
def test_types_that_no_encoder_sends_are_refused(marker: int):
    with pytest.raises(AmfError, match="not supported"):
        decode(bytes((marker, 0, 0, 0, 0)))


@given(st.lists(values, min_size=1, max_size=3), st.data())
def test_truncated_values_are_refused_or_end_between_two(items: list[Value], data: st.DataObject):
    whole = encode(*items)
    cut = data.draw(st.integers(0, len(whole) - 1))
    try:
        found = decode(whole[:cut])
    except AmfError:
        return
    assert len(found) <= len(items)


def test_depth_is_limited():
    nested: Value = None
    for _ in range(MAX_DEPTH):
        nested = [nested]
    assert decode(encode(nested)) == [nested]
    with pytest.raises(AmfError, match="deeper"):
        decode(encode([nested]))
    with pytest.raises(AmfError, match="deeper"):
        decode(b"\x0a\x00\x00\x00\x01" * 10_000)


def test_the_number_of_values_is_limited():
    assert len(decode(b"\x05" * MAX_VALUES)) == MAX_VALUES
    with pytest.raises(AmfError, match="more than"):
        decode(b"\x05" * (MAX_VALUES + 1))


def test_an_announced_length_is_not_believed():
    with pytest.raises(AmfError, match="truncated"):
        decode(b"\x0a\xff\xff\xff\xff\x05")
    with pytest.raises(AmfError, match="truncated"):
        decode(b"\x0c\xff\xff\xff\xffabc")


@given(st.binary(max_size=300))
def test_any_bytes_are_values_or_an_amf_error(data: bytes):
    try:
        found = decode(data)
    except AmfError:
        return
    assert len(found) <= len(data)
