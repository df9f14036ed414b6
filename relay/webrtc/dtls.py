"""DTLS through aiortc: from datagrams to SRTP keys. The only home of aiortc's DTLS internals.

aiortc's transport runs over an object of ours that offers `role`, `_recv`, `_send` and `stop`, so
that no socket, and nothing that a stranger sends, ever reaches aiortc's own ICE transport.

Back-pressure: `receive` queues `MAX_QUEUE` datagrams and drops what comes on top; DTLS repeats its
flights.
"""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from aiortc import rtcdtlstransport as aiortc_dtls
from OpenSSL import SSL, crypto

from relay.errors import ProtocolError
from relay.webrtc.alerts import CIPHERS, Alerts

if TYPE_CHECKING:
    from collections.abc import Callable

Fingerprint = aiortc_dtls.RTCDtlsFingerprint

MAX_QUEUE: Final = 32
HANDSHAKE_S: Final = 15.0
REPEAT_S: Final = 8.0
"""How long after its end a handshake's last flight can be repeated, for a peer that missed it."""

# AES-128-GCM first: it is the cheapest by far, and Chromium takes the server's first choice.
_PROFILES: Final = [
    profile
    for profile in (
        aiortc_dtls.SRTP_AEAD_AES_128_GCM,
        aiortc_dtls.SRTP_AEAD_AES_256_GCM,
        aiortc_dtls.SRTP_AES128_CM_SHA1_80,
    )
    if profile in aiortc_dtls.SRTP_PROFILES
]
_DIGESTS: Final = {"sha-256": "sha256", "sha-384": "sha384", "sha-512": "sha512"}
"""Fingerprints that count (RFC 8122 section 5), and hashlib's names for them."""


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

    def _create_ssl_context(
        self, srtp_profiles: list[aiortc_dtls.SRTPProtectionProfile]
    ) -> SSL.Context:
        if self._context is None:
            self._context = super()._create_ssl_context(srtp_profiles)
            self._context.set_mode(SSL.MODE_RELEASE_BUFFERS)
            self._context.set_cipher_list(CIPHERS)
        return self._context


class _Pipe:
    """What aiortc sees instead of an ICE transport."""

    role = "controlled"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._sender = send
        self.inbound: asyncio.Queue[bytes] = asyncio.Queue(MAX_QUEUE)
        self.closed: str | None = None
        """Why nothing is read any more."""

    def close(self, reason: str) -> None:
        """End all reading, also that which waits."""
        self.closed = self.closed or reason
        if self.inbound.empty():
            self.inbound.put_nowait(b"")

    async def next(self, wait_s: float | None) -> bytes:
        """The next datagram; nothing once `wait_s` have passed without one.

        Raises:
            ConnectionError: nothing is read any more.
        """
        data = self.waiting()
        if data is None:
            # Not asyncio.wait_for, which makes a task each time.
            timer = None
            if wait_s is not None:
                timer = asyncio.get_running_loop().call_later(wait_s, self._wake)
            try:
                data = await self.inbound.get()
            finally:
                if timer is not None:
                    timer.cancel()
        if self.closed:
            raise ConnectionError
        return data

    def waiting(self) -> bytes | None:
        """A datagram that has come already, if there is one."""
        return None if self.closed or self.inbound.empty() else self.inbound.get_nowait()

    def _wake(self) -> None:
        if self.inbound.empty():
            self.inbound.put_nowait(b"")

    async def _send(self, data: bytes) -> None:
        self._sender(data)

    async def stop(self) -> None:
        pass


