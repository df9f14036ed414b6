"""One RTMP publisher's session, server side: bytes in, events and bytes out.

    session = Session()
    events = session.receive(data, now)      then send session.take_output()
    session.accept() or session.refuse(…)    answers PublishRequested; then send again
    session.dismiss(…)                       ends a publication, and tells the encoder why
    session.end()                            once the peer has closed its side

After `Ended`, an error, `refuse` or `dismiss`, the owner sends what `take_output` holds and closes
the connection. It has to stop reading while the peer does not take what was sent, as answers are
kept without limit; each is about as long as what it answers.

Sources: RTMP 1.0 (2012) section 7.2, Enhanced RTMP v2, and what encoders really send.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final

from relay.ingest.rtmp import message
from relay.ingest.rtmp.address import resolve
from relay.ingest.rtmp.amf import UNDEFINED
from relay.ingest.rtmp.chunk import (
    DEFAULT_WINDOW,
    MAX_HELD,
    MAX_MEDIA,
    AckWindow,
    ChunkReader,
    ChunkWriter,
)
from relay.ingest.rtmp.connect import Peer
from relay.ingest.rtmp.errors import RtmpError
from relay.ingest.rtmp.events import Ended, MediaFault, PublishRequested, Unpublished
from relay.ingest.rtmp.handshake import Handshake
from relay.ingest.rtmp.message import Message, MessageType, UserControl
from relay.ingest.rtmp.publication import Publication, amf0_values
from relay.ingest.rtmp.states import NEXT, Refusal, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from relay.ingest.rtmp.amf import Value
    from relay.ingest.rtmp.events import Event

CHUNK_SIZE: Final = 60_000
"""What SetChunkSize tells the peer. FFmpeg adopts it for its own chunks, and the fewer of those the
better; SRS has used this value for years, so encoders are known to take it."""
EARLY_MEDIA: Final = 4096
"""Longest media message that is looked at until a publish has been accepted, bytes."""
EARLY_HELD: Final = 256 * 1024
"""Most bytes of unfinished messages that are kept for a stranger."""
EARLY_CHUNKS: Final = 16_384
"""Most chunks that are read for a stranger. Encoders send some twenty, or those of their first two
seconds if they do not wait; as many empty ones take the processor 50 ms and hold up all others."""

_CONTROL_CHUNKS: Final = 2
_COMMAND_CHUNKS: Final = 3
_STATUS_CHUNKS: Final = 5
_MESSAGE_STREAM: Final = 1
"""The message stream that createStream gives out, always."""


@dataclass(frozen=True, slots=True)
class _Call:
    """A command that the peer sent."""

    transaction: float
    """0 asks for no answer."""
    stream_id: int
    """The message stream that it came on, and that its answers go to."""
    values: list[Value] = field(repr=False)
    """The command object and the arguments; hidden, as they hold the stream key."""


@dataclass(frozen=True, slots=True)
class _Command:
    """How a command is handled."""

    run: Callable[[Session, _Call], None]
    """Does it."""
    states: frozenset[State]
    """When the peer may send it."""


class Session:
    """An RTMP server's side of one connection."""

    def __init__(self) -> None:
        self.close_reason: str | None = None
        """Why the session is over, for people; None while it is not."""
        self._state = State.HANDSHAKE
        self._handshake = Handshake()
        self._reader = ChunkReader()
        self._reader.media_limit = EARLY_MEDIA
        self._reader.held_limit = EARLY_HELD
        self._reader.chunk_limit = EARLY_CHUNKS
        self._writer = ChunkWriter()
        self._window = AckWindow()
        self._output = bytearray()
        self._events: list[Event] = []
        self._peer = Peer()
        self._stream_id = _MESSAGE_STREAM
        self._publication = Publication()
        self._key = ""
        self._given_up = 0

    @property
    def state(self) -> State:
        """Where the session stands."""
        return self._state

    @property
    def closed(self) -> bool:
        """Whether the session is over."""
        return self._state is State.CLOSED

    def receive(self, data: bytes, now: float) -> list[Event]:
        """Take bytes from the peer, in pieces of any size; `now` is in seconds of any clock.

        A session that is over ignores them.

        Raises:
            RtmpError: the peer broke the protocol. It is raised once, holds the events that came
                before the fault, and the session is over.
        """
        if self.closed:
            return []
        try:
            self._receive(data, now)
        except RtmpError as error:
            self._close(str(error))
            error.events = tuple(self._take_events())
            raise
        return self._take_events()

    def take_output(self) -> bytes:
        """What is to be sent; the session forgets it."""
        output = bytes(self._output)
        self._output.clear()
        return output

    def accept(self) -> bool:
        """Let the pending publish begin.

        Returns False if the session ended meanwhile. What the encoder sent ahead of its time comes
        out of the next `receive`.
        """
        if self.closed:
            return False
        self._enter(State.PUBLISHING)
        self._reader.media_limit = MAX_MEDIA
        self._reader.held_limit = MAX_HELD
        self._reader.chunk_limit = sys.maxsize
        begin = message.user_control(UserControl.STREAM_BEGIN, self._stream_id)
        self._send(_CONTROL_CHUNKS, begin)
        self._status("NetStream.Publish.Start", "Publishing.")
        self._events += self._publication.release()
        return True

    def refuse(self, description: str, code: Refusal = Refusal.UNAUTHORIZED) -> None:
        """Refuse the pending publish and end the session; does nothing if it ended meanwhile.

        The peer is told `description`, which also becomes `close_reason`.
        """
        if self.closed:
            return
        assert self._state is State.PENDING, "refuse() answers a pending publish"
        self._status(code, description, level="error")
        self._enter(State.CLOSED)
        self.close_reason = description

    def dismiss(self, description: str) -> None:
        """End a publication that was accepted; does nothing if there is none any more.

        The peer is told `description`, which also becomes `close_reason`.
        """
        if self._state is not State.PUBLISHING:
            return
        self._status(Refusal.REJECTED, description, level="error")
        self._enter(State.CLOSED)
        self.close_reason = description

    def ask_to_reconnect(self, description: str) -> bool:
        """Ask the encoder to come back over a new connection, as this process is to stop.

        Returns False if it has not said that it understands (Enhanced RTMP, "Reconnect Request").
        """
        if self.closed or not self._peer.can_reconnect:
            return False
        code = "NetConnection.Connect.ReconnectRequest"
        self._send(_COMMAND_CHUNKS, message.on_status(0, code, description))
        return True

    def end(self) -> list[Event]:
        """Tell the session that the peer has closed the connection."""
        if self.closed:
            return []
        self._close("the peer closed the connection")
        return self._take_events()

    def _receive(self, data: bytes, now: float) -> None:
        acknowledged = self._window.count(len(data))
        if self._state is State.HANDSHAKE:
            data = self._shake_hands(data, now)
        for each in self._reader.receive(data):
            self._note_given_up()
            handler = self._MESSAGES.get(each.kind)
            if handler is not None:
                handler(self, each)
            if self.closed:
                return
        if acknowledged is not None:
            self._control(MessageType.ACKNOWLEDGEMENT, acknowledged)

    def _note_given_up(self) -> None:
        for _ in range(self._reader.given_up - self._given_up):
            self._events.append(MediaFault(None, "the encoder gave a message up half-way"))
        self._given_up = self._reader.given_up

    def _shake_hands(self, data: bytes, now: float) -> bytes:
        """Returns what comes after the handshake."""
        answer, rest = self._handshake.receive(data, now)
        self._output += answer
        if self._handshake.done:
            self._enter(State.CONNECTING)
        return rest

    def _take_events(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    def _enter(self, state: State) -> None:
        assert state in NEXT[self._state], f"{self._state} cannot become {state}"
        self._state = state

    def _close(self, reason: str) -> None:
        if self._state in (State.PENDING, State.PUBLISHING):
            self._events += [*self._publication.end(), Unpublished()]
        self._enter(State.CLOSED)
        self.close_reason = reason
        self._events.append(Ended(reason))

    def _send(self, chunk_stream: int, each: Message) -> None:
        self._output += self._writer.write(chunk_stream, each)

    def _control(self, kind: MessageType, value: int) -> None:
        self._send(_CONTROL_CHUNKS, message.control(kind, value))

    def _status(self, code: str, description: str, *, level: str = "status") -> None:
        status = message.on_status(self._stream_id, code, description, level=level)
        self._send(_STATUS_CHUNKS, status)

    def _result(self, call: _Call, *values: Value) -> None:
        if call.transaction:
            result = message.command(0, "_result", call.transaction, *values)
            self._send(_COMMAND_CHUNKS, result)

    # Messages

    def _on_window(self, each: Message) -> None:
        if len(each.body) < 4:
            raise RtmpError("truncated WindowAckSize")
        self._window.resize(int.from_bytes(each.body[:4], "big"))

    def _on_user_control(self, each: Message) -> None:
        if int.from_bytes(each.body[:2], "big") != UserControl.PING_REQUEST:
            return
        if len(each.body) < 6:
            raise RtmpError("truncated ping")
        time = int.from_bytes(each.body[2:6], "big")
        self._send(_CONTROL_CHUNKS, message.user_control(UserControl.PING_RESPONSE, time))

    def _on_media(self, each: Message) -> None:
        if self._state is State.PUBLISHING:
            self._events += self._publication.receive(each)
        elif self._state in (State.IDLE, State.PENDING):
            self._publication.keep(each)

    def _on_command(self, each: Message) -> None:
        values: list[Value] = [*amf0_values(each), None, None, None, None]
        name, transaction = values[:2]
        if not isinstance(name, str):
            raise RtmpError("a command without a name")
        command = self._COMMANDS.get(name)
        if command is None:
            return
        if self._state not in command.states:
            raise RtmpError(f"{name} while {self._state.value}")
        number = transaction if isinstance(transaction, float) else 0.0
        command.run(self, _Call(number, each.stream_id, values[2:]))

    # Commands

    def _connect(self, call: _Call) -> None:
        if self._state is not State.CONNECTING:  # said twice
            self._result(call, *self._peer.answer())
            return
        self._peer = Peer.parse(call.values[0])
        self._enter(State.IDLE)
        self._control(MessageType.WINDOW_ACK_SIZE, DEFAULT_WINDOW)
        self._control(MessageType.SET_PEER_BANDWIDTH, DEFAULT_WINDOW)
        self._control(MessageType.SET_CHUNK_SIZE, CHUNK_SIZE)
        self._writer.chunk_size = CHUNK_SIZE
        self._result(call, *self._peer.answer())

    def _create_stream(self, call: _Call) -> None:
        self._result(call, None, float(_MESSAGE_STREAM))

    def _publish(self, call: _Call) -> None:
        peer, name = self._peer, call.values[1]
        if self._state is not State.IDLE:
            self._publish_again(call)
            return
        address = resolve(peer.app, peer.tc_url, name if isinstance(name, str) else "")
        self._stream_id = call.stream_id
        self._key = address.key
        self._enter(State.PENDING)
        self._events.append(
            PublishRequested(address.app, address.key, address.tc_url, peer.encoder, peer.four_cc)
        )

    def _publish_again(self, call: _Call) -> None:
        """The same once more is answered once more; another key while one publishes is refused."""
        name = call.values[1]
        address = resolve(self._peer.app, self._peer.tc_url, name if isinstance(name, str) else "")
        if address.key != self._key:
            raise RtmpError("publish of another stream on the same connection")
        if self._state is State.PUBLISHING:
            self._status("NetStream.Publish.Start", "Publishing.")

    def _unpublish(self, call: _Call) -> None:
        if self._state is State.PENDING:
            # Ending it here keeps a late accept() from answering the wrong publish.
            self._close("the encoder withdrew before it was answered")
            return
        if self._state is State.PUBLISHING:
            self._enter(State.IDLE)
            self._events += [*self._publication.end(), Unpublished()]
            self._publication = Publication()
            self._status("NetStream.Unpublish.Success", "Stopped publishing.")
        self._result(call, None, UNDEFINED)

    def _play(self, call: _Call) -> None:
        self._stream_id = call.stream_id
        self._status("NetStream.Play.Failed", "Nothing is played here.", level="error")
        self._close("the peer wants to play, and RTMP is only for publishing here")

    def _tolerate(self, call: _Call) -> None:
        self._result(call, None, UNDEFINED)

    def _stream_length(self, call: _Call) -> None:
        self._result(call, None, 0.0)

    _MESSAGES: ClassVar[dict[int, Callable[[Session, Message], None]]] = {
        MessageType.USER_CONTROL: _on_user_control,
        MessageType.WINDOW_ACK_SIZE: _on_window,
        MessageType.AUDIO: _on_media,
        MessageType.VIDEO: _on_media,
        MessageType.AGGREGATE: _on_media,
        MessageType.DATA_AMF0: _on_media,
        MessageType.DATA_AMF3: _on_media,
        MessageType.COMMAND_AMF0: _on_command,
        MessageType.COMMAND_AMF3: _on_command,
    }

    _CONNECTED: ClassVar = frozenset({State.IDLE, State.PENDING, State.PUBLISHING})
    _COMMANDS: ClassVar[dict[str, _Command]] = {
        "connect": _Command(_connect, frozenset({State.CONNECTING, *_CONNECTED})),
        "createStream": _Command(_create_stream, _CONNECTED),
        "publish": _Command(_publish, _CONNECTED),
        "FCUnpublish": _Command(_unpublish, _CONNECTED),
        "closeStream": _Command(_unpublish, _CONNECTED),
        "deleteStream": _Command(_unpublish, _CONNECTED),
        "play": _Command(_play, _CONNECTED),
        "play2": _Command(_play, _CONNECTED),
        "releaseStream": _Command(_tolerate, _CONNECTED),
        "FCPublish": _Command(_tolerate, _CONNECTED),
        "_checkbw": _Command(_tolerate, _CONNECTED),
        "getStreamLength": _Command(_stream_length, _CONNECTED),
    }
