"""One publication: the media and data messages between publish and unpublish, to events."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from relay.errors import MediaError, UnsupportedCodec
from relay.ingest.rtmp import amf
from relay.ingest.rtmp.errors import Amf3Error, AmfError
from relay.ingest.rtmp.events import (
    ConfigChanged,
    MediaAudio,
    MediaFault,
    MediaVideo,
    MetaData,
)
from relay.ingest.rtmp.flv import AudioFrame, TagDecoder, is_sequence_start
from relay.ingest.rtmp.message import Message, MessageType
from relay.media.access_unit import LOSSES, AccessUnits
from relay.media.codecs import Codec, Kind
from relay.media.h264 import AvcConfig
from relay.media.timebase import Unwrapper

if TYPE_CHECKING:
    from collections.abc import Callable

    from relay.ingest.rtmp.amf import Value
    from relay.ingest.rtmp.events import Event
    from relay.media.access_unit import AccessUnit


_TAG_HEADER: Final = 11
_BACK_POINTER: Final = 4
_IN_AGGREGATES: Final = (MessageType.AUDIO, MessageType.VIDEO, MessageType.DATA_AMF0)


def amf0_values(message: Message) -> list[Value]:
    """The values in a command or data message.

    The AMF3 types of these messages begin with a byte 0 and go on in AMF0 (RTMP 1.0 section 7.1.1).

    Raises:
        AmfError: see `amf.decode`.
    """
    if message.kind not in (MessageType.COMMAND_AMF3, MessageType.DATA_AMF3):
        return amf.decode(message.body)
    if message.body[:1] == b"\x02":  # some encoders leave that byte out: AMF0's string, a name
        return amf.decode(message.body)
    if message.body[:1] != b"\x00":
        raise Amf3Error("AMF3 is not spoken here")
    return amf.decode(message.body[1:])


class Publication:
    """Decodes one publication's messages, and keeps what comes before it is accepted.

    Time stamps are 32 bits of milliseconds, but FFmpeg clears the uppermost: its streams wrap after
    24.9 days, others' after 49.7. Unwrapping 31 bits is right for both. The tracks share one clock
    and so one unwrapping; one that pauses for weeks comes back in step with the other.
    """

    def __init__(self) -> None:
        self._decoder = TagDecoder()
        self._units = AccessUnits()
        self._unwrap = Unwrapper(31)
        self._early: dict[int, Message] = {}

    def keep(self, message: Message) -> None:
        """Keep what an encoder that does not wait for its answer sends just once, ahead of it.

        That is the last configuration of each codec, and the last metadata.
        """
        kind = self._KINDS.get(message.kind)
        if kind is None:
            wanted = b"onMetaData" in message.body
        else:
            wanted = is_sequence_start(kind, message.body)
        if wanted:
            self._early[message.kind] = message

    def release(self) -> list[Event]:
        """What was kept, as events."""
        events = [event for early in self._early.values() for event in self.receive(early)]
        self._early = {}
        return events

    def receive(self, message: Message) -> list[Event]:
        """Decode a media or data message. What is wrong with it becomes a `MediaFault`."""
        try:
            events = self._READERS[message.kind](self, message)
        except (MediaError, AmfError) as error:
            codec = error.codec if isinstance(error, UnsupportedCodec) else ""
            return [MediaFault(self._KINDS.get(message.kind), str(error), codec)]
        notes = (MediaFault(Kind.AUDIO, note) for note in self._decoder.sound.take_notes())
        return [*notes, *events]

    def end(self) -> list[Event]:
        """The last picture, if it waits to know whether it is whole."""
        return self._pictures(self._units.flush())

    def _audio(self, message: Message) -> list[Event]:
        found = self._decoder.audio(message.body)
        if isinstance(found, AudioFrame):
            return [MediaAudio(Codec.AAC, self._unwrap(message.timestamp), found.payload)]
        return [] if found is None else [ConfigChanged(found)]

    def _video(self, message: Message) -> list[Event]:
        found = self._decoder.video(message.body)
        if found is None:
            return []
        if isinstance(found, AvcConfig):
            self._units.configure(found.sps, found.pps)
            return [ConfigChanged(found)]
        before = self._units.counters.copy()
        dts_ms = self._unwrap(message.timestamp)
        events = self._pictures(self._units.add(found.nals, dts=dts_ms, offset=found.cts_ms))
        if found.stray:
            events.append(MediaFault(Kind.VIDEO, "bytes behind the last NAL unit of a message"))
        lost = self._units.counters - before
        return [*events, *(MediaFault(Kind.VIDEO, LOSSES[name]) for name in lost)]

    def _pictures(self, units: list[AccessUnit]) -> list[Event]:
        return [
            MediaVideo(Codec.H264, unit.dts, unit.offset, unit.keyframe, unit.payload)
            for unit in units
        ]

    def _data(self, message: Message) -> list[Event]:
        values = amf0_values(message)
        if values[:1] == ["@setDataFrame"]:
            values = values[1:]
        if len(values) >= 2 and values[0] == "onMetaData" and isinstance(values[1], dict):
            self._decoder.sound.describe(values[1])
            return [MetaData(values[1])]
        return []

    def _aggregate(self, message: Message) -> list[Event]:
        """Several messages in one, each as an FLV tag (RTMP 1.0 section 7.1.6)."""
        events: list[Event] = []
        position, first = 0, None
        while position + _TAG_HEADER <= len(message.body):
            head = message.body[position : position + _TAG_HEADER]
            begin = position + _TAG_HEADER
            end = begin + int.from_bytes(head[1:4], "big")
            time = int.from_bytes(head[4:7], "big") | head[7] << 24
            first = time if first is None else first
            if end > len(message.body) or head[0] not in _IN_AGGREGATES:
                raise MediaError("malformed aggregate message")
            at = (message.timestamp + time - first) & 0xFFFFFFFF
            part = Message(head[0], at, message.stream_id, message.body[begin:end])
            events += self.receive(part)
            position = end + _BACK_POINTER
        return events

    _KINDS: ClassVar[dict[int, Kind]] = {
        MessageType.AUDIO: Kind.AUDIO,
        MessageType.VIDEO: Kind.VIDEO,
    }
    _READERS: ClassVar[dict[int, Callable[[Publication, Message], list[Event]]]] = {
        MessageType.AUDIO: _audio,
        MessageType.VIDEO: _video,
        MessageType.DATA_AMF0: _data,
        MessageType.DATA_AMF3: _data,
        MessageType.AGGREGATE: _aggregate,
    }
