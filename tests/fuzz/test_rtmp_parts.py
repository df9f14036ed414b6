"""The parts of RTMP, each alone: handshake, chunks, AMF0, tags, addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from relay.errors import MediaError
from relay.ingest.rtmp import amf
from relay.ingest.rtmp.address import resolve
from relay.ingest.rtmp.amf import MAX_DEPTH, MAX_VALUES, UNDEFINED, Date, EcmaArray
from relay.ingest.rtmp.chunk import MAX_STREAMS, ChunkReader
from relay.ingest.rtmp.connect import Peer
from relay.ingest.rtmp.errors import RtmpError
from relay.ingest.rtmp.events import MetaData
from relay.ingest.rtmp.flv import AudioFrame, TagDecoder, VideoNals, is_sequence_start
from relay.ingest.rtmp.handshake import PACKET, Handshake
from relay.ingest.rtmp.message import MessageType
from relay.media.aac import AacConfig
from relay.media.codecs import Kind
from relay.media.h264 import AvcConfig
from tests.fuzz.captured import COMMANDS, HELLO, NAMES, bodies, chunks, connection, messages
from tests.fuzz.mutation import TIMEOUT_S, fuzz
from tests.ingest.rtmp.encoder import AUDIO_CONFIG, AUDIO_FRAME, IDR, VIDEO_CONFIG, picture

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from relay.ingest.rtmp.amf import Value
    from relay.ingest.rtmp.message import Message

pytestmark = pytest.mark.timeout(TIMEOUT_S)


def test_handshakes(figure: Callable[[str], None]) -> None:
    def check(data: bytes) -> Hashable:
        whole, parted = Handshake(), Handshake()
        answer, rest = whole.receive(data, 1.0)
        assert len(answer) in (0, 1 + 2 * PACKET)
        assert rest == data[HELLO:]
        assert whole.done == (len(data) >= HELLO)
        cut = len(data) // 3
        first, second = (parted.receive(piece, 1.0) for piece in (data[:cut], data[cut:]))
        assert len(first[0] + second[0]) == len(answer)
        assert (first[1] + second[1], parted.done) == (rest, whole.done)
        assert parted.scheme == whole.scheme
        return whole.done, bool(answer), whole.scheme

    seeds = [connection(name)[: HELLO + 20] for name in NAMES] + [b"\x03" + bytes(HELLO - 1)]
    figure(fuzz("Handshake", 15_000, seeds, check, refusal=RtmpError))


def read(pieces: list[bytes]) -> tuple[list[Message], str | None]:
    """The messages in a chunk stream, and the error that it ends with."""
    reader, found = ChunkReader(), []
    reader.held_limit = 3000
    try:
        for piece in pieces:
            found += reader.receive(piece)
    except RtmpError as error:
        return found, str(error)
    held = sum(len(stream.body) for stream in reader._streams.values())
    assert held == reader._held <= 3000
    assert len(reader._streams) <= MAX_STREAMS
    assert len(reader._rest) < 19, "more than a header is kept"
    return found, None


def test_chunks(figure: Callable[[str], None]) -> None:
    def check(data: bytes) -> Hashable:
        found, fault = read([data])
        cut = sum(data[:8]) % (len(data) + 1)
        assert read([data[:cut], data[cut:]]) == (found, fault)
        assert sum(len(each.body) for each in found) <= len(data)
        assert all(0 <= each.timestamp < 1 << 32 for each in found)
        if fault is not None:
            raise RtmpError(fault)
        return tuple({each.kind for each in found})

    some = [messages(name)[:9] for name in NAMES]
    seeds = [chunks(each, size) for each in some for size in (1, 64, 300)]
    seeds += [connection(name)[HELLO : HELLO + 1500] for name in NAMES]
    figure(fuzz("ChunkReader", 20_000, seeds, check, refusal=RtmpError, words=[b"\xff\xff\xff"]))


def depth(value: Value) -> int:
    if isinstance(value, dict | list):
        members = value.values() if isinstance(value, dict) else value
        return 1 + max(map(depth, members), default=0)
    return 0


def test_amf0(figure: Callable[[str], None]) -> None:
    def check(data: bytes) -> Hashable:
        values = amf.decode(data)
        assert len(values) <= min(len(data), MAX_VALUES)
        assert max(map(depth, values), default=0) <= MAX_DEPTH + 1
        again = amf.encode(*values)
        # Not by value: there is a number that is not itself.
        assert repr(amf.decode(again)) == repr(values)
        assert len(again) <= 3 * len(data)
        for value in values:
            if isinstance(value, dict):
                told = MetaData(value)
                assert isinstance(told.device, str)
                assert told.zero_us is None or abs(told.zero_us) < 1 << 60
            peer = Peer.parse(value)
            assert 0 <= peer.caps < 1 << 31
            assert len(peer.encoder) <= 256
        return tuple(map(type, values[:6]))

    told = {"creation_time": "2026-11-22T10:20:30.5+02:00", "creator": "GoPro", "encoder": "C34"}
    seeds = [*bodies(*COMMANDS)]
    seeds.append(amf.encode("@setDataFrame", "onMetaData", EcmaArray(told)))
    seeds.append(amf.encode("connect", 1.0, {"app": "live", "capsEx": 15.0, "fourCcList": ["*"]}))
    seeds.append(amf.encode(True, None, UNDEFINED, Date(1e12), [1.0, [{"a": "b" * 300}]]))
    seeds += [b"\x0a\x00\x00\x00\x01" * deep + b"\x05" for deep in (MAX_DEPTH, MAX_DEPTH + 9)]
    seeds.append(b"\x10\x00\x01c" + amf.encode({"x": 1.0})[1:] + b"\x0c\x00\x00\x00\x02hi")
    words = [bytes([marker]) for marker in (0, 1, 2, 3, 8, 11, 12, 15, 16)]
    words += [b"\x00\x00\x09", b"\x0a\x00\x00\x00\x01"]
    figure(fuzz("amf.decode", 50_000, seeds, check, refusal=RtmpError, words=words))


def decoder() -> TagDecoder:
    made = TagDecoder()
    made.video(VIDEO_CONFIG)
    made.audio(AUDIO_CONFIG)
    return made


@pytest.mark.parametrize("kind", [Kind.VIDEO, Kind.AUDIO])
def test_tags(figure: Callable[[str], None], kind: Kind) -> None:
    """What is refused changes nothing: what comes after it is read as before."""
    tags = decoder()

    def check(body: bytes) -> Hashable:
        before = tags._avc, tags.sound.config
        is_sequence_start(kind, body)
        try:
            found = tags.video(body) if kind is Kind.VIDEO else tags.audio(body)
        except MediaError:
            assert (tags._avc, tags.sound.config) == before
            raise
        after, (tags._avc, tags.sound.config) = (tags._avc, tags.sound.config), before
        assert (after != before) == isinstance(found, AvcConfig | AacConfig)
        if isinstance(found, VideoNals):
            assert -(1 << 23) <= found.cts_ms < 1 << 23
            assert sum(map(len, found.nals)) + found.stray <= len(body)
        elif isinstance(found, AudioFrame):
            assert len(found.payload) <= len(body) + 256
        return type(found), body[:1]

    if kind is Kind.VIDEO:
        seeds = [VIDEO_CONFIG, picture(IDR, cts=40), *bodies(MessageType.VIDEO)]
        words = [b"avc1", b"hvc1", b"\x80", b"\x93avc1", b"\x96\x00avc1\x00", b"\x87\x00\x00\x01"]
    else:
        seeds = [AUDIO_CONFIG, AUDIO_FRAME, *bodies(MessageType.AUDIO)]
        words = [b"mp4a", b"\x90mp4a", b"\x91mp4a", b"\x95\x00mp4a\x00", b"\x97\x00\x00\x01"]
    figure(fuzz(f"TagDecoder.{kind}", 40_000, seeds, check, refusal=MediaError, words=words))


def test_addresses(figure: Callable[[str], None]) -> None:
    def check(data: bytes) -> Hashable:
        app, tc_url, name, *_ = [*data.decode(errors="replace").split("\n"), "", ""]
        found = resolve(app, tc_url, name)
        assert not found.key or found.key not in found.app.split("/")
        assert "?" not in found.tc_url
        assert "@" not in found.tc_url.partition("://")[2].partition("/")[0]
        return bool(found.key), bool(found.app), bool(found.tc_url)

    seeds = [
        b"live\nrtmp://relay.example:1935/live\nsecret-key",
        b"live/secret-key\nrtmp://user:p@ss@relay.example/live/secret-key\n",
        b"live?key=secret-key\nrtmps://relay.example/live?key=secret-key\nstream?key=a%20b&x=1",
    ]
    words = [b"?key=", b"/", b"://", b"@", b"\n", b"secret-key", b"%2F", b"x" * 500]
    figure(fuzz("resolve", 40_000, seeds, check, refusal=RtmpError, words=words))
