"""Every error this project raises on purpose, in one tree.

    RelayError
    ├── OperatorError         our own misuse: settings, commands, a folder in use (exit code 2)
    │   ├── SettingsError     a setting's name, its value and what is allowed
    │   └── FolderInUse       another relay uses the data folder
    ├── PeerError             the other side's misbehaviour; it ends its connection at the most
    │   ├── ProtocolError     bytes that break the rules of their protocol
    │   │   └── RtmpError     those of RTMP, with what came before; `ingest.rtmp.errors` has more
    │   └── MediaError        a stream that cannot be shown
    │       └── UnsupportedCodec  nothing here decodes its codec
    ├── RequestError          an API call that cannot be served; `gateway.errors` maps it to HTTP
    │   ├── Unauthorized      401
    │   ├── Forbidden         403
    │   ├── NotFound          404
    │   ├── TooSlow           408
    │   ├── Conflict          409
    │   │   └── NotLive       409, with Retry-After
    │   ├── PreconditionFailed    412
    │   ├── UnsupportedType   415
    │   ├── Invalid           422
    │   ├── PreconditionRequired  428
    │   ├── TooMany           429, with Retry-After
    │   └── Overloaded        503, with Retry-After
    └── StoreError            bus or state is out of reach or refuses
        ├── StoreRefused      it refuses who asks, and will go on to
        └── StoreFull         it takes no writes, for want of room

Texts are for people who did not write the code, and never hold a key, a token or a password.
"""

from __future__ import annotations

import errno
import socket
from typing import ClassVar


class RelayError(Exception):
    """The root of the tree."""


class OperatorError(RelayError):
    """What the person who starts the relay has to change."""


def cannot_listen(server: str, host: str, port: int, error: OSError) -> OperatorError:
    """What is to be changed so that a server can listen: `server` is how the names of its settings
    begin, such as RTMP.
    """
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        text = "is no address of this machine; name one of them, or 0.0.0.0 for all"
        return OperatorError(f"RELAY_{server}_HOST={host}: {text}")
    return OperatorError(f"RELAY_{server}_PORT={port}: {error}")


class SettingsError(OperatorError):
    """One or more settings are wrong; the text has a line for each."""


class FolderInUse(OperatorError):
    """Another relay, or another command, uses the data folder."""


class PeerError(RelayError):
    """A camera, viewer or upstream misbehaves; counted, and fatal to its connection only."""


class ProtocolError(PeerError):
    """Bytes from a peer that break their protocol."""


class MediaError(PeerError):
    """Media that arrived whole but cannot be used."""


class UnsupportedCodec(MediaError):
    """Media of a codec that cannot be shown; `codec` is its name for people."""

    def __init__(self, codec: str) -> None:
        super().__init__(f"not supported yet: {codec}")
        self.codec = codec


class RequestError(RelayError):
    """A request that is answered with an error.

    `title` is the problem's fixed short name (RFC 9457 section 3.1.3), the text its detail.
    """

    status: ClassVar[int] = 400
    title: ClassVar[str] = "Bad request"
    retry_after: float | None = None
    """Seconds after which the same request may succeed."""

    kind: str = ""
    """What the problem's type ends with, for those that programs tell apart; "" for others."""

    def __init__(self, detail: str, *, retry_after: float | None = None, kind: str = "") -> None:
        super().__init__(detail)
        self.kind = kind
        if retry_after is not None:
            self.retry_after = retry_after


class Unauthorized(RequestError):
    """Credentials are missing or not known."""

    status = 401
    title = "Unauthorized"


class Forbidden(RequestError):
    """The credentials do not cover this."""

    status = 403
    title = "Forbidden"


class NotFound(RequestError):
    """There is no such thing."""

    status = 404
    title = "Not found"


class TooSlow(RequestError):
    """The request did not arrive in time."""

    status = 408
    title = "Request timeout"


class Conflict(RequestError):
    """The thing's present state does not allow this."""

    status = 409
    title = "Conflict"


class NotLive(Conflict):
    """Nothing is being sent at the moment."""

    title = "Not live"
    retry_after = 2.0


class PreconditionFailed(RequestError):
    """If-Match names a state that has passed."""

    status = 412
    title = "Precondition failed"


class UnsupportedType(RequestError):
    """The body is of a type that this resource does not take."""

    status = 415
    title = "Unsupported media type"


class Invalid(RequestError):
    """The body was understood and its content is wrong."""

    status = 422
    title = "Invalid content"


class PreconditionRequired(RequestError):
    """This may only be done with If-Match."""

    status = 428
    title = "Precondition required"


class TooMany(RequestError):
    """The caller asks too often."""

    status = 429
    title = "Too many requests"
    retry_after = 1.0


class Overloaded(RequestError):
    """No process has room for another session."""

    status = 503
    title = "Overloaded"
    retry_after = 1.0


class StoreError(RelayError):
    """A Redis or Valkey server is out of reach, or refuses a command."""


class StoreRefused(StoreError):
    """A Redis or Valkey server answers, and refuses what it will refuse next time as well: the
    password, the database, the user's rights.
    """


class StoreFull(StoreError):
    """A Redis or Valkey server answers, and has no room for what is to be written."""
