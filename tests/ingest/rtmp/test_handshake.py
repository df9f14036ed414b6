import os
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import ProtocolError
from relay.ingest.rtmp.handshake import (
    CLIENT_NAME,
    DIGEST,
    PACKET,
    SERVER_KEY,
    SERVER_NAME,
    Handshake,
    answer_digest,
    digest_position,
    find_digest,
    packet_digest,
)

CAPTURE = Path(__file__).parents[2] / "captures" / "rtmp_plain.bin"


def signed_c1(scheme: int) -> bytes:
    packet = bytearray(bytes(4) + b"\x0a\x00\x2d\x02" + os.urandom(PACKET - 8))
    position = digest_position(packet, scheme)
    packet[position : position + DIGEST] = packet_digest(packet, position, CLIENT_NAME)
    return bytes(packet)


def test_simple_handshake_echoes_the_client():
    handshake = Handshake()
    c1 = b"\x00\x00\x00\x07" + bytes(4) + os.urandom(PACKET - 8)

    answer, rest = handshake.receive(b"\x03" + c1, 1.5)

    assert (answer[0], rest, handshake.done, handshake.scheme) == (3, b"", False, None)
    assert answer[1:9] == (1500).to_bytes(4, "big") + bytes(4)
    assert answer[1 + PACKET :] == c1


def test_what_follows_c2_is_handed_back():
    handshake = Handshake()

    _, rest = handshake.receive(b"\x03" + bytes(PACKET) + os.urandom(PACKET) + b"chunks", 0.0)

    assert handshake.done
    assert rest == b"chunks"


@pytest.mark.parametrize("scheme", [0, 1])
def test_digest_handshake_signs_in_the_clients_scheme(scheme: int):
    handshake = Handshake()
    c1 = signed_c1(scheme)

    answer, _ = handshake.receive(b"\x03" + c1, 0.0)
    s1, s2 = answer[1 : 1 + PACKET], answer[1 + PACKET :]

    assert handshake.scheme == scheme
    signed = find_digest(s1, SERVER_NAME)
    assert signed is not None
    assert signed[0] == scheme
    position = digest_position(c1, scheme)
    assert s2[-DIGEST:] == answer_digest(SERVER_KEY, c1[position : position + DIGEST], s2)


@pytest.mark.parametrize("scheme", [0, 1])
def test_no_byte_of_a_digest_can_be_spared(scheme: int):
    c1 = signed_c1(scheme)
    position = digest_position(c1, scheme)
    for index in (0, 7, position, position + DIGEST - 1, PACKET - 1):
        wrong = bytearray(c1)
        wrong[index] ^= 1
        assert find_digest(bytes(wrong), CLIENT_NAME) is None


def test_a_version_without_a_digest_is_answered_simply():
    handshake = Handshake()
    c1 = bytes(4) + b"\x80\x00\x07\x02" + bytes(PACKET - 8)

    answer, _ = handshake.receive(b"\x03" + c1, 0.0)

    assert handshake.scheme is None
    assert answer[1 + PACKET :] == c1


def test_ffmpeg_signs_its_c1():
    handshake = Handshake()

    handshake.receive(CAPTURE.read_bytes()[: 1 + PACKET], 0.0)

    assert handshake.scheme == 0


@pytest.mark.parametrize("first", [b"\x06", b"GET / HTTP/1.1\r\n", b"\x16\x03\x01", b"\x00"])
def test_other_protocols_are_told_by_their_first_byte(first: bytes):
    with pytest.raises(ProtocolError, match="not RTMP"):
        Handshake().receive(first, 0.0)


@given(st.lists(st.integers(0, 1 + 2 * PACKET + 5), max_size=20), st.sampled_from([None, 0, 1]))
def test_pieces_of_any_size_make_the_same_handshake(cuts: list[int], scheme: int | None):
    c1 = bytes(PACKET) if scheme is None else signed_c1(scheme)
    data = b"\x03" + c1 + os.urandom(PACKET) + b"after"
    handshake = Handshake()
    output, rest = b"", b""
    for start, end in pairwise([0, *sorted(cuts), len(data)]):
        sent, more = handshake.receive(data[start:end], 0.0)
        output += sent
        rest += more

    assert (handshake.done, handshake.scheme, rest) == (True, scheme, b"after")
    assert len(output) == 1 + 2 * PACKET
