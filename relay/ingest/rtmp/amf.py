"""AMF0, the value format of RTMP's commands and metadata (AMF 0 specification, December 2007).

    AMF0                                Python
    ----                                ------
    number                              float
    boolean                             bool
    string, long string, XML document   str
    object, typed object                dict
    ECMA array                          EcmaArray, a dict
    strict array                        list
    null                                None
    undefined, unsupported              UNDEFINED
    date                                Date

References, movie clips and record sets are refused: no encoder sends them. So is the switch to
AMF3, which `connect` does not offer.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias

from relay.ingest.rtmp.errors import Amf3Error, AmfError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MAX_DEPTH: Final = 16
"""Objects and arrays within one another."""
MAX_VALUES: Final = 8192
"""Values in one message, members included."""


class Undefined(Enum):
    """The type of the one value `UNDEFINED`."""

    UNDEFINED = "undefined"


UNDEFINED: Final = Undefined.UNDEFINED


@dataclass(frozen=True, slots=True)
class Date:
    """A date (section 2.13)."""

    unix_ms: float
    """Milliseconds since the Unix epoch, UTC."""
    zone: int = 0
    """Reserved; 0 by the specification."""


Value: TypeAlias = "float | str | bool | Undefined | Date | dict[str, Value] | list[Value] | None"
"""What AMF0 can say."""


class EcmaArray(dict[str, "Value"]):
    """An object that is sent as an ECMA array (section 2.10), as metadata is."""


_NUMBER: Final = 0x00
_BOOLEAN: Final = 0x01
_STRING: Final = 0x02
_OBJECT: Final = 0x03
_NULL: Final = 0x05
_UNDEFINED: Final = 0x06
_ECMA_ARRAY: Final = 0x08
_OBJECT_END: Final = 0x09
_STRICT_ARRAY: Final = 0x0A
_DATE: Final = 0x0B
_LONG_STRING: Final = 0x0C
_UNSUPPORTED: Final = 0x0D
_XML: Final = 0x0F
_TYPED_OBJECT: Final = 0x10
_AMF3: Final = 0x11


def decode(data: bytes) -> list[Value]:
    """All values in `data`, one after the other.

    Text that is not UTF-8 has its wrong bytes replaced.

    Raises:
        Amf3Error: the sender switches to AMF3.
        AmfError: the data is truncated, of a type that is not taken, too deep or too much.
    """
    decoder = _Decoder(data)
    values = []
    while not decoder.at_end:
        values.append(decoder.value(0))
    return values


def encode(*values: Value) -> bytes:
    """The AMF0 form of `values`, one after the other. An int is taken as the number it is."""
    output = bytearray()
    for value in values:
        _encode(value, output)
    return bytes(output)


class _Decoder:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0
        self._values = 0

    @property
    def at_end(self) -> bool:
        return self._position >= len(self._data)

    def value(self, depth: int) -> Value:
        self._values += 1
        if depth > MAX_DEPTH:
            raise AmfError(f"AMF0 values nested deeper than {MAX_DEPTH}")
        if self._values > MAX_VALUES:
            raise AmfError(f"more than {MAX_VALUES} AMF0 values in one message")
        marker = self._uint(1)
        if marker == _AMF3:
            raise Amf3Error("AMF3 is not spoken here")
        read = _READERS.get(marker)
        if read is None:
            raise AmfError(f"AMF0 type {marker} is not supported")
        return read(self, depth)

    def _take(self, size: int) -> bytes:
        start = self._position
        self._position += size
        if self._position > len(self._data):
            raise AmfError("truncated AMF0")
        return self._data[start : self._position]

    def _uint(self, size: int) -> int:
        return int.from_bytes(self._take(size), "big")

    def _text(self, length_size: int) -> str:
        return self._take(self._uint(length_size)).decode("utf-8", "replace")

    def number(self, _depth: int) -> Value:
        value: float = struct.unpack(">d", self._take(8))[0]
        return value

    def boolean(self, _depth: int) -> Value:
        return self._uint(1) != 0

    def string(self, _depth: int) -> Value:
        return self._text(2)

    def long_string(self, _depth: int) -> Value:
        return self._text(4)

    def null(self, _depth: int) -> Value:
        return None

    def undefined(self, _depth: int) -> Value:
        return UNDEFINED

    def object(self, depth: int) -> Value:
        return dict(self._members(depth))

    def typed_object(self, depth: int) -> Value:
        self._text(2)  # the class's name says nothing here
        return self.object(depth)

    def ecma_array(self, depth: int) -> Value:
        self._uint(4)  # a hint; encoders leave it zero, or count wrong
        return EcmaArray(self._members(depth, may_end_with_data=True))

    def _members(
        self, depth: int, *, may_end_with_data: bool = False
    ) -> Iterable[tuple[str, Value]]:
        # Some encoders leave out the end of an ECMA array when it ends the message.
        while not (may_end_with_data and self.at_end):
            name = self._text(2)
            if not name and self._data[self._position : self._position + 1] == b"\x09":
                self._position += 1
                return
            yield name, self.value(depth + 1)

    def strict_array(self, depth: int) -> Value:
        return [self.value(depth + 1) for _ in range(self._uint(4))]

    def date(self, _depth: int) -> Value:
        unix_ms, zone = struct.unpack(">dh", self._take(10))
        return Date(unix_ms, zone)


_READERS: Final[dict[int, Callable[[_Decoder, int], Value]]] = {
    _NUMBER: _Decoder.number,
    _BOOLEAN: _Decoder.boolean,
    _STRING: _Decoder.string,
    _OBJECT: _Decoder.object,
    _NULL: _Decoder.null,
    _UNDEFINED: _Decoder.undefined,
    _ECMA_ARRAY: _Decoder.ecma_array,
    _STRICT_ARRAY: _Decoder.strict_array,
    _DATE: _Decoder.date,
    _LONG_STRING: _Decoder.long_string,
    _UNSUPPORTED: _Decoder.undefined,
    _XML: _Decoder.long_string,
    _TYPED_OBJECT: _Decoder.typed_object,
}


def _encode(value: Value, output: bytearray) -> None:
    match value:
        case bool():
            output += bytes((_BOOLEAN, value))
        case float() | int():
            output += struct.pack(">Bd", _NUMBER, value)
        case str():
            text = value.encode()
            if len(text) > 0xFFFF:
                output += struct.pack(">BI", _LONG_STRING, len(text)) + text
            else:
                output += struct.pack(">BH", _STRING, len(text)) + text
        case None:
            output.append(_NULL)
        case Undefined():
            output.append(_UNDEFINED)
        case Date():
            output += struct.pack(">Bdh", _DATE, value.unix_ms, value.zone)
        case list():
            output += struct.pack(">BI", _STRICT_ARRAY, len(value))
            for item in value:
                _encode(item, output)
        case dict():
            _encode_members(value, output)


def _encode_members(value: dict[str, Value], output: bytearray) -> None:
    if isinstance(value, EcmaArray):
        output += struct.pack(">BI", _ECMA_ARRAY, len(value))
    else:
        output.append(_OBJECT)
    for name, member in value.items():
        text = name.encode()
        output += struct.pack(">H", len(text)) + text
        _encode(member, output)
    output += bytes((0, 0, _OBJECT_END))
