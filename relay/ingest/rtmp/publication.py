"""One publication: the media and data messages between publish and unpublish, to events."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

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
from relay.ingest.rtmp.flv import AudioFrame, TagDecoder, VideoFrame, is_sequence_start
from relay.ingest.rtmp.message import Message, MessageType
from relay.media.codecs import Codec, Kind
from relay.media.timebase import Unwrapper

if TYPE_CHECKING:
    from collections.abc import Callable

    from relay.ingest.rtmp.amf import Value
    from relay.ingest.rtmp.events import Event


def amf0_values(message: Message) -> list[Value]:
    """The values in a command or data message.

    The AMF3 types of these messages begin with a byte 0 and go on in AMF0 (RTMP 1.0 section 7.1.1).

    Raises:
        AmfError: see `amf.decode`.
    """
    if message.kind not in (MessageType.COMMAND_AMF3, MessageType.DATA_AMF3):
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
            event = self._READERS[message.kind](self, message)
        except (MediaError, AmfError) as error:
            codec = error.codec if isinstance(error, UnsupportedCodec) else ""
            return [MediaFault(self._KINDS.get(message.kind), str(error), codec)]
        notes = (MediaFault(Kind.AUDIO, note) for note in self._decoder.sound.take_notes())
        return [*notes, *([] if event is None else [event])]

    def _audio(self, message: Message) -> Event | None:
        found = self._decoder.audio(message.body)
        if isinstance(found, AudioFrame):
            return MediaAudio(Codec.AAC, self._unwrap(message.timestamp), found.payload)
        return None if found is None else ConfigChanged(found)

    def _video(self, message: Message) -> Event | None:
        found = self._decoder.video(message.body)
        if isinstance(found, VideoFrame):
            dts_ms = self._unwrap(message.timestamp)
            return MediaVideo(Codec.H264, dts_ms, found.cts_ms, found.keyframe, found.payload)
        return None if found is None else ConfigChanged(found)

    def _data(self, message: Message) -> Event | None:
        values = amf0_values(message)
        if values[:1] == ["@setDataFrame"]:
            values = values[1:]
        if len(values) >= 2 and values[0] == "onMetaData" and isinstance(values[1], dict):
            self._decoder.sound.describe(values[1])
            return MetaData(values[1])
        return None

    def _aggregate(self, _message: Message) -> Event | None:
        raise MediaError("not supported yet: aggregate messages")

    _KINDS: ClassVar[dict[int, Kind]] = {
        MessageType.AUDIO: Kind.AUDIO,
        MessageType.VIDEO: Kind.VIDEO,
    }
    _READERS: ClassVar[dict[int, Callable[[Publication, Message], Event | None]]] = {
        MessageType.AUDIO: _audio,
        MessageType.VIDEO: _video,
        MessageType.DATA_AMF0: _data,
        MessageType.DATA_AMF3: _data,
        MessageType.AGGREGATE: _aggregate,
    }
