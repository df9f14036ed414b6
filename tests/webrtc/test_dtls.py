"""DTLS with OpenSSL on the other side: handshakes, keys, losses, ends."""

from __future__ import annotations

import asyncio
import gc
import weakref
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pylibsrtp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from relay.errors import ProtocolError
from relay.webrtc import dtls
from relay.webrtc.dtls import Certificate, Dtls, Fingerprint, SrtpKeys
from tests.support.dtls_peer import (
    BROWSER,
    GCM,
    GCM_256,
    SHA1,
    DtlsPeer,
    certificate_fingerprint,
    records,
)
from tests.support.stalls import HANG_S
from tests.support.waiting import eventually, settle
from tests.webrtc.wire import Wire

pytestmark = pytest.mark.usefixtures("no_task_left")


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (BROWSER, "AEAD_AES_128_GCM"),
        ((SHA1, GCM), "AEAD_AES_128_GCM"),
        ((GCM,), "AEAD_AES_128_GCM"),
        ((SHA1,), "AES128_CM_SHA1_80"),
        ((GCM_256, SHA1), "AEAD_AES_256_GCM"),
        ((GCM_256,), "AEAD_AES_256_GCM"),
    ],
)
async def test_the_cheapest_profile_that_a_viewer_offers(
    certificate: Certificate, offered: tuple[bytes, ...], chosen: str
) -> None:
    wire = Wire(certificate, DtlsPeer(profiles=offered))
    keys = await wire.connect()
    assert keys.profile == chosen
    assert wire.peer.keys == SrtpKeys(chosen, send=keys.receive, receive=keys.send)
    await wire.ours.stop()


async def test_as_the_client_we_begin(certificate: Certificate) -> None:
    wire = Wire(certificate, DtlsPeer(server=True), server=False)
    keys = await wire.connect()
    assert wire.peer.keys == SrtpKeys(keys.profile, send=keys.receive, receive=keys.send)
    await wire.ours.stop()


@pytest.mark.parametrize("profile", [GCM, GCM_256, SHA1])
async def test_the_keys_are_libsrtps(certificate: Certificate, profile: bytes) -> None:
    wire = Wire(certificate, DtlsPeer(profiles=(profile,)))
    ours = await wire.connect()
    theirs = wire.peer.keys
    assert theirs is not None
    policy = {
        GCM: pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
        GCM_256: pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_256_GCM,
        SHA1: pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    }[profile]
    outbound, inbound = pylibsrtp.Policy.SSRC_ANY_OUTBOUND, pylibsrtp.Policy.SSRC_ANY_INBOUND
    packet = b"\x80\x60\0\1\0\0\0\1\0\0\0\2payload"
    for sending, receiving in ((ours.send, theirs.receive), (theirs.send, ours.receive)):
        sender = pylibsrtp.Session(pylibsrtp.Policy(sending, outbound, 0, policy))
        receiver = pylibsrtp.Session(pylibsrtp.Policy(receiving, inbound, 0, policy))
        assert receiver.unprotect(sender.protect(packet)) == packet
    await wire.ours.stop()


def test_keys_are_not_shown() -> None:
    assert repr(SrtpKeys("AEAD_AES_128_GCM", b"secret", b"secret")) == "SrtpKeys(AEAD_AES_128_GCM)"


async def test_without_a_common_profile(certificate: Certificate) -> None:
    wire = Wire(certificate, DtlsPeer(profiles=(b"SRTP_AES128_CM_SHA1_32",)))
    with pytest.raises(ProtocolError, match="failed"):
        await wire.connect()
    await wire.ours.stop()


WRONG = Fingerprint("sha-256", ":".join(["00"] * 32))


@pytest.mark.parametrize(
    "fingerprints",
    [
        [WRONG],
        [certificate_fingerprint(), WRONG],
        [Fingerprint("sha-1", ":".join(["00"] * 20))],
        [Fingerprint("sha-256", "")],
    ],
    ids=["wrong", "one of two", "unknown algorithm", "empty"],
)
async def test_a_certificate_that_was_not_announced(
    certificate: Certificate, fingerprints: list[Fingerprint]
) -> None:
    wire = Wire(certificate, DtlsPeer(), fingerprints=fingerprints)
    with pytest.raises(ProtocolError, match="certificate"):
        await wire.connect()
    assert wire.peer.closed, "the peer is told"
    await wire.ours.stop()


@pytest.mark.parametrize("spelling", [str.lower, str.upper])
async def test_fingerprints_in_any_case(certificate: Certificate, spelling: object) -> None:
    right = certificate_fingerprint()
    assert callable(spelling)
    again = Fingerprint(spelling(right.algorithm), spelling(right.value))
    wire = Wire(certificate, DtlsPeer(), fingerprints=[again])
    await wire.connect()
    await wire.ours.stop()


@pytest.mark.parametrize("at_once", [5])
async def test_each_datagram_may_be_lost_once(certificate: Certificate, at_once: int) -> None:
    """The last of ours too: the viewer repeats its flight, and gets it again."""

    async def lose(side: str, number: int) -> None:
        wire = Wire(certificate, DtlsPeer(), lost=lambda s, n: (s, n) == (side, number))
        keys = await wire.connect()
        assert wire.peer.keys == SrtpKeys(keys.profile, send=keys.receive, receive=keys.send)
        assert wire.sent[side] > number
        await wire.ours.stop()

    cases = [("ours", number) for number in (1, 2)]
    cases += [("theirs", number) for number in range(1, at_once + 1)]
    await asyncio.gather(*(lose(side, number) for side, number in cases))


