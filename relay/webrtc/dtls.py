"""DTLS with OpenSSL: from datagrams to SRTP keys. The only home of its internals.

`Association` is sans-IO; `Dtls` is the asyncio shell around it, which keeps its timers. Nothing
that a stranger sends reaches either: datagrams come from addresses that ICE has authenticated.

Back-pressure: what comes before the handshake is begun waits, `MAX_QUEUE` datagrams of it; the rest
is dropped, and DTLS repeats its flights. From then on nothing waits.
"""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiortc import rtcdtlstransport as aiortc_dtls
from OpenSSL import SSL, crypto

from relay.errors import ProtocolError
from relay.webrtc.alerts import CIPHERS, Alerts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Fingerprint = aiortc_dtls.RTCDtlsFingerprint

MAX_QUEUE: Final = 32
HANDSHAKE_S: Final = 15.0
REPEAT_S: Final = 8.0
"""How long after its end a handshake's last flight can be repeated, for a peer that missed it."""
_CHUNK: Final = 4096
_DATAGRAM: Final = 1200
"""Bytes of a datagram that every path takes."""
_RECORD_HEADER: Final = 13

# AES-128-GCM first: it is the cheapest by far, and Chromium takes the server's first choice.
_PROFILES: Final = {
    profile.openssl_profile: profile
    for profile in (
        aiortc_dtls.SRTP_AEAD_AES_128_GCM,
        aiortc_dtls.SRTP_AEAD_AES_256_GCM,
        aiortc_dtls.SRTP_AES128_CM_SHA1_80,
    )
    if profile in aiortc_dtls.SRTP_PROFILES
}
_DIGESTS: Final = {"sha-256": hashlib.sha256, "sha-384": hashlib.sha384, "sha-512": hashlib.sha512}
"""Fingerprints that count (RFC 8122 section 5)."""


@dataclass(frozen=True, slots=True)
class SrtpKeys:
    """Keying material of one session (RFC 5764 section 4.2): each key is followed by its salt."""

    profile: str
    """`AEAD_AES_128_GCM`, `AEAD_AES_256_GCM` or `AES128_CM_SHA1_80`."""
    send: bytes
    """Key and salt of what we send."""
    receive: bytes
    """Key and salt of what we receive."""

    def __repr__(self) -> str:
        return f"SrtpKeys({self.profile})"


class Certificate(aiortc_dtls.RTCCertificate):
    """A self-signed P-256 certificate, and one TLS context for all its sessions."""

    _context: SSL.Context | None = None

    @classmethod
    def make(cls) -> Certificate:
        """A new one, valid for 30 days: longer than any edge runs."""
        return cls.generateCertificate()

    @property
    def fingerprint(self) -> Fingerprint:
        """The SHA-256 fingerprint."""
        return next(f for f in self.getFingerprints() if f.algorithm == "sha-256")

    @property
    def context(self) -> SSL.Context:
        """Made once: it takes some 100 KB."""
        if self._context is None:
            context = self._create_ssl_context(list(_PROFILES.values()))
            context.set_mode(SSL.MODE_RELEASE_BUFFERS)
            context.set_cipher_list(CIPHERS)
            self._context = context
        return self._context


