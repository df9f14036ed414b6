"""The chunk stream (RTMP 1.0 section 5.3): messages cut into chunks and put together again.

Payloads are taken in as they arrive and never waited for, so that no more than a chunk's header is
ever looked at twice, and memory holds what was sent rather than what was announced.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final, NamedTuple

from relay.ingest.rtmp.errors import RtmpError
from relay.ingest.rtmp.message import Message, MessageType

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT_CHUNK_SIZE: Final = 128
"""Most payload bytes in a chunk until SetChunkSize (section 5.4.1)."""
MAX_MEDIA: Final = 8 * 1024 * 1024
"""Longest audio or video message taken, bytes."""
MAX_OTHER: Final = 64 * 1024
"""Longest message of any other kind taken, bytes."""
MAX_HELD: Final = 2 * MAX_MEDIA
"""Most bytes of unfinished messages that a peer may ever leave with us."""
MAX_STREAMS: Final = 64
"""Most chunk streams that a peer may open; encoders use about six."""
DEFAULT_WINDOW: Final = 2_500_000
"""Bytes after which we acknowledge until the peer asks otherwise, and that we ask of it."""
_MIN_WINDOW: Final = 4096

_MEDIA: Final = frozenset({MessageType.AUDIO, MessageType.VIDEO, MessageType.AGGREGATE})
_OWN: Final = frozenset({MessageType.SET_CHUNK_SIZE, MessageType.ABORT})
_HEADER_SIZES: Final = (11, 7, 3)
_EXTENDED: Final = 0xFFFFFF
"""A timestamp field that says that 32 bits follow (section 5.3.1.3)."""
_WRAP: Final = 0xFFFFFFFF


class _ChunkStream:
    """What a chunk stream's next header may leave out, and the message that is on its way."""

    __slots__ = (
        "body", "delta", "extended", "kind", "length", "open", "received", "skipped", "stream_id",
        "timestamp",
    )  # fmt: skip

    def __init__(self) -> None:
        self.kind = 0
        self.length = 0
        self.stream_id = 0
        self.timestamp = 0
        self.delta = 0
        self.extended: bytes | None = None
        """The extended timestamp of the last header that was not of type 3, as it was sent."""
        self.open = False
        """Whether a message has begun and not ended."""
        self.received = 0
        self.skipped = False
        """Whether that message is passed over."""
        self.body = bytearray()


