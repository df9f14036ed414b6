"""DTLS through aiortc: from datagrams to SRTP keys. The only home of aiortc's DTLS internals.

aiortc's transport runs over an object of ours that offers `role`, `_recv`, `_send` and `stop`, so
that no socket, and nothing that a stranger sends, ever reaches aiortc's own ICE transport.

Back-pressure: `receive` queues `MAX_QUEUE` datagrams and drops what comes on top; DTLS repeats its
flights.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from aiortc import rtcdtlstransport as aiortc_dtls
from OpenSSL import SSL

from relay.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable

Fingerprint = aiortc_dtls.RTCDtlsFingerprint

MAX_QUEUE: Final = 32
HANDSHAKE_S: Final = 15.0

# AES-128-GCM first: it is the cheapest by far, and Chromium takes the server's first choice.
_PROFILES: Final = [
    profile
    for profile in (aiortc_dtls.SRTP_AEAD_AES_128_GCM, aiortc_dtls.SRTP_AES128_CM_SHA1_80)
    if profile in aiortc_dtls.SRTP_PROFILES
]


@dataclass(frozen=True, slots=True)
class SrtpKeys:
    """Keying material of one session (RFC 5764 section 4.2): each key is followed by its salt."""

    profile: str
    """`AEAD_AES_128_GCM` or `AES128_CM_SHA1_80`."""
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
        return self._context


class _Pipe:
    """What aiortc sees instead of an ICE transport."""

    role = "controlled"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._sender = send
        self.inbound: asyncio.Queue[bytes] = asyncio.Queue(MAX_QUEUE)

    async def _recv(self) -> bytes:
        return await self.inbound.get()

    async def _send(self, data: bytes) -> None:
        self._sender(data)

    async def stop(self) -> None:
        pass


class _Transport(aiortc_dtls.RTCDtlsTransport):
    """aiortc's transport, which hands out its keys instead of making SRTP sessions of them."""

    keys: SrtpKeys | None = None

    def _setup_srtp(self) -> None:
        assert self._ssl is not None
        name = self._ssl.get_selected_srtp_profile()
        profile = next((p for p in _PROFILES if p.openssl_profile == name), None)
        if profile is None:
            self._set_state(aiortc_dtls.State.FAILED)
            return
        material = self._ssl.export_keying_material(
            b"EXTRACTOR-dtls_srtp", 2 * (profile.key_length + profile.salt_length)
        )
        client, server = (profile.get_key_and_salt(material, index) for index in (0, 1))
        send, receive = (server, client) if self._role == "server" else (client, server)
        self.keys = SrtpKeys(name.decode().removeprefix("SRTP_"), send, receive)


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
        self._transport = _Transport(cast("Any", self._pipe), [certificate])
        self._transport._srtp_profiles = _PROFILES  # noqa: SLF001 - aiortc has no public way
        self._transport._set_role("server" if server else "client")  # noqa: SLF001
        self._fingerprints = fingerprints
        self._closed = closed
        self.dropped = 0
        """Datagrams that found the queue full."""

    def receive(self, datagram: bytes) -> None:
        """Take a DTLS datagram from an address that ICE has authenticated."""
        try:
            self._pipe.inbound.put_nowait(datagram)
        except asyncio.QueueFull:
            self.dropped += 1

    async def handshake(self) -> SrtpKeys:
        """Run the handshake, check the peer's certificate, and derive the SRTP keys.

        Raises:
            ProtocolError: it failed, or took longer than 15 s.
        """
        try:
            async with asyncio.timeout(HANDSHAKE_S):
                await self._transport.start(
                    aiortc_dtls.RTCDtlsParameters(fingerprints=self._fingerprints)
                )
        except TimeoutError:
            raise ProtocolError("DTLS handshake timed out") from None
        except SSL.Error as error:
            raise ProtocolError(f"DTLS handshake failed: {error}") from None
        if self._transport.keys is None:
            raise ProtocolError("DTLS handshake failed")
        self._transport.on("statechange", self._state_changed)
        return self._transport.keys

    async def stop(self) -> None:
        """Say goodbye and free the association."""
        self._transport.remove_all_listeners()
        await self._transport.stop()

    def _state_changed(self) -> None:
        if self._transport.state == "closed":
            self._closed()
