"""An RTMP encoder on a real socket, made by hand, which may stop, stall and misbehave anywhere."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from relay.ingest.rtmp import amf, message
from relay.ingest.rtmp.chunk import ChunkReader, ChunkWriter
from relay.ingest.rtmp.message import Message, MessageType
from tests.ingest.rtmp import encoder
from tests.support.stalls import HANG_S

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from relay.ingest.rtmp.amf import Value

FRAME_MS = 33


class Encoder:
    """Speaks to a server; see `connected`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.socket = writer
        self._chunks = ChunkWriter()
        self._answers = ChunkReader()
        self._held: list[Message] = []
        self.time_ms = 0
        """Time stamp of the next picture."""

    # --- the way to a publication --------------------------------------------------------------

    async def shake_hands(self) -> None:
        self.socket.write(b"\x03" + bytes(1536))
        hello = await self._reader.readexactly(1 + 1536 + 1536)
        self.socket.write(hello[1:1537])

    async def connect(self, **values: Value) -> None:
        await self.shake_hands()
        self.call("connect", 1.0, {"app": "live", **values})
        self.call("createStream", 2.0, None)

    def publish(self, key: str) -> None:
        """Ask to publish, and do not wait for the answer."""
        self.call("publish", 3.0, None, key, "live", stream_id=1)

    async def go_live(self, key: str, *, program: str = "Handmade/1.0") -> None:
        """Publish, be accepted, and describe the media."""
        await self.connect(flashVer=program)
        self.publish(key)
        assert await self.status() == "NetStream.Publish.Start"
        self.describe()

    def describe(self, *, width: int = 0, device: str = "", **more: Value) -> None:
        values: dict[str, Value] = {"encoder": "Handmade", **more}
        if width:
            values |= {"width": float(width), "height": float(width * 9 // 16)}
        if device:
            values |= {"creator": "GoPro HERO", "encoder": device}
        self.send(encoder.metadata("@setDataFrame", "onMetaData", values))
        self.send(encoder.video(self.time_ms, encoder.VIDEO_CONFIG))
        self.send(encoder.audio(self.time_ms, encoder.AUDIO_CONFIG))

    # --- media -----------------------------------------------------------------------------------

    def picture(self, *, keyframe: bool = True, mark: bytes = b"", cts: int = 0) -> None:
        """Send the next picture, with `mark` at its end."""
        nal = (encoder.IDR if keyframe else encoder.SLICE) + mark
        body = encoder.picture(nal, cts=cts)
        if not keyframe:
            body = b"\x27" + body[1:]
        self.send(encoder.video(self.time_ms, body))
        self.time_ms += FRAME_MS

    def broken_picture(self) -> None:
        """Send a picture that ends within its first NAL unit."""
        self.send(encoder.video(self.time_ms, b"\x17\x01\0\0\0\0\0\xff\xff\x65"))

    def sound(self) -> None:
        self.send(encoder.audio(self.time_ms, encoder.AUDIO_FRAME))

    # --- bytes -----------------------------------------------------------------------------------

    def call(self, name: str, transaction: float, *values: Value, stream_id: int = 0) -> None:
        self.send(message.command(stream_id, name, transaction, *values))

    def send(self, each: Message) -> None:
        self.socket.write(self._chunks.write(3, each))

    async def status(self) -> str:
        """The code of the next `onStatus`."""
        return str((await self.told())["code"])

    async def told(self) -> dict[str, Any]:
        """What the next `onStatus` says."""
        async with asyncio.timeout(HANG_S):
            while True:
                for index, each in enumerate(self._held):
                    if each.kind == MessageType.COMMAND_AMF0:
                        values: list[Any] = amf.decode(each.body)
                        if values[0] == "onStatus":
                            del self._held[: index + 1]
                            return dict(values[3])
                data = await self._reader.read(65_536)
                assert data, "the server hung up"
                self._held += self._answers.receive(data)

    async def hung_up(self) -> None:
        """Wait until the server has closed the connection."""
        with suppress(ConnectionError):
            async with asyncio.timeout(HANG_S):
                while await self._reader.read(65_536):
                    pass

    def vanish(self) -> None:
        """As a process that is killed does: the connection is reset without a word."""
        self.socket.transport.abort()


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Encoder]:
    """An encoder that has connected, as far as TCP goes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Encoder(reader, writer)
    finally:
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()
