"""What a stranger's datagram reaches: routing, connectivity checks, RTCP, a DTLS goodbye."""

from __future__ import annotations

import copy
import os
from typing import TYPE_CHECKING

import pytest
from aioice import stun

from relay.errors import ProtocolError
from relay.webrtc import rtcp
from relay.webrtc.alerts import _SUITES, Alerts
from relay.webrtc.ice import Check, IceLite, is_response, local_ufrag
from relay.webrtc.mux import Mux, Protocol, classify
from relay.webrtc.rtcp import MAX_BPS, MAX_NACKS, Nack, Remb
from tests.fuzz.mutation import TIMEOUT_S, fuzz
from tests.support import feedback
from tests.webrtc.test_ice import (
    LOCAL,
    REMOTE,
    SAMPLE_REQUEST,
    SOURCE,
    USERNAME,
    attribute,
    request,
    signed,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

pytestmark = pytest.mark.timeout(TIMEOUT_S)

CHECKS = [
    bytes(request(nominate=nominate, role=role))
    for nominate in (False, True)
    for role in ("ICE-CONTROLLING", "ICE-CONTROLLED")
]
ATTRIBUTES = [
    *(each[20 : each.index(b"\x00\x08\x00\x14")] for each in CHECKS),
    USERNAME + attribute(0x0020, b"\x00\x01\x12\x34\x01\x02\x03\x04"),
    USERNAME + attribute(0x0009, b"\x00\x00\x04\x01no") + attribute(0x8022, b"a browser"),
    USERNAME + attribute(0x0001, b"\x00\x02" + bytes(18)) + attribute(0x7777, b"?"),
]
STUN_WORDS = [
    *(bytes([kind >> 8, kind & 0xFF]) for kind in stun.ATTRIBUTES_BY_TYPE),
    USERNAME,
    attribute(0x0025, b""),
]


def test_datagrams_go_to_their_session(figure: Callable[[str], None]) -> None:
    """They change nothing but the count of strays, which go to nobody."""
    mux: Mux[str] = Mux()
    mux.add("ours", LOCAL.ufrag)
    mux.add("another", "another")
    mux.bind("ours", SOURCE)
    before = copy.deepcopy({name: kept for name, kept in vars(mux).items() if name != "strays"})

    def check(datagram: bytes) -> Hashable:
        strays = mux.strays.total()
        found = mux.route(datagram, SOURCE)
        protocol = classify(datagram)
        ufrag = local_ufrag(datagram)
        assert ufrag is None or (len(ufrag) <= len(datagram) and ":" not in ufrag)
        if protocol is Protocol.STUN and not is_response(datagram):
            owner = {LOCAL.ufrag: "ours", "another": "another"}.get(ufrag or "")
        else:
            owner = None if protocol is Protocol.OTHER else "ours"
        assert found == (None if owner is None else (protocol, owner))
        assert mux.strays.total() == strays + (owner is None)
        return found, ufrag is None

    seeds = [*CHECKS, SAMPLE_REQUEST, b"\x16\xfe\xfd" + bytes(40), b"\x80\xc9\x00\x01" + bytes(20)]
    figure(fuzz("Mux.route", 60_000, seeds, check, words=[b"another", b"edge:"], most=400))
    assert before == {name: kept for name, kept in vars(mux).items() if name != "strays"}
    assert set(mux.strays) <= {protocol.value for protocol in Protocol}


def answered(agent: IceLite, datagram: bytes) -> Check:
    """The outcome of a check that is not refused; nobody is sent more than they sent."""
    outcome = agent.check(datagram, SOURCE)
    reply = stun.parse_message(outcome.reply)
    assert reply.transaction_id == datagram[8:20]
    assert reply.check_message_integrity(LOCAL.password.encode())
    assert len(outcome.reply) <= min(len(datagram), 76)
    assert outcome.valid or not outcome.nominated
    assert (agent.local, agent.remote) == (LOCAL, REMOTE)
    return outcome


def test_damaged_checks_are_not_believed(figure: Callable[[str], None]) -> None:
    """Only what no signature covers may be different."""
    agent = IceLite(LOCAL, REMOTE)
    covered = [(each[:2], each[4 : each.index(b"\x00\x08\x00\x14")]) for each in CHECKS]

    def check(data: bytes) -> Hashable:
        # Of a wrong length nothing more is read.
        datagram = data[:2] + (max(0, len(data) - 20)).to_bytes(2, "big") + data[4:]
        outcome = answered(agent, datagram)
        assert any(datagram[:2] == a and datagram[4:].startswith(b) for a, b in covered)
        return outcome.valid, outcome.nominated

    seeds = [*CHECKS, *(each[:-8] for each in CHECKS)]
    figure(fuzz("IceLite.check", 30_000, seeds, check, refusal=ProtocolError, words=STUN_WORDS))


def test_checks_that_are_signed_may_say_anything(figure: Callable[[str], None]) -> None:
    agent = IceLite(LOCAL, REMOTE)

    def check(attributes: bytes) -> Hashable:
        outcome = answered(agent, signed(attributes))
        return outcome.valid, outcome.nominated

    seeds, name = ATTRIBUTES, "IceLite.check, signed"
    figure(fuzz(name, 15_000, seeds, check, refusal=ProtocolError, words=STUN_WORDS))


RTCP = [
    feedback.receiver_report(feedback.block(7, lost=3, total=9), feedback.block(8)),
    feedback.receiver_report() + feedback.description() + feedback.nack(7, 1, 2, 9, 65_535, 400),
    feedback.receiver_report() + feedback.pli(7) + feedback.fir(7, 8, 9),
    feedback.receiver_report() + feedback.remb(2_500_000, 7, 8) + feedback.bye(1, 2),
    feedback.receiver_time(1 << 40) + feedback.bye(),
    rtcp.sender_report(ssrc=7, ntp_time=1 << 50, rtp_time=9, packets=3, octets=4, cname="relay"),
    rtcp.delay_report(7, 8, 9, 10) + rtcp.goodbye([7, 8], "relay"),
]


def test_rtcp(figure: Callable[[str], None]) -> None:
    def check(compound: bytes) -> Hashable:
        found = rtcp.parse(compound)
        assert 4 * len(found) <= len(compound)
        for each in found:
            if isinstance(each, Nack):
                assert len(each.sequences) <= min(MAX_NACKS, 5 * len(compound))
                assert all(0 <= number < 65_536 for number in each.sequences)
            elif isinstance(each, Remb):
                assert 0 <= each.bps <= MAX_BPS
        assert rtcp.parse(compound + RTCP[0]) == found + rtcp.parse(RTCP[0])
        return tuple(dict.fromkeys(map(type, found)))

    words = [
        bytes([0x80 | count, kind])
        for kind in (200, 201, 203, 205, 206, 207)
        for count in (1, 4, 15)
    ]
    figure(fuzz("rtcp.parse", 50_000, RTCP, check, refusal=ProtocolError, words=words, most=1500))


@pytest.mark.parametrize("name", _SUITES)
def test_only_the_peers_goodbye_closes(figure: Callable[[str], None], name: str) -> None:
    suite = _SUITES[name]
    keys = [os.urandom(suite.key + suite.implicit) for _ in range(2)]
    ours, theirs = Alerts(suite, *keys), Alerts(suite, *reversed(keys))
    goodbyes = [theirs.goodbye(), theirs.goodbye()]
    strange = b"\x17\xfe\xfd\x00\x01" + bytes(6) + b"\x00\x05hello"

    def check(datagram: bytes) -> Hashable:
        closes = ours.closes(datagram)
        assert not closes or any(goodbye in datagram for goodbye in goodbyes)
        return closes, datagram[:3]

    seeds = [*goodbyes, strange + goodbyes[0], goodbyes[1] + strange, ours.goodbye(), strange * 2]
    words = [b"\x15\xfe\xfd\x00\x01", b"\x15\xfe\xfd\x00\x00", strange]
    figure(fuzz(f"Alerts.closes, {name}", 15_000, seeds, check, words=words, most=400))
