"""The receiving half of a viewer: decrypts all that comes, and remembers it."""

from __future__ import annotations

import struct
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import pylibsrtp
from aiortc.rtp import RtcpByePacket, RtcpPacket, RtcpSdesPacket, RtcpSrPacket

from relay.media.codecs import Kind
from tests.support.rtp import Packet, nal_units
from tests.support.units import number_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aiortc.rtp import AnyRtcpPacket

    from relay.edge.core import TrackParams
    from relay.webrtc.dtls import SrtpKeys

PROFILES = {
    "AEAD_AES_128_GCM": (pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 28),
    "AEAD_AES_256_GCM": (pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_256_GCM, 44),
    "AES128_CM_SHA1_80": (pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 30),
}


def srtp_session(profile: str, key: bytes, direction: int) -> pylibsrtp.Session:
    """A libsrtp session for any SSRC."""
    return pylibsrtp.Session(pylibsrtp.Policy(key, direction, srtp_profile=PROFILES[profile][0]))


class Reception:
    """What one viewer has got."""

    def __init__(self, keys: SrtpKeys, tracks: Sequence[TrackParams]) -> None:
        """`keys` are the relay's: what it sends with, this side receives with."""
        outbound, inbound = pylibsrtp.Policy.SSRC_ANY_OUTBOUND, pylibsrtp.Policy.SSRC_ANY_INBOUND
        self._inbound = srtp_session(keys.profile, keys.send, inbound)
        self._outbound = srtp_session(keys.profile, keys.receive, outbound)
        self.tracks = {track.kind: track for track in tracks}
        self.packets: list[Packet] = []
        """All RTP, in order of arrival."""
        self.sealed: list[bytes] = []
        """The same, encrypted."""
        self.rtcp: list[AnyRtcpPacket] = []
        self.delays: list[tuple[int, int, int, int]] = []
        """What XR's DLRR blocks said (RFC 3611 section 4.5): of whom, to whom, LRR and DLRR."""
        self.refused: Counter[str] = Counter()
        """Datagrams that libsrtp did not take, by its reason."""

    def take(self, datagram: bytes) -> None:
        """A datagram of SRTP or SRTCP."""
        try:
            if 192 <= datagram[1] <= 223:
                compound = self._inbound.unprotect_rtcp(datagram)
                self.rtcp += RtcpPacket.parse(compound)
                self.delays += delays(compound)
            else:
                self.packets.append(Packet.parse(self._inbound.unprotect(datagram)))
                self.sealed.append(datagram)
        except pylibsrtp.Error as error:
            self.refused[str(error)] += 1

    def seal(self, rtcp: bytes) -> bytes:
        """RTCP for the relay, encrypted."""
        return self._outbound.protect_rtcp(rtcp)

    def forget(self) -> None:
        """Forget what has come so far."""
        self.packets, self.sealed, self.rtcp = [], [], []

    # --- media -----------------------------------------------------------------------------

    def media(self, kind: Kind = Kind.VIDEO) -> list[Packet]:
        """A track's packets, retransmissions aside."""
        return [packet for packet in self.packets if packet.ssrc == self.tracks[kind].ssrc]

    def resent(self, kind: Kind = Kind.VIDEO) -> list[tuple[int, Packet]]:
        """A track's RTX packets, each with the sequence number that it stands for."""
        ssrc = self.tracks[kind].rtx_ssrc
        return [
            (int.from_bytes(packet.payload[:2], "big"), packet)
            for packet in self.packets
            if packet.ssrc == ssrc
        ]

    def frames(self) -> list[list[Packet]]:
        """The pictures' packets, by marker; each picture has to be one time stamp."""
        frames: list[list[Packet]] = [[]]
        for packet in self.media():
            frames[-1].append(packet)
            assert packet.timestamp == frames[-1][0].timestamp
            if packet.marker:
                frames.append([])
        assert frames.pop() == [], "a picture without its end"
        return frames

    def pictures(self) -> list[int]:
        """The numbers of the pictures (`units.picture`), in order of arrival."""
        return [
            number_of(nal_units([packet.payload for packet in frame])) for frame in self.frames()
        ]

    def sounds(self) -> list[int]:
        """The numbers of the packets of sound (`units.sound`)."""
        return [number_of([packet.payload]) for packet in self.media(Kind.AUDIO)]

    def timestamps(self, kind: Kind = Kind.VIDEO) -> list[int]:
        """The frames' time stamps, unwrapped, one for each frame."""
        return unwrapped([packet.timestamp for packet in self.media(kind)], 32, once=True)

    def sequences(self, kind: Kind = Kind.VIDEO) -> list[int]:
        """The packets' sequence numbers, unwrapped."""
        return unwrapped([packet.sequence for packet in self.media(kind)], 16)

    # --- RTCP ------------------------------------------------------------------------------

    def reports(self, kind: Kind = Kind.VIDEO) -> list[RtcpSrPacket]:
        """A track's sender reports."""
        ssrc = self.tracks[kind].ssrc
        return [p for p in self.rtcp if isinstance(p, RtcpSrPacket) and p.ssrc == ssrc]

    def names(self) -> dict[int, bytes]:
        """CNAMEs by SSRC."""
        found = {}
        for packet in self.rtcp:
            if isinstance(packet, RtcpSdesPacket):
                for chunk in packet.chunks:
                    found[chunk.ssrc] = dict(chunk.items)[1]
        return found

    def goodbyes(self) -> list[int]:
        """SSRCs that have left."""
        return [
            source
            for packet in self.rtcp
            if isinstance(packet, RtcpByePacket)
            for source in packet.sources
        ]

    def check_reception(self) -> None:
        """Nothing was refused, and sequence numbers and time stamps only rise."""
        assert not self.refused
        for kind in self.tracks:
            for values in (self.sequences(kind), self.timestamps(kind)):
                assert all(after > before for before, after in pairwise(values))

    def check_continuity(self) -> None:
        """Sequence numbers go on one by one, time stamps rise, nothing was refused."""
        assert not self.refused
        for kind in self.tracks:
            sequences = self.sequences(kind)
            assert all(after == before + 1 for before, after in pairwise(sequences))
            times = self.timestamps(kind)
            assert all(after > before for before, after in pairwise(times))


def delays(compound: bytes) -> Iterator[tuple[int, int, int, int]]:
    """What the DLRR blocks of a compound packet say, each in an XR packet of its own."""
    while compound:
        kind, words = struct.unpack_from("!xBH", compound)
        if kind == 207:
            sender, block, length = struct.unpack_from("!IBxH", compound, 4)
            assert (block, length, words) == (5, 3, 5)
            yield (sender, *struct.unpack_from("!III", compound, 12))
        compound = compound[4 + 4 * words :]


def unwrapped(values: list[int], bits: int, *, once: bool = False) -> list[int]:
    """A counter's values without its wraps; with `once`, runs of equal ones as one."""
    found: list[int] = []
    for value in values:
        if not found:
            found.append(value)
            continue
        step = (value - found[-1]) % (1 << bits)
        if step >= 1 << (bits - 1):
            step -= 1 << bits
        if step or not once:
            found.append(found[-1] + step)
    return found
