"""What is left of a DTLS 1.2 association once SRTP has its keys: each side's goodbye.

OpenSSL keeps some 64 KB for each association; this keeps two keys. For the cipher suites that
browsers negotiate: AES-GCM (RFC 5288) and ChaCha20-Poly1305 (RFC 7905). Everything but an authentic
close_notify is ignored.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

if TYPE_CHECKING:
    from OpenSSL import SSL

_HEADER: Final = struct.Struct("!B2s8sH")
"""Type, version, epoch with sequence number, length (RFC 6347 section 4.1)."""
_ALERT: Final = 21
_DTLS_1_2: Final = b"\xfe\xfd"
_EPOCH: Final = b"\x00\x01"
_CLOSE_NOTIFY: Final = b"\x01\x00"
_TAG: Final = 16


@dataclass(frozen=True, slots=True)
class _Suite:
    cipher: type[AESGCM | ChaCha20Poly1305]
    key: int
    """Bytes of a key."""
    implicit: int
    """Bytes of the nonce that both sides know."""
    explicit: int
    """Bytes of the nonce that stand in each record; 0: it is made of the record's number."""
    digest: str
    """Of the pseudo-random function."""


_SUITES: Final = {
    "ECDHE-ECDSA-AES128-GCM-SHA256": _Suite(AESGCM, 16, 4, 8, "sha256"),
    "ECDHE-ECDSA-CHACHA20-POLY1305": _Suite(ChaCha20Poly1305, 32, 12, 0, "sha256"),
}


CIPHERS: Final = ":".join(_SUITES).encode()
"""OpenSSL's list of them: no other is to be negotiated."""


@dataclass(frozen=True, slots=True)
class Alerts:
    """See the module. Keys are followed by their implicit nonces."""

    _suite: _Suite
    _ours: bytes
    """The key of what we send."""
    _theirs: bytes
    """The key of what the peer sends."""

    def __repr__(self) -> str:
        return "Alerts()"

    @classmethod
    def of(cls, connection: SSL.Connection, *, server: bool) -> Alerts | None:
        """Those of an association whose handshake is done; None where it is of another kind."""
        suite = _SUITES.get(connection.get_cipher_name() or "")
        master, client_random = connection.master_key(), connection.client_random()
        server_random = connection.server_random()
        if suite is None or connection.get_protocol_version_name() != "DTLSv1.2":
            return None
        if master is None or client_random is None or server_random is None:
            return None
        key, nonce = suite.key, suite.implicit
        seed = b"key expansion" + server_random + client_random
        block = _expand(master, seed, suite.digest, 2 * (key + nonce))
        client = block[:key] + block[2 * key : 2 * key + nonce]
        served = block[key : 2 * key] + block[2 * key + nonce :]
        return cls(suite, served, client) if server else cls(suite, client, served)

    def closes(self, datagram: bytes) -> bool:
        """Whether a datagram has the peer's authentic close_notify."""
        while len(datagram) >= _HEADER.size:
            kind, version, place, length = _HEADER.unpack_from(datagram)
            body = datagram[_HEADER.size : _HEADER.size + length]
            datagram = datagram[_HEADER.size + length :]
            if kind != _ALERT or version != _DTLS_1_2 or place[:2] != _EPOCH:
                continue
            if not len(body) == length == self._suite.explicit + len(_CLOSE_NOTIFY) + _TAG:
                continue
            try:
                plain = self._open(place, body)
            except InvalidTag:
                continue
            if plain[1:] == _CLOSE_NOTIFY[1:]:
                return True
        return False

    def goodbye(self) -> bytes:
        """Our close_notify; to be made once.

        Its number is far beyond those of the handshake, which are not known here.
        """
        place = _EPOCH + (secrets.randbits(40) | 1 << 40).to_bytes(6, "big")
        explicit = place[: self._suite.explicit]
        nonce = self._nonce(self._ours, place, explicit)
        cipher = self._suite.cipher(self._ours[: self._suite.key])
        body = explicit + cipher.encrypt(nonce, _CLOSE_NOTIFY, _associated(place))
        return _HEADER.pack(_ALERT, _DTLS_1_2, place, len(body)) + body

    def _open(self, place: bytes, body: bytes) -> bytes:
        explicit = body[: self._suite.explicit]
        nonce = self._nonce(self._theirs, place, explicit)
        cipher = self._suite.cipher(self._theirs[: self._suite.key])
        return cipher.decrypt(nonce, body[len(explicit) :], _associated(place))

    def _nonce(self, key: bytes, place: bytes, explicit: bytes) -> bytes:
        implicit = key[self._suite.key :]
        if explicit:
            return implicit + explicit
        return bytes(a ^ b for a, b in zip(implicit, bytes(4) + place, strict=True))


def _associated(place: bytes) -> bytes:
    return place + bytes([_ALERT]) + _DTLS_1_2 + struct.pack("!H", len(_CLOSE_NOTIFY))


def _expand(secret: bytes, seed: bytes, digest: str, size: int) -> bytes:
    """TLS 1.2's pseudo-random function (RFC 5246 section 5)."""
    algorithm = getattr(hashlib, digest)
    found, link = b"", seed
    while len(found) < size:
        link = hmac.new(secret, link, algorithm).digest()
        found += hmac.new(secret, link + seed, algorithm).digest()
    return found[:size]