async def test_the_peers_goodbye_is_told_once(certificate: Certificate) -> None:
    wire = Wire(certificate, DtlsPeer())
    await wire.connect()
    goodbye = wire.peer.close()
    wire.from_peer(goodbye * 3)
    await eventually(lambda: wire.goodbyes, "the goodbye")
    wire.from_peer(goodbye)
    await settle()
    assert wire.goodbyes == 1
    await wire.ours.stop()


async def test_our_goodbye_reaches_the_peer_and_is_not_told_to_us(certificate: Certificate) -> None:
    wire = Wire(certificate, DtlsPeer())
    await wire.connect()
    await wire.ours.stop()
    await settle()
    assert wire.peer.closed
    assert wire.goodbyes == 0


async def test_a_handshake_that_takes_too_long(certificate: Certificate) -> None:
    ours = Dtls(certificate, [certificate_fingerprint()], lambda _: None, lambda: None)
    with pytest.raises(ProtocolError, match="timed out"):
        await ours.handshake(0.01)
    await ours.stop()


async def test_stopping_ends_the_handshake(certificate: Certificate) -> None:
    """Its task waited for the time-out, 15 s, with all that it holds."""
    ours = Dtls(certificate, [certificate_fingerprint()], lambda _: None, lambda: None)
    for datagram in DtlsPeer().advance():
        ours.receive(datagram)
    handshake = asyncio.create_task(ours.handshake())
    await settle()
    await ours.stop()
    await asyncio.wait([handshake], timeout=HANG_S)
    assert isinstance(handshake.exception(), ProtocolError)


async def test_stopping_twice_or_before_the_handshake(certificate: Certificate) -> None:
    wire = Wire(certificate, DtlsPeer())
    await wire.ours.stop()
    with pytest.raises(ProtocolError):
        await wire.ours.handshake()
    await wire.ours.stop()


async def test_nothing_is_left_of_an_association(certificate: Certificate) -> None:
    kept = []
    for number in range(6):
        wire = Wire(certificate, DtlsPeer())
        if number % 2:
            await wire.connect()
        kept += [weakref.ref(wire.ours), weakref.ref(wire.ours._association)]
        await wire.ours.stop()
        del wire
    await settle()
    gc.collect()
    assert [ref() for ref in kept] == [None] * len(kept)


async def test_the_certificate_shares_one_context(certificate: Certificate) -> None:
    """TLS contexts are some 100 KB each."""
    contexts = set()
    for _ in range(3):
        wire = Wire(certificate, DtlsPeer())
        await wire.connect()
        association = wire.ours._association
        assert association is not None
        contexts.add(id(association._ssl.get_context()))
        await wire.ours.stop()
    assert len(contexts) == 1


@pytest.mark.parametrize("cipher", ["AES128-GCM-SHA256", "CHACHA20-POLY1305"])
@pytest.mark.parametrize("server", [True, False])
async def test_goodbyes_are_understood_and_said_once_openssl_was_let_go(
    certificate: Certificate, monkeypatch: pytest.MonkeyPatch, server: bool, cipher: str
) -> None:
    monkeypatch.setattr(dtls, "REPEAT_S", 0.05)
    leaving, staying = (
        Wire(
            certificate,
            DtlsPeer(server=not server, ciphers=f"ECDHE-ECDSA-{cipher}".encode()),
            server=server,
        )
        for _ in range(2)
    )
    for wire in (leaving, staying):
        await wire.connect()
        await eventually(lambda w=wire: w.ours._association is None, "OpenSSL to be let go")
    goodbye = leaving.peer.close()
    staying.from_peer(goodbye)  # another's
    leaving.from_peer([flipped(goodbye[0]), goodbye[0][:20], b"\x15", b""])
    assert leaving.goodbyes == staying.goodbyes == 0
    leaving.from_peer(goodbye)
    assert leaving.goodbyes == 1
    assert not staying.peer.closed
    for _ in range(2):
        await staying.ours.stop()
    assert staying.peer.closed
    await leaving.ours.stop()


async def test_a_long_flight_goes_in_datagrams_of_whole_records() -> None:
    """A path may not take more at once, and what is cut elsewhere cannot be read."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a")] * 150)
    now = datetime.now(tz=UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key.public_key()).serial_number(1)
    builder = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1))
    wire = Wire(Certificate(key, builder.sign(key, hashes.SHA256())), DtlsPeer())
    sent: list[bytes] = []
    deliver = wire.peer.receive

    def noted(datagram: bytes) -> list[bytes]:
        sent.append(datagram)
        return deliver(datagram)

    cast("Any", wire.peer).receive = noted
    await wire.connect()
    assert sum(map(len, sent)) > 3000
    for datagram in sent:
        assert b"".join(records(datagram)) == datagram
        assert len(datagram) <= 1200
    await wire.ours.stop()


def flipped(datagram: bytes) -> bytes:
    return datagram[:-1] + bytes([datagram[-1] ^ 1])
