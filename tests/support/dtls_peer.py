"""The other side of DTLS-SRTP: OpenSSL's, as a client or a server. Sans-IO.

It sends a datagram for each record, as programs do that write to a socket.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from aiortc.rtcdtlstransport import RTCCertificate
from OpenSSL import SSL

from relay.webrtc.dtls import SrtpKeys

if TYPE_CHECKING:
    from relay.webrtc.dtls import Fingerprint

GCM, GCM_256, SHA1 = b"SRTP_AEAD_AES_128_GCM", b"SRTP_AEAD_AES_256_GCM", b"SRTP_AES128_CM_SHA1_80"
BROWSER: Final = (GCM_256, GCM, SHA1)
_SIZES: Final = {GCM: (16, 12), GCM_256: (32, 12), SHA1: (16, 14)}

CERTIFICATE: Final = RTCCertificate.generateCertificate()
"""One for all peers of a test run: making one costs more than a handshake."""


def records(flight: bytes) -> list[bytes]:
    """The DTLS records of a flight (RFC 6347 section 4.1)."""
    found = []
    while flight:
        size = 13 + int.from_bytes(flight[11:13], "big")
        found.append(flight[:size])
        flight = flight[size:]
    return found


def certificate_fingerprint(certificate: RTCCertificate = CERTIFICATE) -> Fingerprint:
    """The SHA-256 fingerprint."""
    return next(f for f in certificate.getFingerprints() if f.algorithm == "sha-256")


class DtlsPeer:
    """An association with the relay."""

    def __init__(
        self,
        *,
        server: bool = False,
        profiles: tuple[bytes, ...] = BROWSER,
        certificate: RTCCertificate = CERTIFICATE,
        ciphers: bytes | None = None,
    ) -> None:
        context = SSL.Context(SSL.DTLS_METHOD)
        context.set_options(SSL.OP_NO_TICKET)
        context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
        context.use_certificate(certificate._cert)
        context.use_privatekey(certificate._key)
        context.set_tlsext_use_srtp(b":".join(profiles))
        if ciphers is not None:
            context.set_cipher_list(ciphers)
        self._ssl = SSL.Connection(context)
        self._server = server
        if server:
            self._ssl.set_accept_state()
        else:
            self._ssl.set_connect_state()
        self.keys: SrtpKeys | None = None
        """As the relay would name them, but seen from here: `send` is what this side sends."""
        self.failed: str | None = None
        self.closed = False

    def advance(self) -> list[bytes]:
        """Go on with the handshake; returns the datagrams to send."""
        if self.keys is None and self.failed is None:
            try:
                self._ssl.do_handshake()
            except SSL.WantReadError:
                pass
            except SSL.Error as error:
                self.failed = str(error)
            else:
                self._export()
        return self._flush()

    def receive(self, datagram: bytes) -> list[bytes]:
        """Take a datagram; returns those to send."""
        self._ssl.bio_write(datagram)
        out = self.advance()
        try:
            self._ssl.recv(2048)
        except SSL.ZeroReturnError:
            self.closed = True
        except SSL.Error:
            pass
        return out + self._flush()

    def repeat(self) -> list[bytes]:
        """The last flight again, as after a time-out."""
        self._ssl.DTLSv1_handle_timeout()
        return self._flush()

    def timeout(self) -> float | None:
        """Seconds until the last flight is due again."""
        wait: float | None = self._ssl.DTLSv1_get_timeout()
        return wait

    def close(self) -> list[bytes]:
        """Say goodbye."""
        with suppress(SSL.Error):
            self._ssl.shutdown()
        return self._flush()

    @property
    def peer_certificate(self) -> object:
        """The relay's certificate."""
        return self._ssl.get_peer_certificate(as_cryptography=True)

    @property
    def version(self) -> str:
        """The protocol that was negotiated."""
        return str(self._ssl.get_protocol_version_name())

    def _flush(self) -> list[bytes]:
        flight = b""
        while True:
            try:
                flight += self._ssl.bio_read(65536)
            except SSL.Error:
                return records(flight)

    def _export(self) -> None:
        profile = self._ssl.get_selected_srtp_profile()
        if profile not in _SIZES:
            self.failed = "no SRTP profile"
            return
        key, salt = _SIZES[profile]
        material = self._ssl.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (key + salt))
        keys = material[:key], material[key : 2 * key]
        salts = material[2 * key : 2 * key + salt], material[2 * key + salt :]
        client, server = keys[0] + salts[0], keys[1] + salts[1]
        name = profile.decode().removeprefix("SRTP_")
        self.keys = SrtpKeys(name, *((server, client) if self._server else (client, server)))
