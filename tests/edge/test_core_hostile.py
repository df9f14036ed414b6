"""Strangers, and viewers that mean harm: counted, and nothing else happens."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from relay.edge.core import KeyframeWanted
from relay.media.codecs import Kind
from tests.support import feedback
from tests.support.reception import PROFILES
from tests.support.stage import drain, open_udp, track

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from tests.support.stage import Seat, Stage


@pytest.fixture
def stranger() -> Iterator[socket.socket]:
    """A socket of nobody's."""
    with open_udp() as sock:
        yield sock


@pytest.fixture
def seat(stage: Stage) -> Seat:
    """A viewer whose picture is on."""
    video = stage.open()
    made = stage.seat(track(Kind.VIDEO))
    made.watch(video)
    stage.play(video, frames=5)
    return made


def read_all(stage: Stage) -> list[bytes]:
    """Let the core read until nothing is left; what it hands over."""
    found = []
    while batch := stage.read():
        found += [datagram for datagram, _ in batch]
    return found


def test_what_the_core_hands_over(stage: Stage, seat: Seat, stranger: socket.socket) -> None:
    """All but SRTP and SRTCP, from whomever, with the sender's address."""
    for datagram in (b"", b"\0\1stun", b"\x16dtls", b"\x40turn", b"\xc0", b"\x7f", b"\xff" * 1400):
        for sock in (stranger, seat.socket):
            sock.sendto(datagram, stage.address)
            assert stage.read() == [(datagram, sock.getsockname())]
    assert stage.core.counters()["strays"] == 0


def test_srtp_of_strangers_is_counted(stage: Stage, seat: Seat, stranger: socket.socket) -> None:
    """Also where it is a viewer's own, sent from elsewhere."""
    request = seat.seal(feedback.pli(seat.tracks[Kind.VIDEO].ssrc))
    for datagram in (request, seat.sealed[0], b"\x80", b"\xbf" * 1400):
        stranger.sendto(datagram, stage.address)
    assert stage.read() == []
    assert stage.tick() == []
    assert stage.core.counters()["strays"] == 4
    assert stage.core.counters()["srtcp_rejected"] == 0
    assert drain(stranger) == []
    assert stage.core.stats(seat.number).heard_at == 0


def test_forgeries_from_a_viewers_address_are_counted(stage: Stage, seat: Seat) -> None:
    random = Random(1)
    real = seat.seal(feedback.pli(seat.tracks[Kind.VIDEO].ssrc))
    forged = [real[:size] for size in range(1, len(real))]
    for position in range(len(real)):
        changed = bytearray(real)
        changed[position] ^= 1 << random.randrange(8)
        if 128 <= changed[0] < 192:
            forged.append(bytes(changed))
    forged += [bytes([random.randrange(128, 192)]) + random.randbytes(n) for n in range(1500)]
    for datagram in forged:
        seat.socket.sendto(datagram, stage.address)
        assert stage.read() == []
    assert stage.core.counters()["srtcp_rejected"] == len(forged)
    assert stage.tick() == []
    seat.socket.sendto(real, stage.address)
    stage.read()
    assert stage.tick() == [KeyframeWanted(seat.number)]


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_srtcp_counts_once(stage: Stage, profile: str) -> None:
    video = stage.open()
    seat = stage.seat(track(Kind.VIDEO), profile=profile)
    seat.watch(video)
    stage.play(video, frames=2)
    sealed = seat.seal(feedback.pli(seat.tracks[Kind.VIDEO].ssrc))
    for repeats in range(3):
        seat.socket.sendto(sealed, stage.address)
        stage.read()
        assert stage.tick() == [KeyframeWanted(seat.number)] * (repeats == 0)
    assert stage.core.counters()["srtcp_rejected"] == 2


def test_srtcp_out_of_order_counts(stage: Stage, seat: Seat) -> None:
    ssrc = seat.tracks[Kind.VIDEO].ssrc
    first, second = (seat.seal(feedback.nack(ssrc, number)) for number in seat.sequences()[:2])
    for sealed in (second, first):
        seat.socket.sendto(sealed, stage.address)
    stage.read()
    assert stage.core.stats(seat.number).resent == 2


