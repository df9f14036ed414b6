"""What real encoders have sent, cut into the pieces that the relay's parsers are given."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from relay.ingest.rtmp.chunk import ChunkReader, ChunkWriter
from relay.ingest.rtmp.handshake import PACKET
from relay.ingest.rtmp.message import MessageType, control

if TYPE_CHECKING:
    from collections.abc import Iterable

    from relay.ingest.rtmp.message import Message

CAPTURES: Final = Path(__file__).parents[1] / "captures"
NAMES: Final = ("31bit", "bframes", "extended", "hevc", "multitrack", "plain")
HELLO: Final = 1 + 2 * PACKET
"""Bytes of C0, C1 and C2."""
COMMANDS: Final = (MessageType.COMMAND_AMF0, MessageType.DATA_AMF0)


@cache
def connection(name: str) -> bytes:
    """All that an encoder sent."""
    return (CAPTURES / f"rtmp_{name}.bin").read_bytes()


@cache
def messages(name: str) -> tuple[Message, ...]:
    """The same, behind its handshake."""
    return tuple(ChunkReader().receive(connection(name)[HELLO:]))


def bodies(*kinds: MessageType, longest: int = 600) -> list[bytes]:
    """Bodies of messages of these kinds, each once, but for long ones."""
    found = [
        each.body
        for name in NAMES
        for each in messages(name)
        if each.kind in kinds and len(each.body) <= longest
    ]
    return list(dict.fromkeys(found))


def chunks(some: Iterable[Message], size: int) -> bytes:
    """Messages in chunks of `size`, interleaved as an encoder would: by kind."""
    writer = ChunkWriter()
    out = writer.write(2, control(MessageType.SET_CHUNK_SIZE, size))
    writer.chunk_size = size
    return out + b"".join(writer.write(3 + each.kind % 7, each) for each in some)
