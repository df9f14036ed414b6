import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import ProtocolError
from relay.ingest.rtmp import message
from relay.ingest.rtmp.chunk import (
    DEFAULT_CHUNK_SIZE,
    DEFAULT_WINDOW,
    MAX_HELD,
    MAX_MEDIA,
    MAX_OTHER,
    MAX_STREAMS,
    AckWindow,
    ChunkReader,
    ChunkWriter,
)
from relay.ingest.rtmp.message import Message, MessageType

VIDEO, AUDIO, DATA = MessageType.VIDEO, MessageType.AUDIO, MessageType.DATA_AMF0
BOUNDARIES = [0, 1, 0xFFFFFE, 0xFFFFFF, 0x1000000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF]

stream_numbers = st.one_of(st.integers(2, 6), st.sampled_from([63, 64, 319, 320, 65599]))
timestamps = st.one_of(st.sampled_from(BOUNDARIES), st.integers(0, 0xFFFFFFFF))
messages = st.builds(
    Message,
    st.sampled_from([AUDIO, VIDEO, DATA, 77]),
    timestamps,
    st.sampled_from([0, 1, 0x01020304]),
    st.one_of(st.binary(max_size=400), st.integers(0, 700).map(lambda n: b"\xff" * n)),
)


def read(data: bytes, cuts: list[int] | None = None) -> list[Message]:
    reader = ChunkReader()
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts or []), len(data)]
    return [m for a, b in pairwise(edges) for m in reader.receive(data[a:b])]


@given(st.lists(st.tuples(stream_numbers, messages), max_size=12), st.lists(st.integers(0, 9999)))
def test_what_is_written_reads_back_in_any_pieces(sent: list[tuple[int, Message]], cuts: list[int]):
    writer = ChunkWriter()
    data = b"".join(writer.write(number, each) for number, each in sent)

    assert read(data, cuts) == [each for _, each in sent]


