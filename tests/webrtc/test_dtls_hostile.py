"""What strangers and broken peers send instead of DTLS: no session notices."""

from __future__ import annotations

import asyncio
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL, crypto

from relay.errors import ProtocolError
from relay.webrtc.dtls import MAX_QUEUE, Certificate, Dtls, SrtpKeys
from tests.support.dtls_peer import CERTIFICATE, DtlsPeer, certificate_fingerprint
from tests.support.waiting import eventually, settle
from tests.webrtc.wire import Wire

pytestmark = pytest.mark.usefixtures("no_task_left")


def garbage(random: Random, size: int = 0) -> bytes:
    """A datagram that the mux takes for DTLS."""
    return bytes([random.randrange(20, 64)]) + random.randbytes(size or random.randrange(1200))


def forged_records(random: Random) -> list[bytes]:
    """Well-formed headers around nonsense.

    None in epoch 0, where OpenSSL takes everything from the peer's address for the peer's.
    """
    return [
        bytes([kind, 0xFE, version])
        + epoch.to_bytes(2, "big")
        + random.randbytes(6)
        + size.to_bytes(2, "big")
        + random.randbytes(min(size, 300))
        for kind in (20, 22, 23, 24, 25, 26, 63)
        for version in (0xFF, 0xFD, 0xFC)
        for epoch in (1, 2, 0xFFFF)
        for size in (0, 1, 300, 0xFFFF)
    ]


@pytest.fixture
def random() -> Random:
    return Random(20)


async def test_garbage_before_the_handshake(certificate: Certificate, random: Random) -> None:
    wire = Wire(certificate, DtlsPeer())
    for _ in range(MAX_QUEUE - 2):
        wire.ours.receive(garbage(random))
    await wire.connect()
    await wire.ours.stop()


async def test_garbage_between_all_datagrams(certificate: Certificate, random: Random) -> None:
    wire = Wire(certificate, DtlsPeer())
    deliver, forged = wire.ours.receive, forged_records(random)

    def with_garbage(datagram: bytes) -> None:
        deliver(garbage(random))
        deliver(random.choice(forged))
        deliver(datagram)
        deliver(b"\x16")

    cast("Any", wire.ours).receive = with_garbage
    keys = await wire.connect()
    assert wire.peer.keys == SrtpKeys(keys.profile, send=keys.receive, receive=keys.send)
    await wire.ours.stop()


async def test_garbage_after_the_handshake(certificate: Certificate, random: Random) -> None:
    wire = Wire(certificate, DtlsPeer())
    await wire.connect()
    for datagram in [*forged_records(random), *(garbage(random) for _ in range(500))]:
        wire.ours.receive(datagram)
        await settle(1)
    assert wire.goodbyes == 0
    wire.from_peer(wire.peer.close())
    await eventually(lambda: wire.goodbyes, "the goodbye: the association is alive")
    await wire.ours.stop()


async def test_a_new_client_hello_after_the_handshake(certificate: Certificate) -> None:
    """Forged, or of a peer that has lost its memory: it may not end the association."""
    wire = Wire(certificate, DtlsPeer())
    await wire.connect()
    sent = wire.sent["ours"]
    for _ in range(20):
        for datagram in DtlsPeer().advance():
            wire.ours.receive(datagram)
    await settle(50)
    assert wire.sent["ours"] == sent, "no reply"
    assert wire.goodbyes == 0
    wire.from_peer(wire.peer.close())
    await eventually(lambda: wire.goodbyes, "the goodbye: the association is alive")
    await wire.ours.stop()


async def test_more_datagrams_than_the_queue_holds_are_dropped(certificate: Certificate) -> None:
    ours = Dtls(certificate, [certificate_fingerprint()], lambda _: None, lambda: None)
    for _ in range(MAX_QUEUE + 100):
        ours.receive(b"\x16garbage")
    assert ours.dropped == 100
    await ours.stop()


async def test_a_certificate_that_only_openssl_can_read(certificate: Certificate) -> None:
    """X.509 version 6: the library that we compare fingerprints with raises its own errors."""
    der = CERTIFICATE._cert.public_bytes(Encoding.DER)
    version_3 = bytes.fromhex("a003020102")
    odd = crypto.load_certificate(
        crypto.FILETYPE_ASN1, der.replace(version_3, bytes.fromhex("a003020105"), 1)
    )
    with pytest.warns(DeprecationWarning, match="X509"):
        peer = DtlsPeer(certificate=cast("Any", SimpleNamespace(_key=CERTIFICATE._key, _cert=odd)))
    wire = Wire(certificate, peer)
    with pytest.raises(ProtocolError):
        await wire.connect()
    await wire.ours.stop()


async def test_a_peer_without_a_certificate(certificate: Certificate) -> None:
    peer = DtlsPeer()
    context = SSL.Context(SSL.DTLS_METHOD)
    context.set_tlsext_use_srtp(b"SRTP_AEAD_AES_128_GCM")
    peer._ssl = SSL.Connection(context)
    peer._ssl.set_connect_state()
    wire = Wire(certificate, peer)
    with pytest.raises(ProtocolError):
        await wire.connect()
    await wire.ours.stop()


async def test_many_handshakes_at_once(certificate: Certificate) -> None:
    wires = [Wire(certificate, DtlsPeer()) for _ in range(40)]
    keys = await asyncio.gather(*(wire.connect() for wire in wires))
    assert len({one.send for one in keys}) == len(wires)
    await asyncio.gather(*(wire.ours.stop() for wire in wires))
