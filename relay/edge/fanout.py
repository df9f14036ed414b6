"""The core's Python twin: the same work as the native one, to be read, and where that is missing.

Back-pressure: of each track at most one frame waits for its time. What the socket does not take is
dropped and counted; viewers ask again for what they miss.
"""

from __future__ import annotations

import math
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import pylibsrtp

from relay.edge import turns
from relay.edge.core import (
    COUNTERS,
    CoreEvent,
    KeyframeWanted,
    Left,
    Report,
    TrackParams,
    ViewerStats,
)
from relay.edge.datagrams import Datagrams, Path
from relay.edge.ring import Ring
from relay.edge.seat import Seat
from relay.errors import ProtocolError
from relay.media.codecs import Kind
from relay.webrtc import rtcp
from relay.webrtc.ice import Credentials, IceLite
from relay.webrtc.mux import Protocol, classify
from relay.webrtc.rtp import ntp
from relay.webrtc.sdp import CNAME

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from relay.edge.track import Track
    from relay.media.unit import Unit
    from relay.webrtc.dtls import SrtpKeys
    from relay.webrtc.ice import Address

    Later = Callable[[float, Callable[[float], None]], object]

_LEAST_S: Final = 0.001
"""Between two looks at what waits."""
_MAX_SOURCES: Final = 16
"""SSRCs that a viewer may report with; browsers have one or two."""