class ChunkReader:
    """Puts messages together. SetChunkSize and Abort are obeyed here, and passed on as well."""

    def __init__(self) -> None:
        self.media_limit = MAX_MEDIA
        """Longer audio and video messages are passed over without being stored, bytes."""
        self.held_limit = MAX_HELD
        """Most bytes of unfinished messages."""
        self.chunk_limit = sys.maxsize
        """Most chunks taken, counted from the first."""
        self.given_up = 0
        """Messages that the peer began and did not end."""
        self._chunks = 0
        self._chunk_size = DEFAULT_CHUNK_SIZE
        self._streams: dict[int, _ChunkStream] = {}
        self._rest = b""
        self._current: _ChunkStream | None = None
        self._missing = 0
        self._held = 0

    def receive(self, data: bytes) -> Iterator[Message]:
        """Take bytes in pieces of any size, and yield each message that they complete.

        The iterator has to be run to its end, or the reader abandoned.

        Raises:
            RtmpError: the bytes are not a chunk stream, or exceed one of this module's limits.
        """
        if self._rest:
            data = self._rest + data
            self._rest = b""
        view = memoryview(data)
        position, end = 0, len(data)
        while True:
            stream = self._current
            if stream is None:
                position, stream = self._open_chunk(data, position)
                if stream is None:
                    break
                self._chunks += 1
                if self._chunks > self.chunk_limit:
                    raise RtmpError(f"more than {self.chunk_limit} chunks")
                self._current = stream
                self._missing = min(self._chunk_size, stream.length - stream.received)
            size = min(self._missing, end - position)
            message = self._take(stream, view[position : position + size])
            position += size
            self._missing -= size
            if self._missing:
                break
            self._current = None
            if message is not None:
                yield message
        self._rest = data[position:]

    def _open_chunk(self, data: bytes, position: int) -> tuple[int, _ChunkStream | None]:
        """Read a chunk's header (section 5.3.1) at `position`.

        Returns the position after it and its stream, or `position` and None while it is not whole.
        """
        start, end = position, len(data)
        if position >= end:
            return start, None
        fmt, stream_number = data[position] >> 6, data[position] & 0x3F
        position += 1
        if stream_number < 2:
            wide = stream_number + 1
            if position + wide > end:
                return start, None
            stream_number = 64 + int.from_bytes(data[position : position + wide], "little")
            position += wide
        stream = self._streams.get(stream_number)
        if fmt < 3:
            return self._read_header(data, start, position, fmt, stream_number)
        if stream is None:
            raise RtmpError("the first chunk of a chunk stream has no header")
        if stream.extended is not None:
            # Encoders disagree on whether a type 3 chunk repeats the extended timestamp: the
            # specification says so since 2012, librtmp's children left it out for years. What
            # stands here decides; that a payload begins with the same four bytes is unlikely.
            following = data[position : position + 4]
            if following == stream.extended:
                position += 4
            elif stream.extended.startswith(following):
                return start, None
        if not stream.open:
            stream.timestamp = (stream.timestamp + stream.delta) & _WRAP
            self._begin(stream)
        return position, stream

    def _read_header(
        self, data: bytes, start: int, position: int, fmt: int, stream_number: int
    ) -> tuple[int, _ChunkStream | None]:
        """Read a message header of type 0, 1 or 2 (sections 5.3.1.2.1 to 5.3.1.2.3)."""
        after = position + _HEADER_SIZES[fmt]
        if after > len(data):
            return start, None
        time = int.from_bytes(data[position : position + 3], "big")
        extended = None
        if time == _EXTENDED:
            extended = data[after : after + 4]
            if len(extended) < 4:
                return start, None
            time = int.from_bytes(extended, "big")
            after += 4
        stream = self._streams.get(stream_number)
        if stream is None:
            # librtmp begins chunk stream 2 with type 1; type 2 does not say enough.
            if fmt == 2:
                raise RtmpError("the first chunk of a chunk stream has no message length")
            if len(self._streams) >= MAX_STREAMS:
                raise RtmpError(f"more than {MAX_STREAMS} chunk streams")
            stream = self._streams[stream_number] = _ChunkStream()
        elif stream.open:
            if _goes_on(stream, data, position, fmt, time):
                return after, stream
            self.given_up += 1
            self._drop(stream)
        stream.extended = extended
        # A type 3 chunk after one of type 0 takes its timestamp as the delta (section 5.3.1.2.4).
        stream.delta = time
        stream.timestamp = time if fmt == 0 else (stream.timestamp + time) & _WRAP
        if fmt < 2:
            stream.length = int.from_bytes(data[position + 3 : position + 6], "big")
            stream.kind = data[position + 6]
        if fmt == 0:
            stream.stream_id = int.from_bytes(data[position + 7 : position + 11], "little")
        self._begin(stream)
        return after, stream

    def _begin(self, stream: _ChunkStream) -> None:
        media = stream.kind in _MEDIA
        if stream.length > (MAX_MEDIA if media else MAX_OTHER):
            raise RtmpError(f"message of {stream.length} bytes, type {stream.kind}")
        stream.open = True
        stream.received = 0
        stream.skipped = media and stream.length > self.media_limit

    def _take(self, stream: _ChunkStream, payload: memoryview) -> Message | None:
        """Add to a message; returns it once it is complete and not passed over."""
        stream.received += len(payload)
        complete = stream.received == stream.length
        if stream.skipped:
            stream.open = not complete
            return None
        if not complete:
            stream.body += payload
            self._held += len(payload)
            if self._held > self.held_limit:
                raise RtmpError(f"more than {self.held_limit} bytes of unfinished messages")
            return None
        body = bytes(payload)
        if stream.body:
            body = b"".join((stream.body, payload))
            self._drop(stream)
        stream.open = False
        message = Message(stream.kind, stream.timestamp, stream.stream_id, body)
        if stream.kind in _OWN:
            self._obey(message)
        return message

    def _drop(self, stream: _ChunkStream) -> None:
        self._held -= len(stream.body)
        stream.body = bytearray()
        stream.open = False

    def _obey(self, message: Message) -> None:
        if len(message.body) < 4:
            raise RtmpError("truncated protocol control message")
        value = int.from_bytes(message.body[:4], "big")
        if message.kind == MessageType.SET_CHUNK_SIZE:
            if not 0 < value < 1 << 31:
                raise RtmpError(f"chunk size of {value}")
            self._chunk_size = value
        elif (aborted := self._streams.get(value)) is not None:
            self._drop(aborted)


