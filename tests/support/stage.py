"""A core on a real socket, and seats before it: viewers without ICE and DTLS.

Time is passed as `now`, and goes on only where a test says so.
"""

from __future__ import annotations

import itertools
import secrets
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from relay.edge.core import TrackParams
from relay.media.codecs import Kind
from relay.webrtc.dtls import SrtpKeys
from relay.webrtc.rtp import Extensions
from tests.support.reception import PROFILES, Reception
from tests.support.units import picture, sound

if TYPE_CHECKING:
    from collections.abc import Callable

    from relay.edge.core import Core, CoreEvent
    from relay.media.unit import Unit
    from relay.webrtc.ice import Address

NOW = 1_790_000_000.0
EXTENSIONS = Extensions(abs_send_time=2, playout_delay=5, mid=9)
FRAME_S, SOUND_S = 1 / 30, 0.02


def open_udp() -> socket.socket:
    """A socket on loopback with room for a burst."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    with suppress(OSError):  # only root may exceed the system's limit
        sock.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)  # SO_RCVBUFFORCE
    sock.bind(("127.0.0.1", 0))
    return sock


def drain(sock: socket.socket) -> list[bytes]:
    """All that has arrived."""
    found = []
    while True:
        try:
            found.append(sock.recv(4096))
        except BlockingIOError:
            return found


def track(
    kind: Kind, *, rtx: int | None = 97, extensions: Extensions = EXTENSIONS, **changes: int
) -> TrackParams:
    """A track's parameters, with random numbers where none are given."""
    video = kind is Kind.VIDEO
    numbers = {
        "ssrc": secrets.randbits(32),
        "payload_type": 96 if video else 111,
        "rtx_ssrc": secrets.randbits(32),
        "first_sequence": secrets.randbits(15),
        "timestamp_offset": secrets.randbits(32),
        **changes,
    }
    return TrackParams(
        kind=kind,
        rtx_payload_type=rtx if video else None,
        extensions=extensions,
        mid="0" if video else "1",
        **numbers,  # type: ignore[arg-type]
    )


@runtime_checkable
class KeepsTime(Protocol):
    """A core whose clock runs by itself between the times that it is told."""

    def set_time(self, now: float) -> None:
        """Tell it the time."""


class Seat(Reception):
    """A viewer of a core."""

    def __init__(
        self, stage: Stage, number: int, profile: str, tracks: tuple[TrackParams, ...]
    ) -> None:
        size = PROFILES[profile][1]
        keys = SrtpKeys(profile, secrets.token_bytes(size), secrets.token_bytes(size))
        super().__init__(keys, tracks)
        self.number = number
        self._stage = stage
        self.socket = open_udp()
        stage.core.add_viewer(number, self.address, keys, list(tracks))

    @property
    def address(self) -> Address:
        host, port = self.socket.getsockname()
        return (host, port)

    def receive(self) -> None:
        """Take all that has arrived."""
        for datagram in drain(self.socket):
            self.take(datagram)

    def watch(self, stream: int, *, at_once: bool = False) -> None:
        """Follow a stream."""
        self._stage.core.watch(self.number, stream, self._stage.now, at_once=at_once)
        self.receive()

    def tell(self, *rtcp: bytes, sock: socket.socket | None = None) -> None:
        """Send RTCP, and let the core read it."""
        (sock or self.socket).sendto(self.seal(b"".join(rtcp)), self._stage.address)
        self._stage.read()
        self.receive()

    def move(self) -> None:
        """Take another address, as a viewer whose router forgot it; the core is not told."""
        self.socket.close()
        self.socket = open_udp()


class Stage:
    """A core, its clock, its streams and its viewers."""

    def __init__(self, core_class: Callable[[socket.socket], Core]) -> None:
        self.socket = open_udp()
        try:
            self.core = core_class(self.socket)
        except BaseException:
            self.socket.close()
            raise
        self._now = NOW
        self._told_at = time.monotonic()
        self.seats: list[Seat] = []
        self._numbers = itertools.count(100)
        self._streams = itertools.count(1)
        self._kinds: dict[int, Kind] = {}
        self._next: dict[int, int] = {}
        self.skew_s: dict[int, float] = {}

    @property
    def address(self) -> Address:
        """The core's."""
        host, port = self.socket.getsockname()
        return (host, port)

    @property
    def now(self) -> float:
        """Unix time."""
        return self._now

    @now.setter
    def now(self, now: float) -> None:
        self._now = now
        self._told_at = time.monotonic()
        if isinstance(self.core, KeepsTime):
            self.core.set_time(now)

    def is_now(self, at: float, *, plus_s: float = 0.0) -> bool:
        """Whether `at` is the present, plus `plus_s`.

        A core with a thread of its own has its clock go on by itself after it was told the time:
        for it, it is also what has really passed since.
        """
        passed = time.monotonic() - self._told_at if isinstance(self.core, KeepsTime) else 0.0
        return -1e-5 <= at - plus_s - self.now <= passed + 1e-5

    def close(self) -> None:
        """End the core and close all sockets."""
        self.core.stop()
        for seat in self.seats:
            seat.socket.close()
        self.socket.close()

    # --- the house -------------------------------------------------------------------------

    def open(self, kind: Kind = Kind.VIDEO, *, skew_s: float = 0.0) -> int:
        """A new stream; its camera's clock is ahead by `skew_s`."""
        number = next(self._streams)
        self._kinds[number], self._next[number], self.skew_s[number] = kind, 0, skew_s
        self.core.open_stream(number, kind)
        return number

    def seat(self, *tracks: TrackParams, profile: str = "AEAD_AES_128_GCM") -> Seat:
        """A new viewer; of picture and sound if no tracks are given."""
        tracks = tracks or (track(Kind.VIDEO), track(Kind.AUDIO))
        seat = Seat(self, next(self._numbers), profile, tracks)
        self.seats.append(seat)
        return seat

    # --- the play --------------------------------------------------------------------------

    def push(self, stream: int, unit: Unit) -> None:
        """Push a unit; everyone receives what comes of it."""
        self.core.push(stream, unit, self.now)
        for seat in self.seats:
            seat.receive()

    def unit(self, stream: int, *, keyframe: bool = False, size: int = 2500) -> Unit:
        """The stream's next unit, of this moment; `size` is a picture's."""
        number = self._next[stream]
        self._next[stream] += 1
        skew = self.skew_s[stream]
        if self._kinds[stream] is Kind.AUDIO:
            return sound(number, self.now, skew_s=skew)
        return picture(number, self.now, keyframe=keyframe, size=size, skew_s=skew)

    def play(self, *streams: int, frames: int = 1, gop: int = 30, size: int = 2500) -> None:
        """Push the next frames of all these streams at once; time goes on after each."""
        for _ in range(frames):
            for stream in streams:
                keyframe = self._next[stream] % gop == 0
                self.push(stream, self.unit(stream, keyframe=keyframe, size=size))
            kinds = {self._kinds[stream] for stream in streams}
            self.now += SOUND_S if kinds == {Kind.AUDIO} else FRAME_S

    def read(self) -> list[tuple[bytes, Address]]:
        """Let the core read its socket; what it hands over."""
        return self.core.read(self.now)

    def tick(self, advance_s: float = 0.0) -> list[CoreEvent]:
        """Let the core do what is due; everyone receives what comes of it."""
        self.now += advance_s
        events = self.core.tick(self.now)
        for seat in self.seats:
            seat.receive()
        return events
