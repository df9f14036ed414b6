"""What does an edge's per-packet work: the interface of the native core and of its Python twin.

The core owns the edge's UDP socket. It sends every pushed unit to all who watch its stream, answers
retransmission requests, sends sender reports, and reads the socket: SRTCP and consent checks it
handles itself, all else it hands over. Decisions stay with its caller. `now` is Unix time, seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from relay.media.codecs import Kind
    from relay.media.unit import Unit
    from relay.webrtc.dtls import SrtpKeys
    from relay.webrtc.ice import Address
    from relay.webrtc.rtp import Extensions

COUNTERS: Final = (
    "packets_sent",  # SRTP packets given to the socket, retransmissions aside
    "bytes_sent",  # bytes of them
    "send_failures",  # datagrams that the socket did not take
    "socket_full",  # those of them for which it had no room
    "srtcp_rejected",  # SRTCP that was not authentic, repeated, or malformed
    "strays",  # SRTP and SRTCP from addresses of no viewer
    "retransmissions",  # packets sent again
    "frames_served",  # frames of pictures that all who follow them were sent; the twin counts none
    "frames_late",  # those of them that kept the next ones waiting
    "frames_dropped",  # frames for which there was no time; in the twin nobody waits for any
    "inbox_dropped",  # datagrams that nobody fetched in time; of the twin's the kernel drops them
)


@dataclass(frozen=True, slots=True)
class TrackParams:
    """One outgoing track of a viewer, as negotiated."""

    kind: Kind
    """Sound or picture."""
    ssrc: int
    """Of its packets."""
    payload_type: int
    """Of its packets."""
    rtx_ssrc: int
    """Of retransmissions."""
    rtx_payload_type: int | None
    """Of retransmissions; None: they repeat the packet itself."""
    extensions: Extensions
    """Header extensions."""
    mid: str
    """Media description's identification, for the header extension."""
    first_sequence: int
    """Sequence number to begin with, at most 2^15 - 1 so that SRTP's index begins at 0."""
    timestamp_offset: int
    """Added to RTP times, 32 random bits."""


@dataclass(frozen=True, slots=True)
class KeyframeWanted:
    """A viewer cannot decode what it gets."""

    viewer: int
    """Who."""


@dataclass(frozen=True, slots=True)
class Report:
    """A viewer has told how its picture arrives, or how much it can receive; at most one for each
    viewer and tick.
    """

    viewer: int
    """Who."""
    estimate_bps: int | None
    """How much it can receive, by the last REMB that has come since the tick before; None: none."""
    highest: int
    """As in `ViewerStats`."""
    lost: int
    """As in `ViewerStats`."""
    rtt_s: float | None
    """As in `ViewerStats`."""


@dataclass(frozen=True, slots=True)
class Left:
    """A viewer has said goodbye."""

    viewer: int
    """Who."""


@dataclass(frozen=True, slots=True)
class Behind:
    """Frames of a stream were dropped for want of time: all its viewers wait for a keyframe."""

    stream: int
    """Which."""


CoreEvent = KeyframeWanted | Report | Left | Behind


@dataclass(frozen=True, slots=True)
class ViewerStats:
    """One viewer's counters."""

    packets: int
    """Packets sent, retransmissions aside."""
    octets: int
    """Bytes of RTP payload sent, retransmissions aside."""
    requested: int
    """Packets that the viewer asked for again."""
    resent: int
    """Packets that were sent again."""
    highest: int
    """Highest sequence number of the picture that has come, by the last receiver report, with the
    count of its wraps above 16 bits; 0 before it.
    """
    lost: int
    """Packets of the picture that were lost, by that report."""
    rtt_s: float | None
    """Round trip, by the last receiver report; None before it."""
    heard_at: float
    """When the viewer's last authentic SRTCP packet came, Unix seconds; 0 before it."""
    jitter_ms: float
    """Interarrival jitter of the picture's packets, by that report (RFC 3550 section 6.4.1)."""
    sound_highest: int
    """As `highest`, of the sound."""
    sound_lost: int
    """Packets of the sound that were lost, by the last receiver report."""
    checked_s: float | None
    """How long ago the core last answered a consent check; None: never."""


class Core(Protocol):
    """See the module."""

    def fileno(self) -> int:
        """What becomes readable when `read` has something."""

    def stop(self) -> None:
        """End all threads; nothing may be asked for any more."""

    def flush(self) -> None:
        """Wait until all that was asked for is done and sent, and what had arrived is read.

        Raises:
            RuntimeError: as for `tick`.
        """

    def open_stream(self, stream: int, kind: Kind) -> None:
        """Begin a stream; `stream` is the caller's number for it."""

    def close_stream(self, stream: int) -> None:
        """End a stream; nobody watches it any more."""

    def push(self, stream: int, unit: Unit, now: float) -> None:
        """Send a unit to all who watch `stream`."""

    def add_viewer(
        self, viewer: int, address: Address, keys: SrtpKeys, tracks: list[TrackParams]
    ) -> None:
        """Take up a viewer; `viewer` is the caller's number for it."""

    def answer_checks(self, viewer: int, username: str, password: str) -> None:
        """Answer a viewer's authentic consent checks (RFC 7675) from where it is sent to, from now
        on; all other STUN is still handed over. `username` is our user name fragment, a colon, and
        the viewer's, `password` is ours; again after an ICE restart.
        """

    def move_viewer(self, viewer: int, address: Address) -> None:
        """Send to another address from now on."""

    def remove_viewer(self, viewer: int) -> None:
        """Say goodbye to a viewer and forget it; harmless if it is not known."""

    def watch(self, viewer: int, stream: int, now: float, *, at_once: bool) -> None:
        """Let a viewer's track of the stream's kind follow `stream`.

        With `at_once` it starts with the frames since the last keyframe, else it goes on with what
        it follows until the stream's next keyframe.
        """

    def unwatch(self, viewer: int, kind: Kind) -> None:
        """Let a viewer's track of this kind fall silent.

        What was sent of it is not sent again: it would delay what a narrow path is to carry next.
        """

    def replay(self, viewer: int, now: float) -> bool:
        """Send a viewer the frames since the last keyframe again; False if they are not here."""

    def probe(self, viewer: int, size: int, now: float) -> None:
        """Send a viewer about `size` bytes of its latest packets once more, as retransmissions.

        Its bandwidth estimate can rise by that. Does nothing where retransmission has no payload
        type of its own: the same packet again would not be counted.
        """

    def send(self, datagram: bytes, address: Address) -> None:
        """Send a STUN or DTLS datagram."""

    def read(self, now: float) -> list[tuple[bytes, Address]]:
        """What has arrived and was not handled, up to a bounded number."""

    def tick(self, now: float) -> list[CoreEvent]:
        """Send reports that are due, and return what viewers have told. Call it every 50 ms.

        Raises:
            RuntimeError: the core's thread has ended by a fault; the edge has to end with it.
        """

    def stats(self, viewer: int) -> ViewerStats:
        """A viewer's counters.

        Raises:
            KeyError: it is not known.
        """

    def next_sequence(self, viewer: int) -> int:
        """Sequence number that the next packet of a viewer's picture takes, as `highest` of its
        counters: what is lost from there on tells of what is sent from now on.

        Raises:
            KeyError: it is not known.
        """

    def counters(self) -> dict[str, int]:
        """Totals since the start, by name: see `COUNTERS`."""