def test_another_viewers_keys_open_nothing(stage: Stage, seat: Seat) -> None:
    other = stage.seat(track(Kind.VIDEO))
    sealed = other.seal(feedback.pli(seat.tracks[Kind.VIDEO].ssrc))
    seat.socket.sendto(sealed, stage.address)
    stage.read()
    assert stage.tick() == []
    assert stage.core.counters()["srtcp_rejected"] == 1


def test_authentic_nonsense_is_counted(stage: Stage, seat: Seat) -> None:
    random = Random(2)
    nonsense = [bytes([0x80, 201, 0, 1]) + bytes(4) + random.randbytes(n) for n in range(1, 400)]
    nonsense = [n for n in nonsense if not n[8:] or n[8] >> 6 != 2]
    for rtcp in nonsense:
        seat.tell(rtcp)
    assert stage.core.counters()["srtcp_rejected"] == len(nonsense)
    assert stage.tick() == []


def test_rtp_from_a_viewer_is_counted(stage: Stage, seat: Seat) -> None:
    """It was told that we only send."""
    session = seat._outbound
    packet = b"\x80\x60\0\1\0\0\0\1\0\0\0\2payload"
    seat.socket.sendto(session.protect(packet), stage.address)
    assert stage.read() == []
    assert stage.core.counters()["srtcp_rejected"] == 1


def test_a_viewer_with_ever_new_ssrcs(stage: Stage, seat: Seat) -> None:
    """Each would be a stream of its own in libsrtp: memory, and a longer search for each packet."""
    for number in range(2000):
        seat.tell(feedback.receiver_report(ssrc=number), feedback.bye(number))
    accepted = 2000 - stage.core.counters()["srtcp_rejected"]
    assert 4 <= accepted <= 64
    # Those that are known go on.
    seat.tell(feedback.pli(seat.tracks[Kind.VIDEO].ssrc, ssrc=0))
    assert KeyframeWanted(seat.number) in stage.tick()


def test_ten_thousand_forgeries_lose_a_viewer_nothing(
    stage: Stage, seat: Seat, stranger: socket.socket
) -> None:
    video = 1
    random = Random(3)
    handed = 0
    for _ in range(100):
        for _ in range(100):
            stranger.sendto(random.randbytes(random.randrange(60)), stage.address)
        handed += len(read_all(stage))
        stage.play(video)
    assert handed + stage.core.counters()["strays"] == 10_000
    assert seat.pictures() == list(range(105))
    seat.check_continuity()


def test_a_read_is_bounded(stage: Stage, stranger: socket.socket) -> None:
    """Sending may not wait for a flood to end."""
    for _ in range(2000):
        stranger.sendto(b"\0", stage.address)
    first = len(stage.read())
    assert 0 < first <= 1000
    assert first + len(read_all(stage)) == 2000


def test_a_viewer_that_takes_anothers_address(stage: Stage, seat: Seat) -> None:
    """Whoever was added last at an address is the one who is heard from there."""
    other = stage.seat(track(Kind.VIDEO))
    stage.core.move_viewer(other.number, seat.address)
    seat.tell(feedback.pli(seat.tracks[Kind.VIDEO].ssrc))
    assert stage.tick() == []
    stage.core.remove_viewer(other.number)
    stage.core.move_viewer(seat.number, seat.address)
    seat.tell(feedback.pli(seat.tracks[Kind.VIDEO].ssrc))
    assert stage.tick() == [KeyframeWanted(seat.number)]


def test_a_viewer_that_moves(stage: Stage, seat: Seat, stranger: socket.socket) -> None:
    old = seat.address
    before = stage.core.counters()["strays"]
    seat.move()
    seat.tell(feedback.pli(seat.tracks[Kind.VIDEO].ssrc))
    assert stage.core.counters()["strays"] == before + 1
    stage.core.move_viewer(seat.number, seat.address)
    stage.play(1, frames=3)
    seat.tell(feedback.pli(seat.tracks[Kind.VIDEO].ssrc))
    assert stage.tick() == [KeyframeWanted(seat.number)]
    assert seat.pictures() == list(range(8))
    assert old != seat.address
