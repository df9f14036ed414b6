"""The core's Python twin: the same work as the native one, to be read, and where that is missing.

Back-pressure: nothing queues here. What the socket does not take is dropped and counted; viewers
ask again for what they miss.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import pylibsrtp

from relay.edge.core import CoreEvent, KeyframeWanted, Left, Report, TrackParams, ViewerStats
from relay.edge.datagrams import Datagrams, Path
from relay.edge.ring import Ring
from relay.edge.twin import Track, TwinViewer
from relay.errors import ProtocolError
from relay.media.codecs import Kind
from relay.webrtc import rtcp
from relay.webrtc.ice import Credentials, IceLite
from relay.webrtc.mux import Protocol, classify
from relay.webrtc.rtp import ntp
from relay.webrtc.sdp import CNAME

if TYPE_CHECKING:
    import socket

    from relay.media.unit import Unit
    from relay.webrtc.dtls import SrtpKeys
    from relay.webrtc.ice import Address

COUNTERS: Final = (
    "packets_sent",  # SRTP packets given to the socket, retransmissions aside
    "bytes_sent",  # bytes of them
    "send_failures",  # datagrams that the socket did not take
    "srtcp_rejected",  # SRTCP that was not authentic, repeated, or malformed
    "strays",  # SRTP and SRTCP from addresses of no viewer
    "retransmissions",  # packets sent again
)
REPORT_S: Final = 1.0
_STRIDE: Final = 7919
"""By how many viewers the first one moves from frame to frame: a prime, to reach all of them."""
_MAX_SOURCES: Final = 16
"""SSRCs that a viewer may report with; browsers have one or two."""


class PythonCore:
    """See `edge.core.Core`, of which this is an implementation."""

    def __init__(self, sock: socket.socket) -> None:
        """`sock` is a bound, non-blocking UDP socket; it stays the caller's to close."""
        self._datagrams = Datagrams(sock)
        self._rings: dict[int, Ring] = {}
        self._followers: dict[int, dict[int, TwinViewer]] = {}
        self._viewers: dict[int, TwinViewer] = {}
        self._by_address: dict[Address, TwinViewer] = {}
        self._events: dict[tuple[int, type[CoreEvent]], CoreEvent] = {}
        self._reported: dict[int, int | None] = {}
        """Viewers that have reported since the last tick, and what they estimate."""
        self._counters = dict.fromkeys(COUNTERS, 0)

    def fileno(self) -> int:
        return self._datagrams.fileno()

    def stop(self) -> None:
        pass

    def flush(self) -> None:
        pass

    # --- streams ---------------------------------------------------------------------------

    def open_stream(self, stream: int, kind: Kind) -> None:
        self._rings[stream] = Ring(kind)
        self._followers[stream] = {}

    def close_stream(self, stream: int) -> None:
        ring = self._rings.pop(stream)
        kind = ring.kind
        ring.clear()  # viewers may still know what they were sent of it
        for viewer in self._followers.pop(stream).values():
            track = viewer.tracks[kind]
            if track.stream == stream:
                track.stream = None
            if track.next_stream == stream:
                track.next_stream = None

    def push(self, stream: int, unit: Unit, now: float) -> None:
        ring = self._rings[stream]
        frame = ring.push(unit, now)
        viewers = list(self._followers[stream].values())
        first = frame.number * _STRIDE % max(len(viewers), 1)
        for viewer in viewers[first:] + viewers[:first]:
            track = viewer.tracks[ring.kind]
            if track.next_stream == stream and (frame.keyframe or ring.kind is Kind.AUDIO):
                self._follow(viewer, track, stream)
            if track.stream == stream:
                self._send_rtp(viewer, track.out.live(ring, frame))

    # --- viewers ---------------------------------------------------------------------------

    def add_viewer(
        self, viewer: int, address: Address, keys: SrtpKeys, tracks: list[TrackParams]
    ) -> None:
        ssrcs = {ssrc for track in tracks for ssrc in (track.ssrc, track.rtx_ssrc)}
        if len(ssrcs) < 2 * len(tracks):
            raise ValueError("SSRCs of one viewer have to differ")
        entry = TwinViewer(viewer, address, keys, tracks)
        self._viewers[viewer] = entry
        self._by_address[address] = entry

    def answer_checks(self, viewer: int, username: str, password: str) -> None:
        entry = self._viewers.get(viewer)
        if entry is not None:
            local, _, remote = username.partition(":")
            entry.ice = IceLite(Credentials(local, password), Credentials(remote, ""))

    def move_viewer(self, viewer: int, address: Address) -> None:
        entry = self._viewers[viewer]
        if self._by_address.get(entry.path.address) is entry:
            del self._by_address[entry.path.address]
        entry.path = Path(address)
        self._by_address[address] = entry

    def remove_viewer(self, viewer: int) -> None:
        entry = self._viewers.pop(viewer, None)
        if entry is None:
            return
        self._reported.pop(viewer, None)
        for kind_of_event in (KeyframeWanted, Left):
            self._events.pop((viewer, kind_of_event), None)
        ssrcs = [track.out.params.ssrc for track in entry.tracks.values()]
        goodbye = rtcp.goodbye(ssrcs, CNAME)
        self.send(entry.send.protect_rtcp(goodbye), entry.path.address)
        if self._by_address.get(entry.path.address) is entry:
            del self._by_address[entry.path.address]
        for kind in entry.tracks:
            self._drop_following(entry, kind)

    def watch(self, viewer: int, stream: int, now: float, *, at_once: bool) -> None:
        entry = self._viewers[viewer]
        ring = self._rings[stream]
        track = entry.tracks.get(ring.kind)
        if track is None:
            return
        if track.next_stream not in (None, track.stream):
            self._followers[track.next_stream].pop(viewer, None)
        track.next_stream = stream
        self._followers[stream][viewer] = entry
        if at_once and ring.gop():
            self._follow(entry, track, stream)
            self._replay(entry, track, now)

    def unwatch(self, viewer: int, kind: Kind) -> None:
        entry = self._viewers[viewer]
        self._drop_following(entry, kind)
        if kind in entry.tracks:
            entry.tracks[kind].out.let_go()

    def replay(self, viewer: int, now: float) -> bool:
        entry = self._viewers[viewer]
        track = entry.tracks.get(Kind.VIDEO)
        if track is None or track.stream is None or not self._rings[track.stream].gop():
            return False
        self._replay(entry, track, now)
        return True

    def probe(self, viewer: int, size: int, now: float) -> None:
        entry = self._viewers[viewer]
        track = entry.tracks.get(Kind.VIDEO)
        if track is None:
            return
        for packet in track.out.recent(size, now):
            self.send(entry.send.protect(packet), entry.path.address)

    def _follow(self, viewer: TwinViewer, track: Track, stream: int) -> None:
        if track.stream is not None and track.stream != stream:
            self._followers[track.stream].pop(viewer.number, None)
        track.stream, track.next_stream = stream, None

    def _drop_following(self, viewer: TwinViewer, kind: Kind) -> None:
        track = viewer.tracks.get(kind)
        if track is None:
            return
        for stream in (track.stream, track.next_stream):
            if stream is not None:
                self._followers[stream].pop(viewer.number, None)
        track.stream = track.next_stream = None

    def _replay(self, viewer: TwinViewer, track: Track, now: float) -> None:
        assert track.stream is not None
        for packets in track.out.replay(self._rings[track.stream], now):
            self._send_rtp(viewer, packets)

    # --- out -------------------------------------------------------------------------------

    def send(self, datagram: bytes, address: Address) -> None:
        self._datagrams.send(datagram, address)

    def _send_rtp(self, viewer: TwinViewer, packets: list[bytes]) -> None:
        protect = viewer.send.protect
        sealed = [protect(packet) for packet in packets]
        self._counters["packets_sent"] += len(sealed)
        self._counters["bytes_sent"] += sum(map(len, sealed))
        self._datagrams.send_all(sealed, viewer.path)

    # --- in --------------------------------------------------------------------------------

    def read(self, now: float) -> list[tuple[bytes, Address]]:
        others: list[tuple[bytes, Address]] = []
        for datagram, address in self._datagrams.read():
            protocol, viewer = classify(datagram), self._by_address.get(address)
            if protocol is Protocol.SRTP:
                if viewer is None:
                    self._counters["strays"] += 1
                else:
                    self._srtcp(viewer, datagram, now)
            elif not (protocol is Protocol.STUN and viewer and self._answer(viewer, datagram)):
                others.append((datagram, address))
        return others

    def _answer(self, viewer: TwinViewer, datagram: bytes) -> bool:
        if viewer.ice is None:
            return False
        try:
            check = viewer.ice.check(datagram, viewer.path.address)
        except ProtocolError:
            return False
        if check.valid:
            viewer.checked = time.monotonic()
            self.send(check.reply, viewer.path.address)
        return check.valid

    def _srtcp(self, viewer: TwinViewer, datagram: bytes, now: float) -> None:
        source = int.from_bytes(datagram[4:8], "big")
        if source not in viewer.sources and len(viewer.sources) >= _MAX_SOURCES:
            self._counters["srtcp_rejected"] += 1
            return
        try:
            plain = viewer.receive.unprotect_rtcp(datagram)
            viewer.sources.add(source)
            feedback = rtcp.parse(plain)
        except (pylibsrtp.Error, ValueError, ProtocolError):
            self._counters["srtcp_rejected"] += 1
            return
        viewer.present.add(source)
        viewer.heard_at = now
        for item in feedback:
            match item:
                case rtcp.Nack():
                    self._resend(viewer, item, now)
                case rtcp.KeyframeRequest():
                    self._want_keyframe(viewer, item)
                case rtcp.Remb():
                    self._reported[viewer.number] = item.bps
                case rtcp.Goodbye():
                    self._hear_goodbye(viewer, item)
                case rtcp.Report():
                    self._note(viewer, item, now)
                case rtcp.ReceiverTime():
                    if item.ssrc == source:  # which is one of a bounded number
                        viewer.times[source] = item.time, now

    def _tell(self, event: KeyframeWanted | Left) -> None:
        # One of each kind until it is fetched: the last one says it all.
        self._events[event.viewer, type(event)] = event

    def _want_keyframe(self, viewer: TwinViewer, request: rtcp.KeyframeRequest) -> None:
        video = viewer.tracks.get(Kind.VIDEO)
        if video is not None and request.ssrc == video.out.params.ssrc:
            self._tell(KeyframeWanted(viewer.number))

    def _hear_goodbye(self, viewer: TwinViewer, goodbye: rtcp.Goodbye) -> None:
        # A viewer may report with one SSRC for each track, and stop one of them.
        leaving = viewer.present.intersection(goodbye.sources)
        viewer.present -= leaving
        if leaving and not viewer.present:
            self._tell(Left(viewer.number))

    def _note(self, viewer: TwinViewer, report: rtcp.Report, now: float) -> None:
        video = viewer.tracks.get(Kind.VIDEO)
        if video is not None and report.ssrc == video.out.params.ssrc:
            viewer.highest, viewer.lost = report.highest, report.lost
            self._reported.setdefault(viewer.number, None)
        if report.last_sr:
            middle = (ntp(now) >> 16) & 0xFFFFFFFF
            trip = (middle - report.last_sr - report.delay) & 0xFFFFFFFF
            if trip < 1 << 22:  # 64 s; more is a clock that stepped
                viewer.rtt_s = trip / 65536

    def _resend(self, viewer: TwinViewer, nack: rtcp.Nack, now: float) -> None:
        track = next((t for t in viewer.tracks.values() if t.out.params.ssrc == nack.ssrc), None)
        if track is None:
            return
        viewer.requested += len(nack.sequences)
        for sequence in viewer.repeats.allowed(nack.ssrc, nack.sequences, now, viewer.rtt_s):
            packet = track.out.again(sequence, now)
            if packet is None:
                continue
            viewer.repeats.sent(nack.ssrc, sequence, len(packet), now)
            with suppress(pylibsrtp.Error):  # a repeat too old for the replay window
                self.send(viewer.send.protect(packet), viewer.path.address)
                viewer.resent += 1
                self._counters["retransmissions"] += 1

    # --- time ------------------------------------------------------------------------------

    def tick(self, now: float) -> list[CoreEvent]:
        for viewer in self._viewers.values():
            for track in viewer.tracks.values():
                # Also due if the clock was set back.
                if not track.next_report - REPORT_S <= now < track.next_report:
                    self._report(viewer, track, now)
        events, self._events = list(self._events.values()), {}
        for number, estimate in self._reported.items():
            entry = self._viewers[number]
            events.append(Report(number, estimate, entry.highest, entry.lost, entry.rtt_s))
        self._reported.clear()
        return events

    def _report(self, viewer: TwinViewer, track: Track, now: float) -> None:
        rtp_time = track.out.rtp_time_at(int(now * 1e6))
        if rtp_time is None or track.stream is None:
            return
        # The first report goes with the first frames: sound and picture need it to meet.
        track.next_report = now + REPORT_S
        report = rtcp.sender_report(
            ssrc=track.out.params.ssrc,
            ntp_time=ntp(now),
            rtp_time=rtp_time,
            packets=track.out.packets,
            octets=track.out.octets,
            cname=CNAME,
        )
        for source, (middle, at) in viewer.times.items():
            held = min(max(int((now - at) * 65_536), 0), 0xFFFFFFFF)
            report += rtcp.delay_report(track.out.params.ssrc, source, middle, held)
        viewer.times.clear()
        self.send(viewer.send.protect_rtcp(report), viewer.path.address)

    # --- counters --------------------------------------------------------------------------

    def stats(self, viewer: int) -> ViewerStats:
        entry = self._viewers[viewer]
        return ViewerStats(
            packets=sum(track.out.packets for track in entry.tracks.values()),
            octets=sum(track.out.octets for track in entry.tracks.values()),
            requested=entry.requested,
            resent=entry.resent,
            highest=entry.highest,
            lost=entry.lost,
            rtt_s=entry.rtt_s,
            heard_at=entry.heard_at,
            checked_s=None if entry.checked is None else time.monotonic() - entry.checked,
        )

    def counters(self) -> dict[str, int]:
        return {
            **self._counters,
            "send_failures": self._datagrams.failures,
            "socket_full": self._datagrams.full,
        }