class _Transport(aiortc_dtls.RTCDtlsTransport):
    """aiortc's transport, which hands out its keys instead of making SRTP sessions of them."""

    keys: SrtpKeys | None = None
    fault = "failed"
    """What happened to the handshake, if there are no keys."""

    def __init__(self, pipe: _Pipe, certificate: Certificate) -> None:
        super().__init__(cast("Any", pipe), [certificate])
        self._pipe = pipe

    def _validate_peer_identity(self, remoteParameters: aiortc_dtls.RTCDtlsParameters) -> None:  # noqa: N803
        # As aiortc does it, but on the certificate's bytes: the library that it parses them with
        # raises errors of many kinds for certificates that OpenSSL takes.
        assert self._ssl is not None
        certificate = self._ssl.get_peer_certificate()
        assert certificate is not None
        der = crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate)
        known = [
            (_DIGESTS[f.algorithm.lower()], f.value.replace(":", "").lower())
            for f in remoteParameters.fingerprints
            if f.algorithm.lower() in _DIGESTS
        ]
        if not known or any(
            hashlib.new(algorithm, der).hexdigest() != value for algorithm, value in known
        ):
            self.fault = "failed: the certificate is not the one in the offer"
            self._set_state(aiortc_dtls.State.FAILED)

    def _setup_srtp(self) -> None:
        assert self._ssl is not None
        name = self._ssl.get_selected_srtp_profile()
        profile = next((p for p in _PROFILES if p.openssl_profile == name), None)
        if profile is None:
            self.fault = "failed: there is no SRTP profile that both know"
            self._set_state(aiortc_dtls.State.FAILED)
            return
        material = self._ssl.export_keying_material(
            b"EXTRACTOR-dtls_srtp", 2 * (profile.key_length + profile.salt_length)
        )
        client, server = (profile.get_key_and_salt(material, index) for index in (0, 1))
        send, receive = (server, client) if self._role == "server" else (client, server)
        self.keys = SrtpKeys(name.decode().removeprefix("SRTP_"), send, receive)

    def alerts(self) -> Alerts | None:
        """What has to be kept of an association that has its keys."""
        assert self._ssl is not None
        return Alerts.of(self._ssl, server=self._role == "server")

    # aiortc's own loop makes a task for each datagram, and sends and waits after each; what follows
    # takes all that have come, one after the other: forged ones between them must not spoil them.

    async def _do_handshake(self) -> None:
        assert self._ssl is not None
        try:
            while not self.encrypted:
                try:
                    self._ssl.do_handshake()
                except SSL.WantReadError:
                    datagram = self._pipe.waiting()
                    if datagram is not None:
                        self._ssl.bio_write(datagram)
                        continue
                    await self._write_ssl()
                    await self._recv_next()
                except SSL.Error:
                    await self._write_ssl()
                    self._set_state(aiortc_dtls.State.FAILED)
                    return
                else:
                    self.encrypted = True
                    await self._write_ssl()
        except ConnectionError:
            self._set_state(aiortc_dtls.State.FAILED)

    async def _recv_next(self) -> None:
        assert self._ssl is not None
        datagram = await self._pipe.next(self._ssl.DTLSv1_get_timeout())
        if not datagram:
            self._ssl.DTLSv1_handle_timeout()
            await self._write_ssl()
            return
        self._ssl.bio_write(datagram)
        if not self.encrypted:
            return
        try:
            self._ssl.recv(1500)
        except SSL.ZeroReturnError:
            raise ConnectionError from None
        except SSL.Error:
            pass
        await self._write_ssl()

    async def goodbye(self) -> None:
        """Tell the peer of a handshake that failed, so that it need not wait for consent to end."""
        if self._ssl is not None:
            with suppress(SSL.Error):
                self._ssl.shutdown()
            await self._write_ssl()


class Dtls:
    """One session's DTLS association."""

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
        self._pipe = _Pipe(send)
        self._send = send
        self._alerts: Alerts | None = None
        self._stopped = False
        self._letting_go: asyncio.TimerHandle | None = None
        self._transport: _Transport | None = _Transport(self._pipe, certificate)
        self._transport._srtp_profiles = _PROFILES  # noqa: SLF001 - aiortc has no public way
        self._transport._set_role("server" if server else "client")  # noqa: SLF001
        self._fingerprints = fingerprints
        self._closed = closed
        self.dropped = 0
        """Datagrams that found the queue full."""

    def receive(self, datagram: bytes) -> None:
        """Take a DTLS datagram from an address that ICE has authenticated."""
        if self._alerts is not None:
            if self._alerts.closes(datagram):
                self._closed()
            return
        if not datagram:
            return
        try:
            self._pipe.inbound.put_nowait(datagram)
        except asyncio.QueueFull:
            self.dropped += 1

    async def handshake(self, timeout_s: float = HANDSHAKE_S) -> SrtpKeys:
        """Run the handshake, check the peer's certificate, and derive the SRTP keys.

        Raises:
            ProtocolError: it failed, took longer than `timeout_s`, or was stopped.
        """
        # Cancelling would go through asyncio.wait_for, which before Python 3.12 may swallow it.
        loop, transport = asyncio.get_running_loop(), self._transport
        assert transport is not None
        timer = loop.call_later(timeout_s, self._pipe.close, "timed out")
        try:
            await transport.start(aiortc_dtls.RTCDtlsParameters(fingerprints=self._fingerprints))
        except SSL.Error as error:
            raise ProtocolError(f"DTLS handshake failed: {error}") from None
        finally:
            timer.cancel()
        keys = transport.keys
        if keys is None:
            await transport.goodbye()
            raise ProtocolError(f"DTLS handshake {self._pipe.closed or transport.fault}")
        transport.on("statechange", self._state_changed)
        self._letting_go = loop.call_later(REPEAT_S, self._let_go)
        return keys

    def _let_go(self) -> None:
        """Free OpenSSL's association, and keep what both sides' goodbyes need of it."""
        transport = self._transport
        if transport is None or transport.state != "connected":
            return
        self._alerts = transport.alerts()
        if self._alerts is not None:
            self._transport = None
            transport.remove_all_listeners()
            self._pipe.close("was let go")

    async def stop(self) -> None:
        """Say goodbye and free the association."""
        if self._letting_go is not None:
            self._letting_go.cancel()
        if self._transport is None:
            if self._alerts is not None and not self._stopped:
                self._send(self._alerts.goodbye())
            self._stopped = True
            return
        self._pipe.close("was stopped")
        self._transport.remove_all_listeners()
        await self._transport.stop()

    def _state_changed(self) -> None:
        if self._transport is not None and self._transport.state == "closed":
            self._closed()
