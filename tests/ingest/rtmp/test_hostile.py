"""Bytes that no encoder sends: they are RTMP or a ProtocolError, however they are cut."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.errors import ProtocolError
from relay.ingest.rtmp import message
from relay.ingest.rtmp.chunk import ChunkWriter
from relay.ingest.rtmp.errors import RtmpError
from relay.ingest.rtmp.events import Ended
from relay.ingest.rtmp.message import Message, MessageType
from relay.ingest.rtmp.session import EARLY_CHUNKS, Session

from .encoder import AUDIO_CONFIG, VIDEO_CONFIG, Encoder, audio, video

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from random import Random

    from relay.ingest.rtmp.events import Event

CAPTURE = (Path(__file__).parents[2] / "captures" / "rtmp_extended.bin").read_bytes()
ASKED = CAPTURE.index(b"\x00\x04live", CAPTURE.index(b"\x00\x07publish")) + len(b"\x00\x04live")
"""Where the encoder waits for the answer to its publish."""

# Bytes that look like chunks: a header of any type on few streams, with a length and type that are
# often possible.
chunks = st.builds(
    lambda fmt, number, time, size, kind, body: (
        bytes((fmt << 6 | number,))
        + (time + size.to_bytes(3, "big") + bytes((kind,)) + b"\x01\x00\x00\x00")[
            : (11, 7, 3, 0)[fmt]
        ]
        + body
    ),
    st.integers(0, 3),
    st.integers(0, 5),
    st.sampled_from([b"\x00\x00\x00", b"\x00\x00\x17", b"\xff\xff\xff"]),
    st.one_of(st.integers(0, 12), st.sampled_from([300, 70_000, 1 << 23, 0xFFFFFF])),
    st.one_of(st.sampled_from([1, 2, 3, 4, 5, 8, 9, 15, 17, 18, 20, 22]), st.integers(0, 255)),
    st.binary(max_size=12),
)
garbage = st.one_of(st.binary(max_size=200), st.lists(chunks, max_size=8).map(b"".join))


def arrived(stage: str) -> Session:
    """A session with a peer that has come as far as `stage`."""
    encoder = Encoder()
    if stage == "connecting":
        encoder.shake_hands()
    elif stage == "pending":
        encoder.request()
    elif stage == "publishing":
        encoder.publish()
        encoder.send(video(0, VIDEO_CONFIG), audio(0, AUDIO_CONFIG))
    return encoder.session


def outcome(session: Session, pieces: Iterable[bytes]) -> tuple[list[Event], str | None]:
    """All events, and the error's text if it came to one."""
    events: list[Event] = []
    errors: list[RtmpError] = []
    for piece in pieces:
        try:
            events += session.receive(piece, 0.0)
        except RtmpError as error:
            errors.append(error)
            events += error.events
        session.take_output()
    assert len(errors) <= 1, "raised more than once"
    assert session.closed == any(isinstance(event, Ended) for event in events)
    if errors:
        assert events[-1] == Ended(str(errors[0]))
    return events, str(errors[0]) if errors else None


def cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


@pytest.mark.parametrize("stage", ["handshake", "connecting", "pending", "publishing"])
@given(data=garbage, cuts=st.lists(st.integers(0, 200), max_size=8))
def test_any_bytes_come_to_the_same_however_they_are_cut(stage: str, data: bytes, cuts: list[int]):
    edges = sorted({0, len(data), *(at for at in cuts if at < len(data))})
    whole = outcome(arrived(stage), [data])
    assert outcome(arrived(stage), cut(data, 1)) == whole
    assert outcome(arrived(stage), [data[a:b] for a, b in pairwise(edges)]) == whole


def published() -> Session:
    """The session of the capture, at the point where it was told to go on."""
    session = Session()
    for index in range(ASKED):
        session.receive(CAPTURE[index : index + 1], 0.0)
    session.accept()
    session.take_output()
    return session


