"""ICE-lite (RFC 8445 section 2.5): answers connectivity checks. Sans-IO.

An address counts as the peer's only after a check from it whose MESSAGE-INTEGRITY is right; the
one that is nominated is where media goes, once it has answered a check of ours: that is more than
a lite agent has to do, but whoever knows the password could name anybody's address. Consent
(RFC 7675) is the time of the last check from there.
"""

from __future__ import annotations

import binascii
import hmac
import secrets
import socket
import struct
from dataclasses import dataclass
from typing import Final

from aioice import stun

from relay.errors import ProtocolError

Address = tuple[str, int]
"""Host and port, as the socket gives them."""

CONSENT_S: Final = 30.0
"""Without a valid check for this long, sending must stop (RFC 7675 section 5.1)."""

_COOKIE: Final = struct.pack("!I", stun.COOKIE)
_USERNAME: Final = 0x0006
_INTEGRITY: Final = 0x0008
_ERROR_CODE: Final = 0x0009
_PRIORITY: Final = 0x0024
_XOR_MAPPED_ADDRESS: Final = 0x0020
_FINGERPRINT: Final = 0x8028
_ICE_CONTROLLED: Final = 0x8029
_TIE_BREAKER: Final = secrets.token_bytes(8)
_PEER_REFLEXIVE: Final = (110 << 24 | 0xFFFFFF).to_bytes(4, "big")
"""The priority that candidates learnt from checks have (RFC 8445 section 5.1.2.1)."""
_ATTRIBUTE: Final = struct.Struct("!HH")
"""Type and length of an attribute."""
_ROLE_CONFLICT: Final = (487, "Role Conflict")


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user name fragment and its password (RFC 8839 section 5.4)."""

    ufrag: str
    """4 to 256 ICE characters."""
    password: str
    """22 to 256 ICE characters."""

    @classmethod
    def make(cls) -> Credentials:
        """New ones: 48 random bits in the fragment, 144 in the password."""
        # `-` and `_` are not ICE characters.
        return cls(secrets.token_hex(6), secrets.token_hex(18))

    def __repr__(self) -> str:
        return f"Credentials(ufrag={self.ufrag!r})"


def is_response(datagram: bytes) -> bool:
    """Whether a STUN datagram answers a binding request."""
    return datagram[:2] == b"\x01\x01"


def local_ufrag(datagram: bytes) -> str | None:
    """Our user name fragment in a STUN request; None if this is not one.

    Reads only what routing needs, so that a stranger's flood costs next to nothing.
    """
    if len(datagram) < stun.HEADER_LENGTH or datagram[4:8] != _COOKIE:
        return None
    position = stun.HEADER_LENGTH
    while position + 4 <= len(datagram):
        kind, size = struct.unpack_from("!HH", datagram, position)
        position += 4
        if kind == _USERNAME:
            name = datagram[position : position + size]
            return name.partition(b":")[0].decode("ascii", "replace")
        position += (size + 3) & ~3
    return None


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of a connectivity check that was authenticated."""

    reply: bytes
    """What goes back to where the check came from."""
    valid: bool
    """Whether the address may be used from now on."""
    nominated: bool
    """Whether media goes to that address from now on."""
    renewed: bool = False
    """Whether it is the first with the credentials of a restart, whose former ones end with it."""


