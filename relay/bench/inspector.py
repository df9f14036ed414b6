"""What some viewers receive, packet by packet: by its headers, or decrypted to the last byte."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

import pylibsrtp

from relay.bench.footage import FPS, number_of, picture, sound, sound_number_of
from relay.media.timebase import VIDEO_CLOCK
from relay.webrtc.rtp import MAX_PAYLOAD

if TYPE_CHECKING:
    from collections.abc import Callable

_FU_A: Final = 28
_FRAGMENT: Final = MAX_PAYLOAD - 2
"""Bytes of a picture in each of its packets."""
_HALF: Final = 1 << 31


class Skips:
    """Pictures that are missing between those that have come, told by their times.

    A sender that drops a picture whole leaves no gap in sequence numbers: they are given to what
    is sent.
    """

    def __init__(self) -> None:
        self.count = 0
        self._last: int | None = None

    def take(self, timestamp: int) -> bool:
        """The next picture's time, 90 kHz and 32 bits; whether it is a new one."""
        if self._last is None:
            self._last = timestamp
            return True
        ahead = (timestamp - self._last) & 0xFFFFFFFF
        if not 0 < ahead < _HALF:
            return False
        self.count += max(round(ahead * FPS / VIDEO_CLOCK) - 1, 0)
        self._last = timestamp
        return True


class Gaps:
    """Packets that are missing between those of one SSRC."""

    def __init__(self) -> None:
        self.count = 0
        self._next: int | None = None

    def take(self, sequence: int) -> None:
        """The next packet's number."""
        gap = 0 if self._next is None else (sequence - self._next) & 0xFFFF
        if gap < 0x8000:
            self.count += gap
            self._next = (sequence + 1) & 0xFFFF


class Observer:
    """Counts what one viewer receives by the headers, which SRTP does not hide."""

    def __init__(self, ssrc: int, sound_ssrc: int) -> None:
        self._kinds: dict[int, tuple[Gaps, Callable[[bytes], None]]] = {
            ssrc: (Gaps(), self._picture)
        }
        self._kinds.setdefault(sound_ssrc, (Gaps(), self._sound))
        self._skips = Skips()
        self.packets = 0
        """Packets of its picture and sound."""
        self.pictures = 0
        """Pictures that have come, of those whose content is looked at the ones that were right to
        the last byte.
        """
        self.wrong = 0
        """Pictures and sounds that were not, and packets that could not be decrypted."""
        self.sequence = 0
        """Number of the last packet of its picture."""

    @property
    def lost(self) -> int:
        """Packets that are missing between others."""
        return sum(gaps.count for gaps, _ in self._kinds.values())

    @property
    def skipped(self) -> int:
        """Pictures that are missing between others, of which no packet has come."""
        return self._skips.count

    def take(self, datagram: bytes) -> bool:
        """A datagram of SRTP, any other is passed over; whether it is of the picture."""
        if len(datagram) < 12 or datagram[0] < 128 or 192 <= datagram[1] < 224:
            return False
        sequence, ssrc = struct.unpack_from("!2xH4xI", datagram)
        if ssrc not in self._kinds:
            return False
        gaps, look = self._kinds[ssrc]
        plain = self._open(datagram)
        if plain is None:
            self.wrong += 1
            return False
        self.packets += 1
        gaps.take(sequence)
        look(plain)
        if look != self._picture:
            return False
        self.sequence = sequence
        return True

    def _open(self, datagram: bytes) -> bytes | None:
        return datagram

    def _picture(self, packet: bytes) -> None:
        (timestamp,) = struct.unpack_from("!I", packet, 4)
        self.pictures += self._skips.take(timestamp)

    def _sound(self, packet: bytes) -> None:
        """Nothing but its number can be told from a header."""


class Inspector(Observer):
    """Decrypts it as well, with libsrtp, and holds it against what was written."""

    def __init__(self, session: pylibsrtp.Session, ssrc: int, sound_ssrc: int = 0) -> None:
        super().__init__(ssrc, sound_ssrc)
        self._session = session
        self._nal = b""
        self._last: int | None = None
        """Number of the last picture that was right."""
        self._wrong_since = 0
        self._skipped = 0

    @property
    def skipped(self) -> int:  # noqa: D102 - as in Observer
        return self._skipped

    def _open(self, datagram: bytes) -> bytes | None:
        try:
            return bytes(self._session.unprotect(datagram))
        except pylibsrtp.Error:
            return None

    def _picture(self, packet: bytes) -> None:
        payload = _payload(packet)
        if payload and payload[0] & 0x1F == _FU_A:
            if payload[1] & 0x80:
                self._nal = bytes([payload[0] & 0xE0 | payload[1] & 0x1F])
            self._nal += payload[2:]
        else:
            self._nal = payload
        if packet[1] & 0x80:
            nal, self._nal = self._nal, b""
            self._judge(nal)

    def _judge(self, nal: bytes) -> None:
        number = number_of(nal)
        if number < 0 or nal != picture(number, -(-(len(nal) - 1) // _FRAGMENT)):
            self.wrong += 1
            self._wrong_since += 1
            return
        self.pictures += 1
        if self._last is not None:
            # Those that were wrong are in between, and counted as such.
            self._skipped += max(number - self._last - 1 - self._wrong_since, 0)
        self._last, self._wrong_since = number, 0

    def _sound(self, packet: bytes) -> None:
        unit = _payload(packet)
        number = sound_number_of(unit)
        self.wrong += number < 0 or unit != sound(number)


def _payload(packet: bytes) -> bytes:
    start = 12 + 4 * (packet[0] & 15)
    if packet[0] & 0x10:
        start += 4 + 4 * int.from_bytes(packet[start + 2 : start + 4], "big")
    end = len(packet) - packet[-1] if packet[0] & 0x20 else len(packet)
    return packet[start:end]