class PythonCore:
    """See `edge.core.Core`, of which this is an implementation."""

    def __init__(self, sock: socket.socket, later: Later | None = None) -> None:
        """`sock` is a bound, non-blocking UDP socket; it stays the caller's to close.

        `later` calls what it is given at a Unix time, with the time. Without it large frames and
        replays are not spread.
        """
        self._later = later
        self._alarm = math.inf
        """When `later` was asked to call."""
        self._waiting: dict[tuple[int, Kind], tuple[Seat, Track]] = {}
        """Tracks with more to send."""
        self._datagrams = Datagrams(sock)
        self._rings: dict[int, Ring] = {}
        self._followers: dict[int, dict[int, Seat]] = {}
        self._viewers: dict[int, Seat] = {}
        self._by_address: dict[Address, Seat] = {}
        self._events: dict[tuple[int, type[CoreEvent]], CoreEvent] = {}
        self._reported: dict[int, int | None] = {}
        """Viewers that have reported since the last tick, and what they estimate."""
        self._counters = dict.fromkeys(COUNTERS, 0)

    def fileno(self) -> int:
        return self._datagrams.fileno()

    def stop(self) -> None:
        self._waiting.clear()
        self._later = None

    def flush(self) -> None:
        pass

    # --- streams ---------------------------------------------------------------------------

    def open_stream(self, stream: int, kind: Kind) -> None:
        self._rings[stream] = Ring(kind, paced=self._later is not None)
        self._followers[stream] = {}

    def close_stream(self, stream: int) -> None:
        ring = self._rings.pop(stream)
        kind = ring.kind
        for viewer in self._followers.pop(stream).values():
            track = viewer.tracks[kind]
            waits_for = track.next_stream if track.next_stream != stream else None
            if track.stream == stream:
                self._fall_silent(viewer, track)
            track.next_stream = waits_for
        ring.clear()  # viewers may still know what they were sent of it

    def push(self, stream: int, unit: Unit, now: float) -> None:
        self._serve(now)
        ring = self._rings[stream]
        frame = ring.push(unit, now)
        viewers = list(self._followers[stream].values())
        first = turns.first(frame.number, len(viewers))
        for viewer in viewers[first:] + viewers[:first]:
            track = viewer.tracks[ring.kind]
            if track.next_stream == stream and (frame.keyframe or ring.kind is Kind.AUDIO):
                self._follow(viewer, track, stream)
            if track.stream == stream:
                self._send_rtp(viewer, track.begin_frame(ring, frame))
                self._send_due(viewer, track, now)
        self._set_alarm(now)

    # --- viewers ---------------------------------------------------------------------------

    def add_viewer(
        self, viewer: int, address: Address, keys: SrtpKeys, tracks: list[TrackParams]
    ) -> None:
        ssrcs = {ssrc for track in tracks for ssrc in (track.ssrc, track.rtx_ssrc)}
        if len(ssrcs) < 2 * len(tracks):
            raise ValueError("SSRCs of one viewer have to differ")
        entry = Seat(viewer, address, keys, tracks)
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
        for kind in entry.tracks:
            self._drop_following(entry, kind)
        goodbye = rtcp.goodbye([track.out.params.ssrc for track in entry.tracks.values()], CNAME)
        self.send(entry.send.protect_rtcp(goodbye), entry.path.address)
        if self._by_address.get(entry.path.address) is entry:
            del self._by_address[entry.path.address]

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
        if not track.is_chasing:
            self._replay(entry, track, now)
        return True

    def probe(self, viewer: int, size: int, now: float) -> None:
        entry = self._viewers[viewer]
        track = entry.tracks.get(Kind.VIDEO)
        if track is None:
            return
        for packet in track.out.recent(size, now, track.unsent):
            self.send(entry.send.protect(packet), entry.path.address)

    def _follow(self, viewer: Seat, track: Track, stream: int) -> None:
        if track.stream is not None and track.stream != stream:
            self._followers[track.stream].pop(viewer.number, None)
        self._send_rtp(viewer, track.follow(stream))

    def _drop_following(self, viewer: Seat, kind: Kind) -> None:
        track = viewer.tracks.get(kind)
        if track is None:
            return
        for stream in (track.stream, track.next_stream):
            if stream is not None:
                self._followers[stream].pop(viewer.number, None)
        self._fall_silent(viewer, track)

    def _fall_silent(self, viewer: Seat, track: Track) -> None:
        self._send_rtp(viewer, track.follow(None))
        self._waiting.pop((viewer.number, track.out.params.kind), None)

    def _replay(self, viewer: Seat, track: Track, now: float) -> None:
        assert track.stream is not None
        ring, paced = self._rings[track.stream], self._later is not None
        self._send_rtp(viewer, track.begin_chase(ring, now, viewer.estimate, paced=paced))
        self._send_due(viewer, track, now)
        self._set_alarm(now)

    # --- out -------------------------------------------------------------------------------

    def send(self, datagram: bytes, address: Address) -> None:
        self._datagrams.send(datagram, address)

    def _send_due(self, viewer: Seat, track: Track, now: float) -> None:
        self._send_rtp(viewer, track.serve(now))
        key = viewer.number, track.out.params.kind
        if track.due is None:
            self._waiting.pop(key, None)
        else:
            self._waiting[key] = viewer, track

    def _serve(self, now: float) -> None:
        """Send what is due by now."""
        for viewer, track in list(self._waiting.values()):
            self._send_due(viewer, track, now)

    def _set_alarm(self, now: float) -> None:
        due = min((track.due or now for _, track in self._waiting.values()), default=math.inf)
        if self._later is None or due >= self._alarm:
            return
        self._alarm = max(due, now + _LEAST_S)
        self._later(self._alarm, self._wake)

    def _wake(self, now: float) -> None:
        self._alarm = math.inf
        self._serve(now)
        self._set_alarm(now)

    def _send_rtp(self, viewer: Seat, packets: list[bytes]) -> None:
        if not packets:
            return
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

    def _answer(self, viewer: Seat, datagram: bytes) -> bool:
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

    def _srtcp(self, viewer: Seat, datagram: bytes, now: float) -> None:
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
                    self._reported[viewer.number] = viewer.estimate = item.bps
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

    def _want_keyframe(self, viewer: Seat, request: rtcp.KeyframeRequest) -> None:
        if viewer.kind_of(request.ssrc) is Kind.VIDEO:
            self._tell(KeyframeWanted(viewer.number))

    def _hear_goodbye(self, viewer: Seat, goodbye: rtcp.Goodbye) -> None:
        # A viewer may report with one SSRC for each track, and stop one of them.
        leaving = viewer.present.intersection(goodbye.sources)
        viewer.present -= leaving
        if leaving and not viewer.present:
            self._tell(Left(viewer.number))

    def _note(self, viewer: Seat, report: rtcp.Report, now: float) -> None:
        if viewer.note(report, now) is Kind.VIDEO:
            self._reported.setdefault(viewer.number, None)

    def _resend(self, viewer: Seat, nack: rtcp.Nack, now: float) -> None:
        track = next((t for t in viewer.tracks.values() if t.out.params.ssrc == nack.ssrc), None)
        if track is None:
            return
        viewer.requested += len(nack.sequences)
        for sequence in viewer.repeats.allowed(nack.ssrc, nack.sequences, now, viewer.rtt_s):
            packet = track.out.again(sequence, now, track.unsent)
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
                if track.report_due(now):
                    self._report(viewer, track, now)
        events, self._events = list(self._events.values()), {}
        for number, estimate in self._reported.items():
            entry = self._viewers[number]
            events.append(Report(number, estimate, entry.highest, entry.lost, entry.rtt_s))
        self._reported.clear()
        return events

    def _report(self, viewer: Seat, track: Track, now: float) -> None:
        rtp_time = track.out.rtp_time_at(int(now * 1e6))
        if rtp_time is None or track.stream is None:
            return
        # The first report goes with the first frames: sound and picture need it to meet.
        track.reported(now)
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
        return self._viewers[viewer].stats(time.monotonic())

    def next_sequence(self, viewer: int) -> int:
        return self._viewers[viewer].next_sequence

    def counters(self) -> dict[str, int]:
        return {
            **self._counters,
            "send_failures": self._datagrams.failures,
            "socket_full": self._datagrams.full,
        }
