"""Consent checks that the core answers by itself, and those that it leaves to its owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aioice import stun

from relay.webrtc.ice import Credentials
from tests.support.stage import drain, open_udp
from tests.webrtc.test_ice import request

if TYPE_CHECKING:
    import socket

    from tests.support.stage import Seat, Stage

LOCAL, REMOTE = Credentials("ours", "our-password-of-many-chars"), Credentials("theirs", "")


@pytest.fixture
def seat(stage: Stage) -> Seat:
    """A viewer whose checks are answered."""
    made = stage.seat()
    stage.core.answer_checks(made.number, f"{LOCAL.ufrag}:{REMOTE.ufrag}", LOCAL.password)
    return made


def exchange(stage: Stage, sock: socket.socket, datagram: bytes) -> tuple[list[bytes], list[bytes]]:
    """What a datagram is answered with, and what of it the owner gets."""
    sock.sendto(datagram, stage.address)
    left = [data for data, _ in stage.read()]
    return drain(sock), left


def test_an_authentic_check_is_answered(stage: Stage, seat: Seat) -> None:
    assert stage.core.stats(seat.number).checked_s is None
    for nominate in (False, True):
        check = request(LOCAL, REMOTE, nominate=nominate)
        [reply], left = exchange(stage, seat.socket, bytes(check))
        assert left == []
        answer = stun.parse_message(reply)
        assert answer.message_class is stun.Class.RESPONSE
        assert answer.transaction_id == check.transaction_id
        assert answer.attributes["XOR-MAPPED-ADDRESS"] == seat.address
        assert answer.check_message_integrity(LOCAL.password.encode())
    age_s = stage.core.stats(seat.number).checked_s
    assert age_s is not None
    assert age_s >= 0.0


def test_what_is_not_one_is_the_owners(stage: Stage, seat: Seat) -> None:
    wrong = Credentials(LOCAL.ufrag, "another-password-of-many-ch")
    right = bytes(request(LOCAL, REMOTE))
    for datagram in (
        bytes(request(wrong, REMOTE)),
        bytes(request(LOCAL, Credentials("others", ""))),
        bytes(request(LOCAL, REMOTE, role="ICE-CONTROLLED")),
        bytes(request(LOCAL, REMOTE, kind=stun.Class.INDICATION)),
        right[:-1],
        right + b"\0\0\0\0",
        right[:40] + bytes([right[40] ^ 1]) + right[41:],
        b"\0",
    ):
        assert exchange(stage, seat.socket, datagram) == ([], [datagram])
    assert stage.core.stats(seat.number).checked_s is None


def test_checks_from_elsewhere_are_the_owners(stage: Stage, seat: Seat) -> None:
    """They are how a viewer moves."""
    check = bytes(request(LOCAL, REMOTE))
    with open_udp() as elsewhere:
        assert exchange(stage, elsewhere, check) == ([], [check])
        stage.core.move_viewer(seat.number, elsewhere.getsockname())
        replies, left = exchange(stage, elsewhere, check)
        assert (len(replies), left) == (1, [])
        assert exchange(stage, seat.socket, check) == ([], [check])


def test_a_restart_changes_what_is_answered(stage: Stage, seat: Seat) -> None:
    old, local = bytes(request(LOCAL, REMOTE)), Credentials("anew", "a-new-password-of-many-char")
    stage.core.answer_checks(seat.number, f"{local.ufrag}:{REMOTE.ufrag}", local.password)
    assert exchange(stage, seat.socket, old) == ([], [old])
    replies, left = exchange(stage, seat.socket, bytes(request(local, REMOTE)))
    assert (len(replies), left) == (1, [])


def test_nothing_is_answered_before_and_after(stage: Stage) -> None:
    seat = stage.seat()
    check = bytes(request(LOCAL, REMOTE))
    assert exchange(stage, seat.socket, check) == ([], [check])
    stage.core.answer_checks(seat.number, f"{LOCAL.ufrag}:{REMOTE.ufrag}", LOCAL.password)
    stage.core.remove_viewer(seat.number)
    stage.core.answer_checks(seat.number, f"{LOCAL.ufrag}:{REMOTE.ufrag}", LOCAL.password)
    seat.receive()
    assert exchange(stage, seat.socket, check) == ([], [check])
