"""Our ICE-lite agent against aioice's messages, the vectors of RFC 5769, and against garbage."""

from __future__ import annotations

import struct

import pytest
from aioice import stun
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.errors import ProtocolError
from relay.webrtc.ice import Check, Credentials, IceLite, local_ufrag

LOCAL = Credentials("edge", "edge-password-of-24-char")
REMOTE = Credentials("vwr1", "viewer-password-of-24ch+")
SOURCE = ("192.0.2.1", 32853)

# RFC 5769 section 2.1, whose agent says that it is controlled.
SAMPLE_REQUEST = bytes.fromhex(
    "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74"
    "002400046e0001ff80290008932ff9b151263b36000600096576746a3a68367659202020"
    "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf"
)
SAMPLE_LOCAL = Credentials("evtj", "VOkJxbRl1RmTxUk/WvJxBt")
SAMPLE_REMOTE = Credentials("h6vY", "")


def request(
    local: Credentials = LOCAL,
    remote: Credentials = REMOTE,
    *,
    nominate: bool = False,
    password: str | None = None,
    kind: stun.Class = stun.Class.REQUEST,
    role: str = "ICE-CONTROLLING",
) -> stun.Message:
    """A viewer's check, signed."""
    message = stun.Message(stun.Method.BINDING, kind)
    message.attributes["USERNAME"] = f"{local.ufrag}:{remote.ufrag}"
    message.attributes["PRIORITY"] = 1853824767
    message.attributes[role] = 0x932FF9B151263B36
    if nominate:
        message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity((password or local.password).encode())
    return message


def signed(attributes: bytes) -> bytes:
    """A binding request of these attributes, signed and with a fingerprint."""
    transaction = bytes(range(12))

    def head(length: int) -> bytes:
        return struct.pack("!HHI12s", 1, length, stun.COOKIE, transaction)

    body = attributes
    data = head(len(body)) + body
    body += struct.pack("!HH", 8, 20) + stun.message_integrity(data, LOCAL.password.encode())
    data = head(len(body)) + body
    body += struct.pack("!HHI", 0x8028, 4, stun.message_fingerprint(data))
    return head(len(body)) + body


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


USERNAME = attribute(6, f"{LOCAL.ufrag}:{REMOTE.ufrag}".encode())


@pytest.fixture
def agent() -> IceLite:
    return IceLite(LOCAL, REMOTE)


@pytest.mark.parametrize("nominate", [False, True])
@pytest.mark.parametrize("source", [SOURCE, ("2001:db8::9", 9)])
def test_a_check_is_answered(agent: IceLite, nominate: bool, source: tuple[str, int]) -> None:
    message = request(nominate=nominate)
    check = agent.check(bytes(message), source)
    assert (check.valid, check.nominated) == (True, nominate)
    reply = stun.parse_message(check.reply)
    assert reply.message_class is stun.Class.RESPONSE
    assert reply.message_method is stun.Method.BINDING
    assert reply.transaction_id == message.transaction_id
    assert reply.attributes["XOR-MAPPED-ADDRESS"] == source
    assert reply.check_message_integrity(LOCAL.password.encode())
    assert "FINGERPRINT" in reply.attributes


def test_the_sample_request_of_rfc_5769_is_authentic_and_in_the_wrong_role() -> None:
    check = IceLite(SAMPLE_LOCAL, SAMPLE_REMOTE).check(SAMPLE_REQUEST, SOURCE)
    assert (check.valid, check.nominated) == (False, False)
    reply = stun.parse_message(check.reply)
    assert reply.message_class is stun.Class.ERROR
    assert reply.attributes["ERROR-CODE"] == (487, "Role Conflict")
    assert reply.transaction_id == bytes.fromhex("b7e7a701bc34d686fa87dfae")
    assert reply.check_message_integrity(SAMPLE_LOCAL.password.encode())


def test_a_controlled_peer_nominates_nothing(agent: IceLite) -> None:
    """RFC 8445 section 7.3.1.1: a lite agent is controlled by a full one, always."""
    check = agent.check(bytes(request(role="ICE-CONTROLLED", nominate=True)), SOURCE)
    assert not check.valid
    assert not check.nominated


@pytest.mark.parametrize(
    "message",
    [
        request(password="another-password-of-24ch"),
        request(remote=Credentials("else", "")),
        request(local=Credentials("else", LOCAL.password)),
        request(local=REMOTE, remote=LOCAL, password=LOCAL.password),
        request(kind=stun.Class.INDICATION),
        request(kind=stun.Class.RESPONSE),
        request(kind=stun.Class.ERROR),
        stun.Message(stun.Method.BINDING, stun.Class.REQUEST),
        stun.Message(stun.Method.ALLOCATE, stun.Class.REQUEST),
    ],
    ids=[
        *("password", "remote fragment", "local fragment", "both swapped"),
        *("indication", "response", "error", "nothing in it", "another method"),
    ],
)
def test_checks_that_get_no_reply(agent: IceLite, message: stun.Message) -> None:
    with pytest.raises(ProtocolError):
        agent.check(bytes(message), SOURCE)


