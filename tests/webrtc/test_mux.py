"""Which session a datagram belongs to, and that nothing is left of one that has gone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
)

from relay.webrtc.ice import Credentials
from relay.webrtc.mux import Mux, Protocol, classify
from tests.webrtc.test_ice import request

DTLS, SRTP = b"\x16\xfe\xfd", b"\x80\x6f"
HOST = "192.0.2.1"


def check_for(ufrag: str) -> bytes:
    return bytes(request(local=Credentials(ufrag, "x")))


@given(st.binary(max_size=40))
def test_the_first_byte_decides(datagram: bytes) -> None:
    """RFC 7983 section 7."""
    first = datagram[0] if datagram else 256
    expected = Protocol.OTHER
    for low, high, protocol in (
        (0, 3, Protocol.STUN),
        (20, 63, Protocol.DTLS),
        (128, 191, Protocol.SRTP),
    ):
        if low <= first <= high:
            expected = protocol
    assert classify(datagram) is expected


@pytest.mark.parametrize("first", [0, 3, 4, 15, 16, 19, 20, 63, 64, 79, 127, 128, 191, 192, 255])
def test_the_borders(first: int) -> None:
    assert classify(bytes([first])) is {
        **dict.fromkeys((0, 3), Protocol.STUN),
        **dict.fromkeys((20, 63), Protocol.DTLS),
        **dict.fromkeys((128, 191), Protocol.SRTP),
    }.get(first, Protocol.OTHER)


def test_stun_goes_by_fragment_from_any_address() -> None:
    mux: Mux[str] = Mux()
    mux.add("a", "ufa")
    mux.add("b", "ufb")
    assert mux.route(check_for("ufa"), (HOST, 1)) == (Protocol.STUN, "a")
    assert mux.route(check_for("ufb"), (HOST, 1)) == (Protocol.STUN, "b")
    assert mux.route(check_for("ufc"), (HOST, 1)) is None


def test_the_rest_goes_by_an_address_that_was_bound() -> None:
    mux: Mux[str] = Mux()
    mux.add("a", "ufa")
    for datagram, protocol in ((DTLS, Protocol.DTLS), (SRTP, Protocol.SRTP)):
        assert mux.route(datagram, (HOST, 1)) is None
        mux.bind("a", (HOST, 1))
        assert mux.route(datagram, (HOST, 1)) == (protocol, "a")
        assert mux.route(datagram, (HOST, 2)) is None
        mux.remove("a")
        mux.add("a", "ufa")


def test_strays_are_counted_by_protocol() -> None:
    mux: Mux[str] = Mux()
    for datagram in (b"", b"\xff" * 9, check_for("x"), b"\0\1", DTLS, SRTP, SRTP):
        assert mux.route(datagram, (HOST, 1)) is None
    assert mux.strays == {"other": 2, "stun": 2, "dtls": 1, "srtp": 2}


def test_a_restart_changes_the_fragment_and_keeps_addresses() -> None:
    mux: Mux[str] = Mux()
    mux.add("a", "old")
    mux.bind("a", (HOST, 1))
    for unheeded in ("new1", "new2", "new"):
        mux.add("a", unheeded)
        assert mux.route(check_for("old"), (HOST, 1)) == (Protocol.STUN, "a"), "still in use"
        assert mux.route(check_for(unheeded), (HOST, 1)) == (Protocol.STUN, "a")
    assert mux.route(check_for("new1"), (HOST, 1)) is None
    mux.settle("a")
    assert mux.route(check_for("old"), (HOST, 1)) is None
    assert mux.route(check_for("new"), (HOST, 1)) == (Protocol.STUN, "a")
    assert mux.route(DTLS, (HOST, 1)) == (Protocol.DTLS, "a")
    assert len(mux) == 1


def test_an_address_is_kept_for_whose_it_is() -> None:
    mux: Mux[str] = Mux()
    mux.add("a", "ufa")
    mux.add("b", "ufb")
    mux.bind("a", (HOST, 1))
    mux.keep("b", (HOST, 1))
    mux.keep("a", (HOST, 2))
    assert mux.route(DTLS, (HOST, 1)) == (Protocol.DTLS, "a")
    assert mux.route(DTLS, (HOST, 2)) is None
    for port in range(2, 2 + Mux.MAX_ADDRESSES):
        mux.keep("a", (HOST, 1))
        mux.bind("a", (HOST, port))
    assert mux.route(DTLS, (HOST, 1)) == (Protocol.DTLS, "a")


def test_an_address_goes_over_to_whom_it_was_bound_last() -> None:
    mux: Mux[str] = Mux()
    mux.add("a", "ufa")
    mux.add("b", "ufb")
    assert not mux.bind("a", (HOST, 1))
    assert not mux.bind("a", (HOST, 1))
    assert mux.bind("b", (HOST, 1))
    assert not mux.bind("b", (HOST, 1))
    assert mux.route(DTLS, (HOST, 1)) == (Protocol.DTLS, "b")
    mux.remove("a")
    assert mux.route(DTLS, (HOST, 1)) == (Protocol.DTLS, "b")
    mux.remove("b")
    assert mux.route(DTLS, (HOST, 1)) is None


def test_the_address_in_use_is_not_the_one_that_is_forgotten() -> None:
    mux: Mux[str] = Mux()
    mux.add("a", "ufa")
    for port in range(1, 40):
        mux.bind("a", (HOST, 1000))  # the check that keeps consent
        mux.bind("a", (HOST, port))
        assert mux.route(DTLS, (HOST, 1000)) is not None
    held = [p for p in range(1, 2000) if mux.route(DTLS, (HOST, p)) is not None]
    assert held == [*range(40 - Mux.MAX_ADDRESSES + 1, 40), 1000]


def test_removing_what_is_not_there_does_no_harm() -> None:
    mux: Mux[str] = Mux()
    mux.remove("a")
    assert len(mux) == 0


class MuxMachine(RuleBasedStateMachine):
    """Sessions come, go, restart and take each other's addresses."""

    sessions = Bundle("sessions")

    @initialize()
    def begin(self) -> None:
        self.mux: Mux[int] = Mux()
        self.ufrags: dict[int, str] = {}
        self.held: dict[int, list[int]] = {}
        self.count = 0

    @rule(target=sessions)
    def add(self) -> int:
        self.count += 1
        self.ufrags[self.count] = f"u{self.count}"
        self.held[self.count] = []
        self.mux.add(self.count, f"u{self.count}")
        return self.count

    @rule(session=sessions)
    def restart(self, session: int) -> None:
        self.ufrags[session] += "x"
        self.mux.add(session, self.ufrags[session])

    @rule(session=sessions)
    def settle(self, session: int) -> None:
        self.mux.settle(session)

    @rule(session=sessions, ports=st.lists(st.integers(1, 12), min_size=1, max_size=9))
    def bind(self, session: int, ports: list[int]) -> None:
        for port in ports:
            self.mux.bind(session, (HOST, port))
            for held in self.held.values():
                if port in held:
                    held.remove(port)
            self.held[session] = [*self.held[session], port][-Mux.MAX_ADDRESSES :]

    @rule(session=consumes(sessions))
    def remove(self, session: int) -> None:
        self.mux.remove(session)
        del self.ufrags[session], self.held[session]

    @invariant()
    def routes_as_expected(self) -> None:
        for session, ufrag in self.ufrags.items():
            assert self.mux.route(check_for(ufrag), (HOST, 99)) == (Protocol.STUN, session)
        owners = {port: session for session, ports in self.held.items() for port in ports}
        for port in range(1, 13):
            routed = self.mux.route(DTLS, (HOST, port))
            assert (None if routed is None else routed[1]) == owners.get(port)

    @invariant()
    def keeps_nothing_of_the_gone(self) -> None:
        mux = self.mux
        assert len(mux) == len(mux._ufrags) == len(self.ufrags)
        assert sum(map(len, mux._ufrags.values())) == len(mux._by_ufrag) <= 2 * len(mux)
        assert sum(map(len, mux._addresses.values())) == len(mux._by_address)


TestMuxMachine = MuxMachine.TestCase