class Association:
    """One peer's association with OpenSSL's help: datagrams in, datagrams out. Sans-IO.

    Where a method raises, for whatever a peer may have sent, the association is of no more use.
    """

    __slots__ = ("__weakref__", "_fingerprints", "_server", "_ssl", "closed", "fault", "keys")

    def __init__(
        self, certificate: Certificate, fingerprints: Iterable[Fingerprint], *, server: bool
    ) -> None:
        self._ssl = SSL.Connection(certificate.context)
        self._server = server
        if server:
            self._ssl.set_accept_state()
        else:
            self._ssl.set_connect_state()
        self._fingerprints = fingerprints
        self.keys: SrtpKeys | None = None
        """Once the handshake is done, and the peer's certificate is the right one."""
        self.fault: str | None = None
        """What happened to the handshake, if it has failed."""
        self.closed = False
        """Whether the peer has said goodbye."""

    def begin(self) -> list[bytes]:
        """Begin the handshake; returns the datagrams to send."""
        return self._advance()

    def receive(self, datagram: bytes) -> list[bytes]:
        """Take a datagram; returns those to send."""
        self._ssl.bio_write(datagram)
        if self.keys is None:
            return self._advance()
        try:
            while True:
                self._ssl.recv(1500)  # a repeated flight is answered by ours
        except SSL.ZeroReturnError:
            self.closed = True
        except SSL.Error:
            pass
        return self._flight()

    def timeout(self) -> float | None:
        """Seconds until `expire` has something to do; None: it has nothing."""
        return self._ssl.DTLSv1_get_timeout()

    def expire(self) -> list[bytes]:
        """The last flight once more, if that is due; returns the datagrams to send."""
        wait = self.timeout()
        if wait is None or wait > 0:
            return []
        try:
            self._ssl.DTLSv1_handle_timeout()
        except SSL.Error as error:
            self.fault = f"failed: {error}"
        return self._flight()

    def goodbye(self) -> list[bytes]:
        """What is to be sent to a peer that need not wait for consent to end."""
        with suppress(SSL.Error):
            self._ssl.shutdown()
        return self._flight()

    def alerts(self) -> Alerts | None:
        """What has to be kept of an association that has its keys."""
        return Alerts.of(self._ssl, server=self._server)

    def _advance(self) -> list[bytes]:
        if self.fault is None:
            try:
                self._ssl.do_handshake()
            except SSL.WantReadError:
                pass
            except SSL.Error:
                self.fault = "failed"
            else:
                self._finish()
        return self._flight()

    def _finish(self) -> None:
        if not self._is_announced():
            self.fault = "failed: the certificate is not the one in the offer"
            return
        name = self._ssl.get_selected_srtp_profile()
        profile = _PROFILES.get(name)
        if profile is None:
            self.fault = "failed: there is no SRTP profile that both know"
            return
        material = self._ssl.export_keying_material(
            b"EXTRACTOR-dtls_srtp", 2 * (profile.key_length + profile.salt_length)
        )
        client, server = (profile.get_key_and_salt(material, index) for index in (0, 1))
        send, receive = (server, client) if self._server else (client, server)
        self.keys = SrtpKeys(name.decode().removeprefix("SRTP_"), send, receive)

    def _is_announced(self) -> bool:
        """Whether the peer's certificate has all fingerprints that count, and one at least."""
        certificate = self._ssl.get_peer_certificate()
        assert certificate is not None
        # The certificate's bytes: the library that would parse them raises errors of many kinds for
        # certificates that OpenSSL takes.
        der = crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate)
        known = [
            _DIGESTS[f.algorithm.lower()](der).hexdigest() == f.value.replace(":", "").lower()
            for f in self._fingerprints
            if f.algorithm.lower() in _DIGESTS
        ]
        return bool(known) and all(known)

    def _flight(self) -> list[bytes]:
        flight = b""
        with suppress(SSL.Error):
            while len(flight) % _CHUNK == 0:
                flight += self._ssl.bio_read(_CHUNK)
        return _datagrams(flight)


def _datagrams(flight: bytes) -> list[bytes]:
    """A flight's records, as many in a datagram as it takes (RFC 6347 section 4.1)."""
    if len(flight) <= _DATAGRAM:
        return [flight] if flight else []
    found: list[bytes] = []
    begin = end = 0
    while end < len(flight):
        size = _RECORD_HEADER + int.from_bytes(flight[end + 11 : end + 13], "big")
        if end > begin and end + size - begin > _DATAGRAM:
            found.append(flight[begin:end])
            begin = end
        end += size
    return [*found, flight[begin:]]