def test_a_signature_of_another_length_is_wrong(agent: IceLite) -> None:
    for size in (0, 4, 19, 21, 32):
        body = USERNAME + attribute(8, bytes(size))
        data = struct.pack("!HHI12s", 1, len(body), stun.COOKIE, bytes(12)) + body
        with pytest.raises(ProtocolError, match="not authenticated"):
            agent.check(data, SOURCE)


@pytest.mark.parametrize("kind", [0xC057, 0xC001, 0x802C, 0xFFFF])
def test_attributes_that_need_not_be_understood(agent: IceLite, kind: int) -> None:
    """0xC057 is Chromium's network cost."""
    assert agent.check(signed(USERNAME + attribute(kind, b"\x00\x01\x03\xe7" * 2)), SOURCE).valid


def test_attributes_behind_the_signature_count_for_nothing(agent: IceLite) -> None:
    whole = signed(USERNAME)
    body = whole[20:-8] + attribute(0x25, b"")  # USE-CANDIDATE
    data = struct.pack("!HHI12s", 1, len(body), stun.COOKIE, whole[8:20]) + body
    check = agent.check(data, SOURCE)
    assert check.valid
    assert not check.nominated


@given(st.integers(0, 200), st.integers(0, 7))
def test_one_bit_changed_anywhere(position: int, bit: int) -> None:
    data = bytearray(bytes(request(nominate=True)))
    position %= len(data) - 4
    # All but the name of the fingerprint: what has another is left out, and what is signed stands.
    data[position if position < len(data) - 8 else position + 4] ^= 1 << bit
    with pytest.raises(ProtocolError):
        IceLite(LOCAL, REMOTE).check(bytes(data), SOURCE)


def test_truncated_and_extended(agent: IceLite) -> None:
    data = bytes(request())
    for size in range(len(data)):
        with pytest.raises(ProtocolError):
            agent.check(data[:size], SOURCE)
    with pytest.raises(ProtocolError):
        agent.check(data + b"\0" * 4, SOURCE)


def outcome(data: bytes) -> None:
    assert local_ufrag(data) is None or len(data) > 20
    try:
        check = IceLite(LOCAL, REMOTE).check(data, SOURCE)
    except ProtocolError:
        return
    assert isinstance(check, Check)


@given(st.binary(max_size=120))
@settings(max_examples=300)
def test_any_bytes_are_a_check_or_an_error(data: bytes) -> None:
    outcome(data)
    outcome(struct.pack("!HHI", 1, len(data), stun.COOKIE) + bytes(12) + data)


@given(
    st.lists(
        st.builds(
            attribute,
            st.one_of(st.sampled_from([entry[0] for entry in stun.ATTRIBUTES])),
            st.binary(max_size=24),
        ),
        max_size=5,
    ).map(b"".join)
)
@settings(max_examples=300)
def test_any_attributes_authentic_or_not(attributes: bytes) -> None:
    outcome(signed(attributes))
    outcome(signed(USERNAME + attributes))


def test_the_fragment_that_routes() -> None:
    assert local_ufrag(bytes(request())) == LOCAL.ufrag
    assert local_ufrag(SAMPLE_REQUEST) == SAMPLE_LOCAL.ufrag
    assert local_ufrag(bytes(stun.Message(stun.Method.BINDING, stun.Class.REQUEST))) is None
    assert local_ufrag(b"") is None
    assert local_ufrag(b"\0\1\0\0" + b"\0" * 30) is None, "another cookie"


def test_a_restart_ends_the_old_credentials_once_the_new_are_used(agent: IceLite) -> None:
    """RFC 8445 section 9: until then the peer may not know of it."""
    proven = agent.proven
    unheeded, local, remote = Credentials.make(), Credentials.make(), Credentials("new1", "")
    agent.restart(unheeded, Credentials("new0", ""))
    agent.restart(local, remote)
    for _ in range(2):
        check = agent.check(bytes(request()), SOURCE)
        assert (check.valid, check.renewed) == (True, False)
        assert agent.proven == proven
    with pytest.raises(ProtocolError):
        agent.check(bytes(request(unheeded, Credentials("new0", ""))), SOURCE)
    assert agent.check(bytes(request(local, remote)), SOURCE).renewed
    assert not agent.check(bytes(request(local, remote)), SOURCE).renewed
    assert agent.proven == (f"{local.ufrag}:{remote.ufrag}", local.password)
    with pytest.raises(ProtocolError):
        agent.check(bytes(request()), SOURCE)


def test_of_two_passwords_each_user_name_has_its_own(agent: IceLite) -> None:
    former, remote = agent.local, Credentials("new1", "")
    agent.restart(Credentials.make(), remote)
    swapped = Credentials(agent.local.ufrag, former.password)
    with pytest.raises(ProtocolError):
        agent.check(bytes(request(swapped, remote)), SOURCE)
    assert agent.former is not None


def test_credentials_are_ice_characters_and_are_not_shown() -> None:
    made = [Credentials.make() for _ in range(50)]
    assert len({one.ufrag for one in made}) == len({one.password for one in made}) == 50
    for one in made:
        assert one.ufrag.isalnum()
        assert one.password.isalnum()
        assert 4 <= len(one.ufrag) <= 256
        assert 22 <= len(one.password) <= 256
        assert one.password not in repr(one)
