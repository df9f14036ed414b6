"""ICE-lite (RFC 8445 section 2.5): answers connectivity checks, sends none. Sans-IO.

An address counts as the peer's only after a check from it whose MESSAGE-INTEGRITY is right; the
one that is nominated is where media goes. Consent (RFC 7675) is the time of the last such check.
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
_XOR_MAPPED_ADDRESS: Final = 0x0020
_FINGERPRINT: Final = 0x8028
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

    def _password(self, name: str) -> bytes:
        for local, remote in filter(None, ((self.local, self.remote), self.former)):
            if hmac.compare_digest(name.encode(), _username(local, remote).encode()):
                return local.password.encode()
        raise ProtocolError("STUN request for another user name")


def _username(local: Credentials, remote: Credentials) -> str:
    return f"{local.ufrag}:{remote.ufrag}"


def _reply(request: stun.Message, kind: stun.Class, source: Address, password: bytes) -> bytes:
    """The signed reply; written here, because aioice's way costs as much as reading does."""
    transaction = request.transaction_id
    if kind is stun.Class.ERROR:
        code, reason = _ROLE_CONFLICT
        told = reason.encode()
        body = _ATTRIBUTE.pack(_ERROR_CODE, 4 + len(told))
        body += struct.pack("!HBB", 0, code // 100, code % 100) + told
        body += bytes(-len(told) % 4)
    else:
        body = _mapped(source, transaction)
    head = struct.pack("!H", stun.Method.BINDING | kind), _COOKIE + transaction

    def header(more: int) -> bytes:
        return head[0] + struct.pack("!H", len(body) + more) + head[1]

    signed = header(stun.INTEGRITY_LENGTH) + body
    body += _ATTRIBUTE.pack(_INTEGRITY, 20)
    body += hmac.digest(password, signed, "sha1")
    checked = header(stun.FINGERPRINT_LENGTH) + body
    return (
        checked
        + _ATTRIBUTE.pack(_FINGERPRINT, 4)
        + struct.pack("!I", binascii.crc32(checked) ^ stun.FINGERPRINT_XOR)
    )


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
    return _ATTRIBUTE.pack(_XOR_MAPPED_ADDRESS, len(value)) + value