def _goes_on(stream: _ChunkStream, data: bytes, position: int, fmt: int, time: int) -> bool:
    """Whether a header inside a message is of its next chunk, and not of a new message.

    Some hardware encoders give each chunk a header of type 1 or 2, with a delta of 0 and the same
    length and type.
    """
    if fmt == 0 or time != 0:
        return False
    length = int.from_bytes(data[position + 3 : position + 6], "big")
    return fmt == 2 or (length, data[position + 6]) == (stream.length, stream.kind)


class _Sent(NamedTuple):
    """The last header on a chunk stream, as the peer remembers it."""

    stream_id: int
    """Message stream id."""
    timestamp: int
    """The message's, whether it was sent or follows from the delta."""
    length: int
    """Bytes of the message."""
    kind: int
    """Message type id."""
    delta: int
    """What stood in the timestamp field, and a type 3 header repeats."""


class ChunkWriter:
    """Cuts messages into chunks, each with the shortest header that says enough."""

    def __init__(self) -> None:
        self.chunk_size = DEFAULT_CHUNK_SIZE
        """Most payload bytes in a chunk; to be changed right after SetChunkSize is written."""
        self._last: dict[int, _Sent] = {}

    def write(self, stream_number: int, message: Message) -> bytes:
        """All chunks of `message` on chunk stream `stream_number` (2 to 65599)."""
        return b"".join(self.chunks(stream_number, message))

    def chunks(self, stream_number: int, message: Message) -> Iterator[bytes]:
        """The chunks of `message` one by one, between which other chunk streams' may be sent."""
        fmt, time = self._choose(stream_number, message)
        extended = time.to_bytes(4, "big") if time >= _EXTENDED else b""
        header = min(time, _EXTENDED).to_bytes(3, "big")
        header += len(message.body).to_bytes(3, "big") + bytes((message.kind,))
        header += message.stream_id.to_bytes(4, "little")
        yield (
            _basic_header(fmt, stream_number)
            + header[: (*_HEADER_SIZES, 0)[fmt]]
            + extended
            + message.body[: self.chunk_size]
        )
        following = _basic_header(3, stream_number) + extended
        sent = self.chunk_size
        while sent < len(message.body):
            size = self.chunk_size
            yield following + message.body[sent : sent + size]
            sent += size

    def _choose(self, stream_number: int, message: Message) -> tuple[int, int]:
        """The type of the first header, and the timestamp or delta in it."""
        last = self._last.get(stream_number)
        length = len(message.body)
        fmt, time = 0, message.timestamp
        if last is not None and last.stream_id == message.stream_id:
            delta = (message.timestamp - last.timestamp) & _WRAP
            if delta < 1 << 31:  # a step back needs a header of type 0 (section 5.3.1.2.1)
                fmt, time = 1, delta
                if (last.length, last.kind) == (length, message.kind):
                    fmt = 3 if delta == last.delta else 2
        sent = _Sent(message.stream_id, message.timestamp, length, message.kind, time)
        self._last[stream_number] = sent
        return fmt, time


def _basic_header(fmt: int, stream_number: int) -> bytes:
    """A chunk's basic header (section 5.3.1.1) in its shortest form."""
    if stream_number < 64:
        return bytes((fmt << 6 | stream_number,))
    if stream_number < 320:
        return bytes((fmt << 6, stream_number - 64))
    return bytes((fmt << 6 | 1,)) + (stream_number - 64).to_bytes(2, "little")


class AckWindow:
    """Counts received bytes and tells when the peer wants to hear of them (section 5.4.3)."""

    def __init__(self) -> None:
        self._window = DEFAULT_WINDOW
        self._received = 0
        self._told = 0

    def resize(self, window: int) -> None:
        """Obey a WindowAckSize; tiny ones are raised, lest each byte be answered with sixteen."""
        self._window = max(window, _MIN_WINDOW)

    def count(self, size: int) -> int | None:
        """Count `size` bytes; returns the sequence number to acknowledge if it is time to."""
        self._received += size
        if self._received - self._told < self._window:
            return None
        self._told = self._received
        return self._received & _WRAP
