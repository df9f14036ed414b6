"""A viewer without a browser: its offer, ICE checks, DTLS and SRTP as Chromium's. Sans-IO."""

from __future__ import annotations

import re
import secrets
import struct
from typing import TYPE_CHECKING, Final

import pylibsrtp
from aioice import stun
from OpenSSL import SSL

from relay.bench.inspector import Inspector, Observer
from relay.webrtc.dtls import Certificate
from relay.webrtc.ice import Address, Credentials

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROFILE: Final = b"SRTP_AEAD_AES_128_GCM"
_KEY, _SALT = 16, 12
_SSRC: Final = 0x5EED
"""The viewers' own, of their reports."""
_FEEDBACK: Final = ("goog-remb", "transport-cc", "ccm fir", "nack", "nack pli")
_EXTENSIONS: Final = {
    2: "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    4: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    5: "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
    9: "urn:ietf:params:rtp-hdrext:sdes:mid",
}
_H264: Final = ("42001f", "42e01f", "4d001f", "f4001f", "64001f")


def _formats() -> Iterator[str]:
    """The lines of as many video formats as Chromium 156 offers, so that reading them costs what
    it costs there.
    """
    numbers = iter(range(96, 128))
    wanted = ["VP8", "VP9", "VP9", "AV1", "AV1"]
    modes = [f"packetization-mode={mode};profile-level-id={p}" for p in _H264 for mode in (1, 0)]
    for name, parameters in [*((name, "") for name in wanted), *(("H264", m) for m in modes)]:
        number = next(numbers)
        yield f"a=rtpmap:{number} {name}/90000"
        yield from (f"a=rtcp-fb:{number} {kind}" for kind in _FEEDBACK)
        if parameters:
            yield f"a=fmtp:{number} level-asymmetry-allowed=1;{parameters}"
        again = next(numbers)
        yield f"a=rtpmap:{again} rtx/90000"
        yield f"a=fmtp:{again} apt={number}"


def _offer(certificate: Certificate) -> str:
    """An offer to receive, with places for user name fragment, password and session id."""
    video = list(_formats())
    numbers = " ".join(re.findall(r"rtpmap:(\d+)", "\n".join(video)))
    transport = [
        "c=IN IP4 0.0.0.0",
        "a=ice-ufrag:{0}",
        "a=ice-pwd:{1}",
        "a=ice-options:trickle",
        f"a=fingerprint:sha-256 {certificate.fingerprint.value}",
        "a=setup:actpass",
    ]
    extensions = [f"a=extmap:{number} {uri}" for number, uri in _EXTENSIONS.items()]
    rest = ["a=recvonly", "a=rtcp-mux", "a=rtcp-rsize"]
    head = ["v=0", "o=- {2} 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1"]
    audio = ["a=rtpmap:111 opus/48000/2", "a=fmtp:111 minptime=10;useinbandfec=1"]
    lines = [*head, f"m=video 9 UDP/TLS/RTP/SAVPF {numbers}", *transport, "a=mid:0"]
    lines += [*extensions, *rest, *video]
    lines += ["m=audio 9 UDP/TLS/RTP/SAVPF 111", *transport, "a=mid:1", *extensions, *rest, *audio]
    return "\r\n".join(lines) + "\r\n"


class Identity:
    """What all viewers share: making a certificate costs more than a handshake."""

    def __init__(self) -> None:
        certificate = Certificate.make()
        self.offer = _offer(certificate)
        context = SSL.Context(SSL.DTLS_METHOD)
        context.set_options(SSL.OP_NO_TICKET)
        context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
        context.use_certificate(certificate._cert)  # noqa: SLF001 - aiortc has no public way
        context.use_privatekey(certificate._key)  # noqa: SLF001 - as above
        context.set_tlsext_use_srtp(_PROFILE)
        self.context = context


