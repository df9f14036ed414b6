"""No address is sent much before it has shown that it receives what it is sent."""

from __future__ import annotations

import random

import pytest
from aioice import stun

from relay.errors import ProtocolError
from relay.webrtc.ice import Credentials, IceLite, is_response
from relay.webrtc.reach import FACTOR, MAX_ADDRESSES, MAX_HELD, Reach

HERE, THERE = ("192.0.2.1", 5000), ("198.51.100.7", 6000)
LOCAL = Credentials("edge", "edge-password-of-24-char")
REMOTE = Credentials("vwr1", "viewer-password-of-24ch+")


def answer(request: bytes, password: str = REMOTE.password) -> bytes:
    """What a full agent answers."""
    message = stun.parse_message(request)
    found = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, message.transaction_id)
    found.attributes["XOR-MAPPED-ADDRESS"] = HERE
    found.add_message_integrity(password.encode())
    return bytes(found)


def test_a_new_address_is_sent_at_most_three_times_what_came_from_it() -> None:
    """Whatever is asked for, in whatever order."""
    rng = random.Random(4)
    for _ in range(300):
        reach, received, sent = Reach(), 0, 0
        for _ in range(40):
            size = rng.randrange(1, 1300)
            match rng.randrange(3):
                case 0:
                    received += size
                    sent += sum(map(len, reach.hear(HERE, size)))
                case 1:
                    sent += size if reach.takes(HERE, bytes(size)) else 0
                case _:
                    sent += 0 if reach.question(HERE, 100) is None else 100
            assert sent <= FACTOR * received


def test_what_was_held_goes_out_in_order_once_there_is_proof() -> None:
    reach = Reach()
    assert reach.hear(HERE, 100, 64) == []
    flight = [bytes([number]) * 200 for number in range(4)]
    assert [reach.takes(HERE, each) for each in flight] == [True, False, False, False]
    assert reach.prove(HERE) == flight[1:]
    assert reach.knows(HERE)
    assert reach.takes(HERE, bytes(60_000))
    assert reach.question(HERE, 100) is None
    assert not reach.knows(THERE)


def test_more_from_there_lets_what_was_held_go() -> None:
    reach = Reach()
    reach.hear(HERE, 100)
    assert not reach.takes(HERE, bytes(800))
    assert not reach.takes(HERE, b"behind it"), "the order stays"
    assert reach.hear(HERE, 170) == [bytes(800), b"behind it"]


def test_addresses_and_what_waits_for_them_are_bounded() -> None:
    reach = Reach()
    for port in range(100):
        reach.hear(("192.0.2.1", port), 10)
        for _ in range(100):
            assert not reach.takes(("192.0.2.1", port), bytes(40))
    assert len(reach.prove(("192.0.2.1", 99))) == MAX_HELD
    assert reach.asked(("192.0.2.1", 98)) is not None
    assert reach.asked(("192.0.2.1", 99 - MAX_ADDRESSES)) is None
    assert not reach.takes(("192.0.2.1", 0), b""), "it was forgotten"
    assert reach.flown == {("192.0.2.1", 99)}


def test_each_address_is_asked_for_a_number_of_its_own() -> None:
    reach = Reach()
    for address in (HERE, THERE):
        reach.hear(address, 100)
    assert reach.question(HERE, 100) == reach.question(HERE, 100) == reach.asked(HERE)
    assert reach.asked(HERE) != reach.asked(THERE)


def test_our_check_is_what_a_full_agent_answers() -> None:
    agent = IceLite(LOCAL, REMOTE)
    number = bytes(range(12))
    request = agent.question(number)
    assert len(request) == agent.question_size()
    message = stun.parse_message(request)
    assert message.message_class is stun.Class.REQUEST
    assert message.attributes["USERNAME"] == f"{REMOTE.ufrag}:{LOCAL.ufrag}"
    assert {"PRIORITY", "ICE-CONTROLLED", "FINGERPRINT"} <= message.attributes.keys()
    assert message.check_message_integrity(REMOTE.password.encode())
    assert is_response(answer(request))
    assert not is_response(request)
    agent.confirm(answer(request), number)


@pytest.mark.parametrize("number", [None, bytes(12)])
def test_an_answer_to_something_else_proves_nothing(number: bytes | None) -> None:
    agent = IceLite(LOCAL, REMOTE)
    with pytest.raises(ProtocolError, match="to nothing"):
        agent.confirm(answer(agent.question(bytes(range(12)))), number)


def test_an_answer_that_is_not_authentic_proves_nothing() -> None:
    agent, number = IceLite(LOCAL, REMOTE), bytes(range(12))
    right = answer(agent.question(number))
    for wrong in (
        answer(agent.question(number), LOCAL.password),
        right[:-9] + bytes([right[-9] ^ 1]) + right[-8:],
        right[:20],
        right[:-1],
    ):
        with pytest.raises(ProtocolError):
            agent.confirm(wrong, number)


def test_a_restart_may_be_answered_with_either_password() -> None:
    agent, number = IceLite(LOCAL, REMOTE), bytes(range(12))
    new = Credentials("new1", "another-password-of-24-c")
    agent.restart(Credentials.make(), new)
    request = agent.question(number)
    assert stun.parse_message(request).check_message_integrity(REMOTE.password.encode())
    agent.confirm(answer(request), number)
    agent.confirm(answer(request, new.password), number)
