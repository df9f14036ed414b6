"""The native core behind `edge.core.Core`: Rust does the work in a thread of its own.

Calls only leave a command and return; `flush` waits until all of them are carried out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from relay._native import Engine
from relay.edge.core import (
    Behind,
    CoreEvent,
    KeyframeWanted,
    Left,
    Report,
    TrackParams,
    ViewerStats,
)
from relay.media.codecs import Kind

if TYPE_CHECKING:
    import socket

    from relay.media.unit import Unit
    from relay.webrtc.dtls import SrtpKeys
    from relay.webrtc.ice import Address


class NativeCore:
    """See `edge.core.Core`, of which this is an implementation."""

    def __init__(self, sock: socket.socket, *, gso: bool = True, paced: bool = True) -> None:
        """`sock` is a bound, non-blocking UDP socket; it stays the caller's to close.

        Without `gso` or `paced` each packet is a message of its own, or large frames are not
        spread: to measure what that costs.
        """
        self._engine = Engine(sock.fileno(), gso=gso, paced=paced)

    def fileno(self) -> int:
        return self._engine.fileno()

    def stop(self) -> None:
        self._engine.stop()

    def flush(self) -> None:
        self._engine.flush()

    def open_stream(self, stream: int, kind: Kind) -> None:
        self._engine.open_stream(stream, kind is Kind.VIDEO)

    def close_stream(self, stream: int) -> None:
        self._engine.close_stream(stream)

    def push(self, stream: int, unit: Unit, now: float) -> None:
        self._engine.push(stream, unit.payload, unit.pts, unit.captured_us, unit.opens_gop, now)

    def add_viewer(
        self, viewer: int, address: Address, keys: SrtpKeys, tracks: list[TrackParams]
    ) -> None:
        self._engine.add_viewer(
            viewer, address, keys.profile, keys.send, keys.receive, [_flat(t) for t in tracks]
        )

    def answer_checks(self, viewer: int, username: str, password: str) -> None:
        self._engine.answer_checks(viewer, username, password)

    def move_viewer(self, viewer: int, address: Address) -> None:
        self._engine.move_viewer(viewer, address)

    def remove_viewer(self, viewer: int) -> None:
        self._engine.remove_viewer(viewer)

    def watch(self, viewer: int, stream: int, now: float, *, at_once: bool) -> None:
        self._engine.watch(viewer, stream, now, at_once)

    def unwatch(self, viewer: int, kind: Kind) -> None:
        self._engine.unwatch(viewer, kind is Kind.VIDEO)

    def replay(self, viewer: int, now: float) -> bool:
        return self._engine.replay(viewer, now)

    def probe(self, viewer: int, size: int, now: float) -> None:
        self._engine.probe(viewer, size, now)

    def send(self, datagram: bytes, address: Address) -> None:
        self._engine.send(datagram, address)

    def read(self, now: float) -> list[tuple[bytes, Address]]:
        # SRTCP is read by the engine's thread, at any time; its clock goes on from here.
        return self._engine.read(now)

    def tick(self, now: float) -> list[CoreEvent]:
        return [_event(*event) for event in self._engine.tick(now)]

    def stats(self, viewer: int) -> ViewerStats:
        return ViewerStats(*self._engine.stats(viewer))

    def next_sequence(self, viewer: int) -> int:
        return self._engine.next_sequence(viewer)

    def sizes(self) -> dict[str, int]:
        """How many viewers, addresses, streams, followers and replays are kept in mind; true
        whenever nothing is on its way.
        """
        return self._engine.sizes()

    def counters(self) -> dict[str, int]:
        return self._engine.counters()


def _event(
    kind: int, viewer: int, estimate: int | None, highest: int, lost: int, rtt_s: float | None
) -> CoreEvent:
    match kind:
        case 0:
            return KeyframeWanted(viewer)
        case 1:
            return Report(viewer, estimate, highest, lost, rtt_s)
        case 2:
            return Left(viewer)
        case _:
            return Behind(viewer)


def _flat(track: TrackParams) -> tuple[object, ...]:
    extensions = track.extensions
    return (
        track.kind is Kind.VIDEO,
        track.ssrc,
        track.payload_type,
        track.rtx_ssrc,
        track.rtx_payload_type,
        extensions.abs_send_time,
        extensions.playout_delay,
        extensions.mid,
        extensions.waits,
        track.mid,
        track.first_sequence,
        track.timestamp_offset,
    )
