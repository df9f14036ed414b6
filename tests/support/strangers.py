"""Datagrams that a stranger may send to the port of an edge."""

from __future__ import annotations

import itertools
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator


def datagrams(rng: random.Random) -> Iterator[bytes]:
    """Kinds in turn: empty, random, forged STUN, DTLS, RTP and RTCP; without end."""
    kinds: tuple[Callable[[random.Random], bytes], ...] = (
        lambda _: b"",
        lambda rng: rng.randbytes(rng.choice((1, 3, 12, 200, 1500))),
        binding_request,
        client_hello,
        rtp,
        sender_report,
        feedback,
        goodbye,
    )
    for kind in itertools.cycle(kinds):
        yield kind(rng)


def binding_request(rng: random.Random) -> bytes:
    """A STUN binding request (RFC 8489) for a user name that nobody has."""
    name = rng.randbytes(8).hex().encode()
    attribute = struct.pack("!HH", 0x0006, len(name)) + name
    return struct.pack("!HHI", 1, len(attribute), 0x2112A442) + rng.randbytes(12) + attribute


def client_hello(rng: random.Random) -> bytes:
    """A DTLS 1.2 ClientHello (RFC 6347) with one cipher suite."""
    body = b"\xfe\xfd" + rng.randbytes(32) + b"\0\0" + b"\0\x02\xc0\x2b" + b"\x01\0"
    size = len(body).to_bytes(3, "big")
    handshake = b"\x01" + size + b"\0\0" + b"\0\0\0" + size + body
    return b"\x16\xfe\xfd" + b"\0\0" + bytes(6) + struct.pack("!H", len(handshake)) + handshake


def rtp(rng: random.Random) -> bytes:
    """An RTP packet (RFC 3550) that nobody's key protects."""
    header = struct.pack("!BBHII", 0x80, 96, rng.getrandbits(16), rng.getrandbits(32), 1)
    return header + rng.randbytes(600)


def sender_report(rng: random.Random) -> bytes:
    """A sender report and what looks like an SRTCP trailer."""
    return struct.pack("!BBHI", 0x80, 200, 6, rng.getrandbits(32)) + rng.randbytes(40)


def feedback(rng: random.Random) -> bytes:
    """A picture loss indication (RFC 4585)."""
    return struct.pack("!BBHII", 0x81, 206, 2, 1, rng.getrandbits(32)) + rng.randbytes(20)


def goodbye(rng: random.Random) -> bytes:
    """A BYE."""
    return struct.pack("!BBHI", 0x81, 203, 1, rng.getrandbits(32)) + rng.randbytes(20)
