"""The server's side of the RTMP handshake, simple (RTMP 1.0 section 5.2) and with digests.

The digest handshake never made it into the specification. Its packets have the same sizes; C1 and
S1 hold an HMAC-SHA256 of themselves at a place that four of their own bytes choose, in one of two
layouts ("schemes"), and S2 and C2 end with an HMAC that is keyed by the digest they answer. The
keys are the same in every implementation, so that it authenticates nobody: it only has to be right
because encoders (FFmpeg among them) hang up when it is not.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from enum import Enum, auto
from typing import Final

from relay.ingest.rtmp.errors import RtmpError

VERSION: Final = 3
PACKET: Final = 1536
"""Bytes of each of C1, C2, S1 and S2."""
DIGEST: Final = 32

_SHARED_KEY: Final = bytes.fromhex(
    "f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae"
)
CLIENT_NAME: Final = b"Genuine Adobe Flash Player 001"
"""Keys the digest of C1."""
SERVER_NAME: Final = b"Genuine Adobe Flash Media Server 001"
"""Keys the digest of S1."""
CLIENT_KEY: Final = CLIENT_NAME + _SHARED_KEY
"""Keys the answer in C2."""
SERVER_KEY: Final = SERVER_NAME + _SHARED_KEY
"""Keys the answer in S2."""

_OFFSETS: Final = (8, 772)
"""Where the four bytes stand that choose the digest's place, by scheme."""
_OFFSET_RANGE: Final = 728
_SERVER_VERSION: Final = bytes((4, 5, 0, 1))
"""Anything from 3 up tells a client that S1 and S2 carry digests."""


def digest_position(packet: bytes | bytearray, scheme: int) -> int:
    """Where the digest of a C1 or S1 in `scheme` 0 or 1 begins."""
    start = _OFFSETS[scheme]
    return sum(packet[start : start + 4]) % _OFFSET_RANGE + start + 4


def packet_digest(packet: bytes | bytearray, position: int, key: bytes) -> bytes:
    """The digest of a C1 or S1: over all of it but the digest itself."""
    return _hmac(key, packet[:position] + packet[position + DIGEST :])


def answer_digest(key: bytes, answered: bytes, packet: bytes | bytearray) -> bytes:
    """The last 32 bytes of an S2 or C2 that answers the digest `answered`."""
    return _hmac(_hmac(key, answered), packet[:-DIGEST])


def find_digest(packet: bytes, key: bytes) -> tuple[int, bytes] | None:
    """The scheme and digest of a C1 or S1 that was signed with `key`, if it was."""
    for scheme in (0, 1):
        position = digest_position(packet, scheme)
        digest = packet[position : position + DIGEST]
        if hmac.compare_digest(digest, packet_digest(packet, position, key)):
            return scheme, digest
    return None


def _hmac(key: bytes, data: bytes | bytearray) -> bytes:
    return hmac.digest(key, data, hashlib.sha256)


class _Step(Enum):
    HELLO = auto()
    """Waiting for C0 and C1."""
    ANSWER = auto()
    """Waiting for C2."""
    DONE = auto()


class Handshake:
    """The server's side of one handshake; takes bytes in pieces of any size."""

    def __init__(self) -> None:
        self._step = _Step.HELLO
        self._buffer = bytearray()
        self.scheme: int | None = None
        """The digest's layout, 0 or 1; None until C1 has come, and for a simple handshake."""

    @property
    def done(self) -> bool:
        """Whether C2 has come, and all further bytes are chunks."""
        return self._step is _Step.DONE

    def receive(self, data: bytes, now: float) -> tuple[bytes, bytes]:
        """Take bytes from the client; `now` is in seconds of any clock.

        Returns what to send, and what of `data` comes after the handshake.

        Raises:
            RtmpError: the client speaks something else, or the encrypted RTMPE.
        """
        self._buffer += data
        output = b""
        if self._step is _Step.HELLO:
            if self._buffer and self._buffer[0] != VERSION:
                raise RtmpError(f"not RTMP: version {self._buffer[0]} where 3 is spoken")
            if len(self._buffer) > PACKET:
                output = self._answer(self._take(1 + PACKET)[1:], now)
                self._step = _Step.ANSWER
        if self._step is _Step.ANSWER and len(self._buffer) >= PACKET:
            # C2 is not compared with S1: it proves nothing, and some encoders send it wrong.
            self._take(PACKET)
            self._step = _Step.DONE
        rest = self._take(len(self._buffer)) if self.done else b""
        return output, rest

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _answer(self, c1: bytes, now: float) -> bytes:
        time = (int(now * 1000) & 0xFFFFFFFF).to_bytes(4, "big")
        # A client that leaves its version zero asks for the simple handshake.
        found = find_digest(c1, CLIENT_NAME) if any(c1[4:8]) else None
        if found is None:
            return bytes((VERSION,)) + time + bytes(4) + os.urandom(PACKET - 8) + c1
        self.scheme, digest = found
        s1 = bytearray(time + _SERVER_VERSION + os.urandom(PACKET - 8))
        position = digest_position(s1, self.scheme)
        s1[position : position + DIGEST] = packet_digest(s1, position, SERVER_NAME)
        s2 = bytearray(os.urandom(PACKET))
        s2[-DIGEST:] = answer_digest(SERVER_KEY, digest, s2)
        return bytes((VERSION,)) + s1 + s2