@given(
    st.integers(2, 70),
    st.integers(0, 0xFFFFFFFF),
    st.lists(st.sampled_from([0, 20, 23, 0xFFFFFE, 0xFFFFFF, 0x7FFFFFFF, 0x80000000]), max_size=9),
    st.sampled_from([0, 5, 128, 300]),
)
def test_every_header_type_carries_its_timestamp(
    number: int, start: int, steps: list[int], size: int
):
    """Equal steps use type 3, others type 2, other lengths type 1, steps back type 0."""
    writer, sent, time = ChunkWriter(), [], start
    for index, step in enumerate(steps):
        time = (time + step) & 0xFFFFFFFF
        sent.append(Message(AUDIO, time, 1, bytes(size + index % 3 // 2)))
    data = b"".join(writer.write(number, each) for each in sent)

    assert read(data) == sent


@given(
    st.lists(st.tuples(stream_numbers, messages), min_size=2, unique_by=lambda pair: pair[0]),
    st.randoms(use_true_random=False),
)
def test_chunk_streams_interleave(sent: list[tuple[int, Message]], random):
    writer = ChunkWriter()
    waiting = [list(writer.chunks(number, each)) for number, each in sent]
    data = b""
    while waiting:
        chunks = random.choice(waiting)
        data += chunks.pop(0)
        waiting = [each for each in waiting if each]

    found = read(data)
    assert len(found) == len(sent)
    assert all(each in found for _, each in sent)


def test_headers_are_as_short_as_they_can_be():
    writer = ChunkWriter()
    sizes = [
        len(writer.write(4, Message(AUDIO, time, stream, bytes(size)))) - size
        for time, stream, size in [
            (100, 1, 10),  # type 0
            (123, 1, 11),  # type 1: another length
            (143, 1, 11),  # type 2: another step
            (163, 1, 11),  # type 3
            (162, 1, 11),  # type 0: a step back
            (324, 1, 11),  # type 3: a step like the timestamp before
            (324, 2, 11),  # type 0: another stream
        ]
    ]
    assert sizes == [12, 8, 4, 1, 12, 1, 12]


def test_a_type_3_message_after_type_0_steps_by_its_timestamp():
    """RTMP 1.0 section 5.3.1.2.4; FMLE sends its audio so."""
    first = b"\x04\x00\x00\x1a\x00\x00\x02\x08\x01\x00\x00\x00ab"
    assert [m.timestamp for m in read(first + b"\xc4cd\xc4ef")] == [26, 52, 78]


@pytest.mark.parametrize("repeated", [True, False])
@pytest.mark.parametrize("step", [1, 3, 7, 131, 10_000])
def test_type_3_chunks_may_leave_out_the_extended_timestamp(repeated: bool, step: int):
    time = (0x01000000).to_bytes(4, "big")
    body = bytes(range(1, 251)) + bytes(50)
    data = b"\x06\xff\xff\xff\x00\x01\x2c\x09\x01\x00\x00\x00" + time + body[:128]
    data += b"\xc6" + (time if repeated else b"") + body[128:256]
    data += b"\xc6" + (time if repeated else b"") + body[256:]
    data += b"\x06\x00\x00\x01\x00\x00\x04\x09\x01\x00\x00\x00done"

    found = read(data, list(range(step, len(data), step)))

    assert found == [Message(9, 0x01000000, 1, body), Message(9, 1, 1, b"done")]


def test_a_chunk_stream_is_the_same_however_its_number_is_written():
    """RTMP 1.0 section 5.3.1.1: 70 in two bytes, and in three."""
    header = b"\x00\x00\x05\x00\x00\xc8\x09\x01\x00\x00\x00"
    data = b"\x00\x06" + header + bytes(128) + b"\xc1\x06\x00" + bytes(72)
    assert read(data) == [Message(9, 5, 1, bytes(200))]


def test_librtmp_may_begin_chunk_stream_2_with_type_1():
    ping = b"\x42\x00\x00\x00\x00\x00\x06\x04\x00\x06\x00\x00\x0d\x0f"
    assert read(ping) == [Message(4, 0, 0, ping[8:])]


def test_set_chunk_size_holds_for_the_next_chunk():
    writer = ChunkWriter()
    data = writer.write(2, message.control(MessageType.SET_CHUNK_SIZE, 1000))
    writer.chunk_size = 1000
    sent = Message(VIDEO, 5, 1, bytes(2500))
    data += writer.write(6, sent)

    assert read(data)[1:] == [sent]
    assert len(data) == 12 + 4 + 12 + 2500 + 2


def test_set_chunk_size_between_the_chunks_of_a_message():
    writer = ChunkWriter()
    first, *_ = writer.chunks(6, Message(VIDEO, 5, 1, bytes(1000)))
    data = first + writer.write(2, message.control(MessageType.SET_CHUNK_SIZE, 5000))
    data += b"\xc6" + bytes(1000 - DEFAULT_CHUNK_SIZE)

    assert read(data)[1:] == [Message(VIDEO, 5, 1, bytes(1000))]


def test_abort_drops_what_came_of_a_message():
    writer = ChunkWriter()
    first, *_ = writer.chunks(6, Message(VIDEO, 5, 1, bytes(1000)))
    after = Message(VIDEO, 6, 1, b"whole")
    data = first + writer.write(2, message.control(MessageType.ABORT, 6))
    data += ChunkWriter().write(6, after)

    assert read(data)[1:] == [after]


def test_empty_messages_are_messages():
    writer = ChunkWriter()
    sent = [Message(AUDIO, time, 1, b"") for time in (0, 0, 7)]
    assert read(b"".join(writer.write(4, each) for each in sent)) == sent


def test_longer_media_than_the_limit_is_passed_over():
    writer, reader = ChunkWriter(), ChunkReader()
    reader.media_limit = 100
    sent = [Message(VIDEO, 0, 1, bytes(n)) for n in (100, 101, 5000, 99)]
    sent.append(Message(DATA, 0, 1, bytes(5000)))
    data = b"".join(writer.write(6, each) for each in sent)

    assert list(reader.receive(data)) == [sent[0], sent[3], sent[4]]


def header(number: int, size: int, kind: int = VIDEO) -> bytes:
    return bytes((number, 0, 0, 0)) + size.to_bytes(3, "big") + bytes((kind, 1, 0, 0, 0))


def test_a_message_that_is_given_up_half_way_costs_only_itself():
    reader = ChunkReader()
    data = header(6, 300) + bytes(128) + header(6, 3) + b"abc"
    assert [message.body for message in reader.receive(data)] == [b"abc"]
    assert reader.given_up == 1


@pytest.mark.parametrize("fmt", [1, 2])
def test_each_chunk_of_a_message_may_have_a_header(fmt: int):
    reader = ChunkReader()
    again = bytes((fmt << 6 | 6,)) + header(6, 300)[1 : 8 if fmt == 1 else 4]
    body = bytes(range(256)) + bytes(44)
    data = header(6, 300) + body[:128] + again + body[128:256] + again + body[256:]
    assert [message.body for message in reader.receive(data)] == [body]
    assert reader.given_up == 0


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xc5", "no header"),
        (b"\x85\x00\x00\x00", "no message length"),
        (header(6, MAX_MEDIA + 1), "message of 8388609 bytes"),
        (header(3, MAX_OTHER + 1, DATA), "message of 65537 bytes"),
        (header(2, 4, 1) + bytes(4), "chunk size of 0"),
        (header(2, 4, 1) + b"\x80\x00\x00\x00", "chunk size of 2147483648"),
        (header(2, 3, 1) + bytes(3), "truncated"),
    ],
)
def test_what_breaks_the_rules_is_refused(data: bytes, reason: str):
    with pytest.raises(ProtocolError, match=reason):
        read(data)
    with pytest.raises(ProtocolError, match=reason):
        read(data, list(range(len(data))))


def test_chunk_streams_are_counted():
    opened = b"".join(header(2 + number % 60, 0) for number in range(MAX_STREAMS * 2))
    assert len(read(opened)) == MAX_STREAMS * 2
    writer = ChunkWriter()
    data = b"".join(
        writer.write(number, Message(AUDIO, 0, 1, b"")) for number in range(2, MAX_STREAMS + 3)
    )
    with pytest.raises(ProtocolError, match="more than 64 chunk streams"):
        read(data)


def test_announced_bytes_take_no_memory():
    reader = ChunkReader()
    data = b"".join(header(number, MAX_MEDIA) + bytes(128) for number in range(2, 60))
    tracemalloc.start()
    try:
        assert list(reader.receive(data)) == []
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 200_000


def test_unfinished_messages_are_limited_together():
    reader = ChunkReader()
    list(
        reader.receive(ChunkWriter().write(2, message.control(MessageType.SET_CHUNK_SIZE, 1 << 22)))
    )
    piece = bytes(1 << 22)
    for number in range(3, 3 + MAX_HELD // len(piece)):
        assert list(reader.receive(header(number, MAX_MEDIA) + piece)) == []
    with pytest.raises(ProtocolError, match="unfinished"):
        list(reader.receive(header(50, MAX_MEDIA) + b"x"))


def test_finished_messages_are_not_held():
    reader, writer = ChunkReader(), ChunkWriter()
    sent = Message(VIDEO, 0, 1, bytes(1 << 20))
    for _ in range(2 * MAX_HELD // len(sent.body)):
        assert list(reader.receive(writer.write(6, sent)))


class TestAckWindow:
    def test_tells_once_a_window(self):
        window = AckWindow()
        assert window.count(DEFAULT_WINDOW - 1) is None
        assert window.count(1) == DEFAULT_WINDOW
        assert window.count(DEFAULT_WINDOW - 1) is None
        assert window.count(5) == 2 * DEFAULT_WINDOW + 4

    def test_is_the_peers_choice(self):
        window = AckWindow()
        window.resize(10_000)
        assert window.count(9_999) is None
        assert window.count(1) == 10_000
        assert window.count(25_000) == 35_000
        assert window.count(9_999) is None

    def test_is_not_tiny(self):
        window = AckWindow()
        window.resize(0)
        assert window.count(4095) is None
        assert window.count(1) == 4096

    def test_counts_in_32_bits(self):
        window = AckWindow()
        assert window.count((1 << 32) + 5) == 5