class IceLite:
    """One session's ICE agent; always controlled."""

    def __init__(self, local: Credentials, remote: Credentials) -> None:
        self.local = local
        self.remote = remote
        self.former: tuple[Credentials, Credentials] | None = None
        """Local and remote credentials from before a restart that the peer has not followed yet."""

    @property
    def proven(self) -> tuple[str, str]:
        """User name and password of the checks that keep the session alive at the moment."""
        local, remote = self.former or (self.local, self.remote)
        return _username(local, remote), local.password

    def restart(self, local: Credentials, remote: Credentials) -> None:
        """Take new credentials; those in use go on until a check comes with the new ones (RFC 8445
        section 9): the peer does not know of them yet.
        """
        self.former = self.former or (self.local, self.remote)
        self.local, self.remote = local, remote

    def check(self, datagram: bytes, source: Address) -> Check:
        """Answer a binding request from `source`.

        Raises:
            ProtocolError: malformed, not a binding request, or not authenticated; no reply is due.
        """
        try:
            message = stun.parse_message(datagram)
        except (ValueError, struct.error, IndexError) as error:
            raise ProtocolError(f"malformed STUN: {error}") from None
        if (
            message.message_method != stun.Method.BINDING
            or message.message_class != stun.Class.REQUEST
        ):
            raise ProtocolError("STUN message other than a binding request")
        name = str(message.attributes.get("USERNAME", ""))
        password = self._password(name)
        if not message.check_message_integrity(password):
            raise ProtocolError("STUN request that is not authenticated")
        if "ICE-CONTROLLED" in message.attributes:
            return Check(_reply(message, stun.Class.ERROR, source, password), False, False)
        renewed = self.former is not None and name == _username(self.local, self.remote)
        if renewed:
            self.former = None
        reply = _reply(message, stun.Class.RESPONSE, source, password)
        return Check(reply, True, "USE-CANDIDATE" in message.attributes, renewed)

    def question(self, number: bytes) -> bytes:
        """A check of ours, whose answer is to bring back `number`: 96 random bits."""
        local, remote = self.former or (self.local, self.remote)
        name = f"{remote.ufrag}:{local.ufrag}".encode()
        body = _attribute(_USERNAME, name) + _attribute(_PRIORITY, _PEER_REFLEXIVE)
        body += _attribute(_ICE_CONTROLLED, _TIE_BREAKER)
        return _signed(stun.Class.REQUEST, number, body, remote.password.encode())

    def question_size(self) -> int:
        """Bytes of `question`."""
        local, remote = self.former or (self.local, self.remote)
        name = len(remote.ufrag) + 1 + len(local.ufrag)
        return stun.HEADER_LENGTH + 4 + (name + 3 & ~3) + 8 + 12 + 24 + 8

    def confirm(self, datagram: bytes, number: bytes | None) -> None:
        """Make sure that a datagram answers the check of ours that has `number`.

        Raises:
            ProtocolError: it does not.
        """
        if number is None or datagram[8 : stun.HEADER_LENGTH] != number:
            raise ProtocolError("STUN response to nothing")
        try:
            message = stun.parse_message(datagram)
        except (ValueError, struct.error, IndexError) as error:
            raise ProtocolError(f"malformed STUN: {error}") from None
        pairs = filter(None, ((self.local, self.remote), self.former))
        keys = [remote.password.encode() for _, remote in pairs]
        if not any(message.check_message_integrity(key) for key in keys):
            raise ProtocolError("STUN response that is not authenticated")

    def _password(self, name: str) -> bytes:
        for local, remote in filter(None, ((self.local, self.remote), self.former)):
            if hmac.compare_digest(name.encode(), _username(local, remote).encode()):
                return local.password.encode()
        raise ProtocolError("STUN request for another user name")


def _username(local: Credentials, remote: Credentials) -> str:
    return f"{local.ufrag}:{remote.ufrag}"


def _reply(request: stun.Message, kind: stun.Class, source: Address, password: bytes) -> bytes:
    transaction = request.transaction_id
    if kind is stun.Class.ERROR:
        code, reason = _ROLE_CONFLICT
        told = struct.pack("!HBB", 0, code // 100, code % 100) + reason.encode()
        body = _attribute(_ERROR_CODE, told)
    else:
        body = _mapped(source, transaction)
    return _signed(kind, transaction, body, password)


def _signed(kind: stun.Class, transaction: bytes, body: bytes, password: bytes) -> bytes:
    """A signed message; written here, because aioice's way costs as much as reading does."""
    head = struct.pack("!H", stun.Method.BINDING | kind), _COOKIE + transaction

    def header(more: int) -> bytes:
        return head[0] + struct.pack("!H", len(body) + more) + head[1]

    signed = header(stun.INTEGRITY_LENGTH) + body
    body += _attribute(_INTEGRITY, hmac.digest(password, signed, "sha1"))
    checked = header(stun.FINGERPRINT_LENGTH) + body
    sum_ = binascii.crc32(checked) ^ stun.FINGERPRINT_XOR
    return checked + _attribute(_FINGERPRINT, struct.pack("!I", sum_))


def _attribute(kind: int, value: bytes) -> bytes:
    return _ATTRIBUTE.pack(kind, len(value)) + value + bytes(-len(value) % 4)


def _mapped(source: Address, transaction: bytes) -> bytes:
    """XOR-MAPPED-ADDRESS (RFC 8489 section 14.2)."""
    host, port = source
    version = socket.AF_INET6 if ":" in host else socket.AF_INET
    address = socket.inet_pton(version, host)
    mask = (_COOKIE + transaction)[: len(address)]
    hidden = int.from_bytes(address, "big") ^ int.from_bytes(mask, "big")
    family = 1 if version == socket.AF_INET else 2
    value = struct.pack("!BBH", 0, family, port ^ stun.COOKIE >> 16)
    value += hidden.to_bytes(len(address), "big")
    return _attribute(_XOR_MAPPED_ADDRESS, value)
