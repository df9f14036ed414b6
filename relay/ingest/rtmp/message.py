"""RTMP messages: their types, and those that the server sends (RTMP 1.0 sections 5.4 and 7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from relay.ingest.rtmp import amf

if TYPE_CHECKING:
    from relay.ingest.rtmp.amf import Value


class MessageType(IntEnum):
    """Message type ids (RTMP 1.0 sections 5.4, 6.2 and 7.1)."""

    SET_CHUNK_SIZE = 1
    ABORT = 2
    ACKNOWLEDGEMENT = 3
    USER_CONTROL = 4
    WINDOW_ACK_SIZE = 5
    SET_PEER_BANDWIDTH = 6
    AUDIO = 8
    VIDEO = 9
    DATA_AMF3 = 15
    COMMAND_AMF3 = 17
    DATA_AMF0 = 18
    COMMAND_AMF0 = 20
    AGGREGATE = 22


class UserControl(IntEnum):
    """Event types of user control messages (RTMP 1.0 section 7.1.7)."""

    STREAM_BEGIN = 0
    PING_REQUEST = 6
    PING_RESPONSE = 7


@dataclass(frozen=True, slots=True)
class Message:
    """One RTMP message."""

    kind: int
    """Message type id; one of `MessageType`, or unknown."""
    timestamp: int
    """Milliseconds, 0 to 2³² - 1; wraps."""
    stream_id: int
    """Message stream id; 0 is the connection's own."""
    body: bytes = field(repr=False)
    """The payload; hidden because a command's holds the stream key."""


_DYNAMIC: Final = b"\x02"
"""The limit type of SetPeerBandwidth that leaves the choice to the peer (section 5.4.5)."""


def control(kind: MessageType, value: int) -> Message:
    """A protocol control message with one 32-bit number (sections 5.4.1 to 5.4.5)."""
    limit = _DYNAMIC if kind is MessageType.SET_PEER_BANDWIDTH else b""
    return Message(kind, 0, 0, value.to_bytes(4, "big") + limit)


def user_control(event: UserControl, value: int) -> Message:
    """A user control message with one 32-bit number (section 7.1.7)."""
    body = event.to_bytes(2, "big") + value.to_bytes(4, "big")
    return Message(MessageType.USER_CONTROL, 0, 0, body)


def command(stream_id: int, name: str, transaction: float, *values: Value) -> Message:
    """A command message (section 7.1.1)."""
    body = amf.encode(name, transaction, *values)
    return Message(MessageType.COMMAND_AMF0, 0, stream_id, body)


def on_status(stream_id: int, code: str, description: str, *, level: str = "status") -> Message:
    """An `onStatus` command (section 7.2.2): `level` is status, warning or error."""
    info: dict[str, Value] = {"level": level, "code": code, "description": description}
    return command(stream_id, "onStatus", 0.0, None, info)