@given(random=st.randoms(use_true_random=False), size=st.integers(2, 30_000))
@settings(max_examples=60)
def test_damaged_captures_come_to_the_same_however_they_are_cut(random: Random, size: int):
    """A real connection with some bytes changed, left out or doubled."""
    damaged = bytearray(CAPTURE[ASKED:])
    for _ in range(random.randint(1, 6)):
        at = random.randrange(len(damaged))
        match random.randrange(3):
            case 0:
                damaged[at] ^= 1 << random.randrange(8)
            case 1:
                del damaged[at : at + random.randint(1, 40)]
            case 2:
                damaged[at:at] = damaged[at : at + random.randint(1, 40)]
    data = bytes(damaged)
    assert outcome(published(), cut(data, 7)) == outcome(published(), cut(data, size))


@given(garbage)
@settings(max_examples=50)
def test_a_session_that_is_over_stays_over(data: bytes):
    session = arrived("publishing")
    with pytest.raises(ProtocolError):
        session.receive(b"\xff", 0.0)
    session.take_output()
    assert session.receive(data, 0.0) == []
    assert session.take_output() == b""


def flood(each: Message, number: int = 3) -> bytes:
    """The same message up to 256 KiB or 10,000 times, the shortest header before most."""
    writer = ChunkWriter()
    first, second = writer.write(number, each), writer.write(number, each)
    return first + second * min(10_000, (1 << 18) // len(second))


@pytest.mark.parametrize(
    ("stage", "each"),
    [
        ("connecting", message.user_control(message.UserControl.PING_REQUEST, 1)),
        ("connecting", message.control(MessageType.WINDOW_ACK_SIZE, 0)),
        ("connecting", Message(MessageType.DATA_AMF0, 0, 0, b"x" * 500)),
        ("connecting", Message(99, 0, 0, b"x" * 60_000)),
        ("pending", Message(MessageType.DATA_AMF0, 0, 0, b"onMetaData" * 1000)),
        ("pending", Message(MessageType.VIDEO, 0, 0, VIDEO_CONFIG + b"x" * 3000)),
        ("pending", Message(MessageType.VIDEO, 0, 0, b"x" * 100_000)),
        ("pending", Message(MessageType.AGGREGATE, 0, 0, b"x" * 100_000)),
    ],
)
def test_a_flood_before_accept_leaves_nothing_behind(stage: str, each: Message):
    session = arrived(stage)
    data = flood(each)
    tracemalloc.start()
    try:
        for piece in cut(data, 65536):
            assert session.receive(piece, 0.0) == []
            assert len(session.take_output()) < 5 * 65536
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 200_000


@pytest.mark.parametrize("stage", ["connecting", "pending"])
def test_half_of_a_large_message_takes_no_memory_before_accept(stage: str):
    session = arrived(stage)
    data = ChunkWriter().write(6, video(0, bytes(4_000_000)))[: 1 << 20]
    tracemalloc.start()
    try:
        for piece in cut(data, 65536):
            session.receive(piece, 0.0)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 200_000


def test_a_stranger_leaves_little_unfinished():
    writer = ChunkWriter()
    data = writer.write(2, message.control(MessageType.SET_CHUNK_SIZE, 60_000))
    writer.chunk_size = 60_000
    each = Message(MessageType.DATA_AMF0, 0, 0, bytes(65_536))
    data += b"".join(next(writer.chunks(number, each)) for number in range(4, 9))

    for stage in ("connecting", "pending"):
        with pytest.raises(ProtocolError, match="more than 262144 bytes of unfinished messages"):
            arrived(stage).receive(data, 0.0)
    assert arrived("publishing").receive(data, 0.0) == []


@pytest.mark.parametrize("stage", ["connecting", "pending"])
def test_a_stranger_is_not_listened_to_for_long(stage: str):
    data = b"\x04" + bytes(6) + b"\x12\x01\x00\x00\x00" + b"\xc4" * EARLY_CHUNKS
    with pytest.raises(ProtocolError, match="more than 16384 chunks"):
        arrived(stage).receive(data, 0.0)
    faults = arrived("publishing").receive(data, 0.0)
    assert not any(isinstance(event, Ended) for event in faults)