class Peer:
    """One viewer's protocols."""

    def __init__(self, identity: Identity) -> None:
        self._local = Credentials(secrets.token_hex(2), secrets.token_hex(12))
        self._remote = Credentials("", "")
        self.offer = identity.offer.format(
            self._local.ufrag, self._local.password, secrets.randbits(62)
        )
        self.edge: Address = ("", 0)
        """Where its datagrams go."""
        self._ssrc = self._sound_ssrc = 0
        self._ssl: SSL.Connection | None = SSL.Connection(identity.context)
        self._ssl.set_connect_state()
        self._begun = False
        self._goodbye = b""
        self._keys = (b"", b"")
        self._seal: pylibsrtp.Session | None = None

    @property
    def connected(self) -> bool:
        """Whether it has its keys."""
        return self._ssl is None

    def answered(self, sdp: str) -> None:
        """Take the edge's answer."""

        def first(pattern: str) -> re.Match[str]:
            found = re.search(pattern, sdp)
            assert found is not None, pattern
            return found

        self._remote = Credentials(first(r"a=ice-ufrag:(\S+)")[1], first(r"a=ice-pwd:(\S+)")[1])
        candidate = first(r"a=candidate:1 1 udp \d+ (\S+) (\d+) typ host")
        self.edge = candidate[1], int(candidate[2])
        self._ssrc = int(first(r"(?s)\nm=video .*?a=ssrc:(\d+)")[1])
        sound = re.search(r"(?s)\nm=audio [1-9].*?a=ssrc:(\d+)", sdp)
        self._sound_ssrc = int(sound[1]) if sound else 0

    def check(self) -> bytes:
        """A connectivity check, which is also what keeps consent alive (RFC 7675)."""
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        message.attributes["USERNAME"] = f"{self._remote.ufrag}:{self._local.ufrag}"
        message.attributes["PRIORITY"] = 1
        message.attributes["ICE-CONTROLLING"] = 1
        message.attributes["USE-CANDIDATE"] = None
        message.add_message_integrity(self._remote.password.encode())
        return bytes(message)

    def receive(self, datagram: bytes) -> list[bytes]:
        """Take a datagram of the time before it is connected; returns those to send."""
        if self._ssl is None or not datagram:
            return []
        if datagram[:2] == b"\x00\x01":
            return [self._answer(datagram)]
        if datagram[0] < 4:
            if self._begun:
                return []
            self._begun = True
            return self._advance()
        if 20 <= datagram[0] < 64:
            self._ssl.bio_write(datagram)
            return self._advance()
        return []

    def _answer(self, datagram: bytes) -> bytes:
        """What answers the edge's check, by which it learns that we receive what it sends."""
        request = stun.parse_message(datagram)
        answer = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, request.transaction_id)
        answer.attributes["XOR-MAPPED-ADDRESS"] = self.edge
        answer.add_message_integrity(self._local.password.encode())
        return bytes(answer)

    def repeat(self) -> list[bytes]:
        """What is due again because nothing has come: a check, or a flight of DTLS."""
        if self._ssl is None:
            return []
        if not self._begun:
            return [self.check()]
        wait = self._ssl.DTLSv1_get_timeout()
        if wait is None or wait > 0:
            return []
        self._ssl.DTLSv1_handle_timeout()
        return self._flight()

    def _advance(self) -> list[bytes]:
        """Go on with the handshake.

        Raises:
            SSL.Error: it has failed.
        """
        assert self._ssl is not None
        try:
            self._ssl.do_handshake()
        except SSL.WantReadError:
            return self._flight()
        material = self._ssl.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (_KEY + _SALT))
        keys, salts = material[: 2 * _KEY], material[2 * _KEY :]
        ours, theirs = keys[:_KEY] + salts[:_SALT], keys[_KEY:] + salts[_SALT:]
        self._keys = ours, theirs
        flight = self._flight()
        self._ssl.shutdown()
        self._goodbye = b"".join(self._flight())
        self._ssl = None  # OpenSSL keeps some 60 KB of it
        return flight

    def _flight(self) -> list[bytes]:
        assert self._ssl is not None
        flight = b""
        while True:
            try:
                flight += self._ssl.bio_read(65536)
            except SSL.Error:
                break
        found = []
        while flight:  # a datagram for each record (RFC 6347 section 4.1)
            size = 13 + int.from_bytes(flight[11:13], "big")
            found.append(flight[:size])
            flight = flight[size:]
        return found

    # --- once it is connected --------------------------------------------------------------

    def goodbye(self) -> bytes:
        """What a closed page says; to be sent once."""
        return self._goodbye

    def report(self, bps: int) -> bytes:
        """A receiver report without loss, and a REMB, encrypted."""
        block = struct.pack("!IIIIII", self._ssrc, 0, 0, 0, 0, 0)
        shift = max(bps.bit_length() - 18, 0)
        estimate = struct.pack("!4sBBH", b"REMB", 1, shift << 2 | bps >> shift >> 16,
                               bps >> shift & 0xFFFF)  # fmt: skip
        plain = struct.pack("!BBHI", 0x81, 201, 7, _SSRC) + block
        plain += struct.pack("!BBHII", 0x8F, 206, 5, _SSRC, 0) + estimate
        plain += struct.pack("!I", self._ssrc)
        return self._protect(plain)

    def ask_again(self, sequence: int) -> bytes:
        """A NACK for one packet of the picture (RFC 4585 section 6.2.1), encrypted."""
        return self._protect(struct.pack("!BBHIIHH", 0x81, 205, 3, _SSRC, self._ssrc, sequence, 0))

    def _protect(self, plain: bytes) -> bytes:
        if self._seal is None:
            self._seal = _session(self._keys[0], pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
        return bytes(self._seal.protect_rtcp(plain))

    def inspector(self) -> Inspector:
        """Who looks into what it receives."""
        session = inbound(self._keys[1])
        return Inspector(session, self._ssrc, self._sound_ssrc)

    def observer(self) -> Observer:
        """Who looks at the headers only."""
        return Observer(self._ssrc, self._sound_ssrc)


def inbound(key: bytes) -> pylibsrtp.Session:
    """What decrypts with this key and salt."""
    return _session(key, pylibsrtp.Policy.SSRC_ANY_INBOUND)


def _session(key: bytes, direction: int) -> pylibsrtp.Session:
    profile = pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM
    return pylibsrtp.Session(pylibsrtp.Policy(key, direction, srtp_profile=profile))
