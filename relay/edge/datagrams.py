"""The twin's UDP socket: runs of equal packets as one message (UDP GSO), and datagrams in.

Back-pressure: what the socket does not take is dropped and counted.
"""

from __future__ import annotations

import errno
import socket
import struct
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from relay.webrtc.ice import Address

_READ_BATCH: Final = 256
_UDP_SEGMENT: Final = 103
_GSO_SEGMENTS: Final = 48
"""Linux takes 64 KB and 64 segments in one call."""
_FULL: Final = frozenset({errno.EAGAIN, errno.ENOBUFS})
_GSO_ERRORS: Final = frozenset({errno.EINVAL, errno.EIO, errno.EMSGSIZE})
"""What Linux says where a path's MTU or device does not allow GSO."""


@dataclass(slots=True)
class Path:
    """The way to an address."""

    address: Address
    """Where it ends."""
    gso: bool = True
    """Whether it is not known to be one without GSO."""


class Datagrams:
    """See the module."""

    def __init__(self, sock: socket.socket) -> None:
        """`sock` is a bound, non-blocking UDP socket; it stays the caller's to close."""
        self._socket = sock
        self._gso = _knows_gso(sock)
        self.failures = 0
        """Datagrams that the socket did not take."""
        self.full = 0
        """Those of them for which there was no room, whatever their address."""

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._socket.fileno()

    def send(self, datagram: bytes, address: Address) -> None:
        """Send one datagram."""
        try:
            self._socket.sendto(datagram, address)
        except OSError as error:
            self._count(1, error)

    def _count(self, datagrams: int, error: OSError) -> None:
        self.failures += datagrams
        if error.errno in _FULL:
            self.full += datagrams

    def send_all(self, packets: list[bytes], path: Path) -> None:
        """Send packets in as few calls as they allow."""
        for run in _runs(packets):
            self._send_run(run, path)

    def read(self) -> Iterator[tuple[bytes, Address]]:
        """What has arrived, up to a bounded number."""
        for _ in range(_READ_BATCH):
            try:
                datagram, address = self._socket.recvfrom(2048)
            except OSError:  # nothing left, or an ICMP error of a viewer that is gone
                return
            yield datagram, (address[0], address[1])

    def _send_run(self, run: list[bytes], path: Path) -> None:
        if len(run) == 1 or not (self._gso and path.gso):
            for packet in run:
                self.send(packet, path.address)
            return
        segment = struct.pack("=H", len(run[0]))
        try:
            self._socket.sendmsg(
                [b"".join(run)], [(socket.IPPROTO_UDP, _UDP_SEGMENT, segment)], 0, path.address
            )
        except OSError as error:
            if error.errno not in _GSO_ERRORS:
                self._count(len(run), error)
                return
            path.gso = False
            self._send_run(run, path)


def _knows_gso(sock: socket.socket) -> bool:
    try:
        sock.setsockopt(socket.IPPROTO_UDP, _UDP_SEGMENT, 0)
    except OSError:
        return False
    return sys.platform == "linux"


def _runs(packets: list[bytes]) -> list[list[bytes]]:
    """Split into runs that GSO can take: equal lengths, but for a shorter last packet."""
    runs: list[list[bytes]] = []
    for packet in packets:
        run = runs[-1] if runs else None
        if (
            run is not None
            and len(run) < _GSO_SEGMENTS
            and len(run[-1]) == len(run[0])
            and len(packet) <= len(run[0])
        ):
            run.append(packet)
        else:
            runs.append([packet])
    return runs