class Dtls:
    """One session's DTLS."""

    def __init__(
        self,
        certificate: Certificate,
        fingerprints: list[Fingerprint],
        send: Callable[[bytes], None],
        closed: Callable[[], None],
        *,
        server: bool = True,
    ) -> None:
        """`send` takes datagrams for the peer; `closed` is called when the peer says goodbye."""
        self._association: Association | None = Association(
            certificate, fingerprints, server=server
        )
        self._send = send
        self._closed = closed
        self._early: list[bytes] = []
        """What has come before the handshake was begun."""
        self._outcome: asyncio.Future[SrtpKeys] | None = None
        """Of the handshake, once it is begun."""
        self._limit: asyncio.TimerHandle | None = None
        """Ends a handshake that takes too long; later, lets go of OpenSSL."""
        self._repeat: asyncio.TimerHandle | None = None
        """For what the peer may have missed."""
        self._alerts: Alerts | None = None
        """What is left once OpenSSL was let go."""
        self._stopped = False
        self.dropped = 0
        """Datagrams that found the queue full."""

    def receive(self, datagram: bytes) -> None:
        """Take a DTLS datagram from an address that ICE has authenticated."""
        if self._alerts is not None:
            if self._alerts.closes(datagram):
                self._closed()
        elif self._association is None or not datagram:
            pass
        elif self._outcome is not None:
            self._go_on(self._association.receive, datagram)
        elif len(self._early) < MAX_QUEUE:
            self._early.append(datagram)
        else:
            self.dropped += 1

    async def handshake(self, timeout_s: float = HANDSHAKE_S) -> SrtpKeys:
        """Run the handshake, check the peer's certificate, and derive the SRTP keys.

        Raises:
            ProtocolError: it failed, took longer than `timeout_s`, or was stopped.
        """
        association = self._association
        if association is None:
            raise _failed("was stopped")
        loop = asyncio.get_running_loop()
        # Not asyncio.wait_for, which before Python 3.12 may swallow a cancellation.
        self._limit = loop.call_later(timeout_s, self._fail, _failed("timed out"))
        self._outcome = loop.create_future()
        self._go_on(association.begin)
        early, self._early = self._early, []
        for datagram in early:
            self.receive(datagram)
        try:
            keys = await self._outcome
        except BaseException:
            self._end(self._association.goodbye() if self._association is not None else [])
            raise
        self._cancel(self._limit)
        if self._association is not None:
            self._limit = loop.call_later(REPEAT_S, self._let_go)
        return keys

    async def stop(self) -> None:
        """Say goodbye and free the association."""
        association, outcome = self._association, self._outcome
        goodbye: list[bytes] = []
        if association is not None and outcome is not None and not association.closed:
            goodbye = association.goodbye()
        elif self._alerts is not None and not self._stopped:
            goodbye = [self._alerts.goodbye()]
        self._stopped = True
        self._end(goodbye)
        self._fail(_failed("was stopped"))

    def _go_on(self, work: Callable[..., list[bytes]], *arguments: bytes) -> None:
        """Let the association do something, send what it says, and heed what has become of it."""
        association, outcome = self._association, self._outcome
        assert association is not None
        assert outcome is not None
        try:
            flight = work(*arguments)
        except Exception as error:  # noqa: BLE001 - what one peer can bring about ends its session
            self._broke(outcome, error)
            return
        for datagram in flight:
            self._send(datagram)
        if association.closed:
            self._end([])
            self._closed()
            return
        if not outcome.done():
            if association.fault is not None:
                outcome.set_exception(_failed(association.fault))
            elif association.keys is not None:
                outcome.set_result(association.keys)
                self._cancel(self._repeat)
                self._repeat = None
        self._watch(association)

    def _broke(self, outcome: asyncio.Future[SrtpKeys], error: Exception) -> None:
        if outcome.done():
            self._end([])
            self._closed()
        else:
            outcome.set_exception(error)

    def _watch(self, association: Association) -> None:
        if self._repeat is None and association is self._association:  # not stopped meanwhile
            wait = association.timeout()
            if wait is not None:
                self._repeat = asyncio.get_running_loop().call_later(wait, self._expired)

    def _expired(self) -> None:
        self._repeat = None
        if self._association is not None:
            self._go_on(self._association.expire)

    def _fail(self, error: ProtocolError) -> None:
        if self._outcome is not None and not self._outcome.done():
            self._outcome.set_exception(error)

    def _let_go(self) -> None:
        """Free OpenSSL's association, and keep what both sides' goodbyes need of it."""
        if self._association is not None:
            self._alerts = self._association.alerts()
            if self._alerts is not None:
                self._end([])

    def _end(self, goodbye: list[bytes]) -> None:
        self._association = None  # it takes some 60 KB; what is left here may wait for others
        self._cancel(self._limit)
        self._cancel(self._repeat)
        for datagram in goodbye:
            self._send(datagram)

    @staticmethod
    def _cancel(timer: asyncio.TimerHandle | None) -> None:
        if timer is not None:
            timer.cancel()


def _failed(how: str) -> ProtocolError:
    return ProtocolError(f"DTLS handshake {how}")
