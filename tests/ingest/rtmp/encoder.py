"""An encoder in memory, made of the relay's own chunk code, that talks to a `Session`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relay.ingest.rtmp import amf, message
from relay.ingest.rtmp.chunk import ChunkReader, ChunkWriter
from relay.ingest.rtmp.events import PublishRequested
from relay.ingest.rtmp.message import Message, MessageType
from relay.ingest.rtmp.session import Session

if TYPE_CHECKING:
    from relay.ingest.rtmp.amf import Value
    from relay.ingest.rtmp.events import Event

SPS = bytes.fromhex("6742d00bd902847e5c0440000003004000000783c48992")
PPS = bytes.fromhex("68cb8cb2")
AVCC = b"\x01\x42\xd0\x0b\xff\xe1\x00\x17" + SPS + b"\x01\x00\x04" + PPS
ASC = b"\x12\x08"
IDR = b"\x65\x88\x84\x00\x10"
SLICE = b"\x41\x9a\x02\x03"
VIDEO_CONFIG = b"\x17\x00\x00\x00\x00" + AVCC
AUDIO_CONFIG = b"\xaf\x00" + ASC
AUDIO_FRAME = b"\xaf\x01\x21\x10\x05"


def avcc(*nals: bytes) -> bytes:
    return b"".join(len(nal).to_bytes(4, "big") + nal for nal in nals)


def picture(*nals: bytes, cts: int = 0) -> bytes:
    return b"\x17\x01" + (cts & 0xFFFFFF).to_bytes(3, "big") + avcc(*nals)


def video(time: int, body: bytes) -> Message:
    return Message(MessageType.VIDEO, time, 1, body)


def audio(time: int, body: bytes) -> Message:
    return Message(MessageType.AUDIO, time, 1, body)


def metadata(*values: Value) -> Message:
    return Message(MessageType.DATA_AMF0, 0, 1, amf.encode(*values))


class Encoder:
    def __init__(self) -> None:
        self.session = Session()
        self.writer = ChunkWriter()
        self.reader = ChunkReader()
        self.answers: list[Message] = []
        """What the session has sent so far."""

    def shake_hands(self) -> None:
        self.session.receive(b"\x03" + bytes(1536), 0.0)
        hello = self.session.take_output()
        assert len(hello) == 1 + 1536 + 1536
        self.session.receive(hello[1:1537], 0.0)

    def send(self, *messages: Message, chunk_stream: int = 3) -> list[Event]:
        data = b"".join(self.writer.write(chunk_stream, each) for each in messages)
        return self.give(data)

    def give(self, data: bytes) -> list[Event]:
        try:
            return self.session.receive(data, 0.0)
        finally:
            self.take()

    def take(self) -> None:
        self.answers += self.reader.receive(self.session.take_output())

    def call(
        self, name: str, transaction: float, *values: Value, stream_id: int = 0
    ) -> list[Event]:
        return self.send(message.command(stream_id, name, transaction, *values))

    def connect(self, **values: Value) -> None:
        self.shake_hands()
        self.call("connect", 1.0, {"app": "live", **values})

    def request(self, name: str = "secret-key", **values: Value) -> PublishRequested:
        self.connect(**values)
        self.call("createStream", 2.0, None)
        (event,) = self.call("publish", 3.0, None, name, "live", stream_id=1)
        assert isinstance(event, PublishRequested)
        return event

    def publish(self) -> None:
        self.request()
        assert self.session.accept()
        self.take()

    @property
    def commands(self) -> list[list[Value]]:
        """The commands that the session has sent so far."""
        found = [each for each in self.answers if each.kind == MessageType.COMMAND_AMF0]
        return [amf.decode(each.body) for each in found]

    @property
    def statuses(self) -> list[Value]:
        """The codes of the `onStatus` among them."""
        return [values[3]["code"] for values in self.commands if values[0] == "onStatus"]
