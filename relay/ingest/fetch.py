"""Opens what an operator wants pulled, without becoming a way into the operator's own network.

Server-side request forgery: a host's addresses are resolved once and checked, the connection goes
to a checked address, and every redirect is checked again. Which files may be opened says `files`.
"""

from __future__ import annotations

import http.client
import io
import ipaddress
import socket
import ssl
from base64 import b64encode
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from relay.errors import MediaError

if TYPE_CHECKING:
    from collections.abc import Callable

_TIMEOUT_S: Final = 10.0
_REDIRECTS: Final = 5
_PEEK: Final = 4096
_HEADERS: Final = {"User-Agent": "eva-relay"}
# Not RTSP: FFmpeg follows a redirection of its own accord, to wherever that leads.
_DEFAULT_PORTS: Final = {"http": 80, "https": 443, "rtmp": 1935}
SCHEMES: Final = tuple(_DEFAULT_PORTS)
"""What URLs that can be pulled begin with."""
_NAT64: Final = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48")))
"""Prefixes behind which IPv4 addresses stand (RFC 6052, RFC 8215)."""
_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")
"""IPv4-compatible addresses (RFC 4291 section 2.5.5.1)."""


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host.

    Raises:
        MediaError: there are none.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise MediaError(f"host {host!r} is not known: {error}") from None
    return list(dict.fromkeys(str(item[4][0]) for item in found))


def is_private(address: str) -> bool:
    """Whether an address is anything but a public one; mapped and tunnelled ones are unwrapped."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if any(ip in network for network in (*_NAT64, _COMPATIBLE)):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
        if inner is not None:
            return not inner.is_global
    return not ip.is_global or ip.is_multicast


def checked_address(
    parts: SplitResult,
    *,
    allow_private: bool,
    resolver: Callable[[str, int], list[str]] = resolve,
) -> tuple[str, int]:
    """The address and port to connect to for a URL.

    Raises:
        MediaError: a protocol that is not pulled, an unknown host, or one with a private address.
    """
    if parts.scheme not in _DEFAULT_PORTS:
        raise MediaError(f"{parts.scheme}:// cannot be pulled")
    if not parts.hostname:
        raise MediaError("the URL has no host")
    try:
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
    except ValueError:
        raise MediaError("the URL has a wrong port") from None
    addresses = resolver(parts.hostname, port)
    if not allow_private and any(is_private(address) for address in addresses):
        raise MediaError(
            f"host {parts.hostname!r} has a private address; RELAY_PULL_PRIVATE=true allows it"
        )
    return addresses[0], port


def is_url(source: str) -> bool:
    """Whether a pull source is a URL rather than a file."""
    return "://" in source


def pinned(url: str, *, allow_private: bool) -> str:
    """An RTSP or RTMP URL with its host replaced by a checked address.

    Raises:
        MediaError: as `checked_address`.
    """
    parts = urlsplit(url)
    address, port = checked_address(parts, allow_private=allow_private)
    login = parts.netloc.rpartition("@")[0]
    host = f"[{address}]" if ":" in address else address
    return parts._replace(netloc=f"{login}@{host}:{port}" if login else f"{host}:{port}").geturl()


class _Pinned(http.client.HTTPConnection):
    """A connection to a checked address that speaks to the URL's host."""

    def __init__(self, parts: SplitResult, address: str, port: int) -> None:
        assert parts.hostname is not None
        super().__init__(parts.hostname, port, timeout=_TIMEOUT_S)
        self._address = address
        self._tls = parts.scheme == "https"

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), timeout=_TIMEOUT_S)
        if self._tls:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host)


class Body:
    """An answer's body, as FFmpeg reads it. One that breaks off, or stalls for 10 s, is at its end.

    FFmpeg would meet an error here again and again, and PyAV print it each time.
    """

    def __init__(
        self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse
    ) -> None:
        self._connection = connection
        self._response = response

    def read(self, size: int) -> bytes:
        """What has come, up to `size` bytes, without waiting for so many; empty at the end."""
        try:
            return self._response.read1(size)
        except (OSError, http.client.HTTPException, ValueError):
            return b""

    def peek(self) -> bytes:
        """What comes next, some of it, which is still to be read."""
        try:
            return self._response.peek(_PEEK)
        except (OSError, http.client.HTTPException, ValueError):
            return b""

    def close(self) -> None:
        """Hang up."""
        self._response.close()
        self._connection.close()


class Ranges(Body):
    """A body of which any part can be asked for: FFmpeg may go to an index at its end, and back."""

    def __init__(self, body: Body, size: int, reopen: Callable[[int], Body]) -> None:
        """`reopen` asks for the rest from a byte on."""
        self._body = body
        self._size = size
        self._reopen = reopen
        self._position = 0
        self._at = 0

    def read(self, size: int) -> bytes:
        """See `Body`."""
        if self._position != self._at:
            self._body.close()
            try:
                self._body, self._at = self._reopen(self._position), self._position
            except MediaError:
                return b""
        data = self._body.read(size)
        self._position += len(data)
        self._at = self._position
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go on from there; asked for only once it is read."""
        begin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, begin + offset)
        return self._position

    def tell(self) -> int:
        """Where the next byte is from."""
        return self._position

    def peek(self) -> bytes:
        """See `Body`."""
        return self._body.peek()

    def close(self) -> None:
        """Hang up."""
        self._body.close()


def _login(parts: SplitResult) -> dict[str, str]:
    """The header for a URL's user and password (RFC 7617); it goes to this URL's host only."""
    if parts.username is None:
        return {}
    login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Authorization": f"Basic {b64encode(login.encode()).decode()}"}


def open_http(url: str, *, allow_private: bool) -> Body:
    """The body of an HTTP(S) URL, with redirects followed and checked; `Ranges` where its server
    gives parts of it.

    Raises:
        MediaError: it cannot be had.
    """
    connection, response, found = _ask(url, allow_private=allow_private, begin=0)
    body = Body(connection, response)
    # From 0 on is all of it: a server that knows no ranges answers 200.
    size = response.headers.get("Content-Range", "").rpartition("/")[2]
    if response.status != 206 or not size.isdecimal():
        return body

    def reopen(begin: int) -> Body:
        connection, response, _ = _ask(found, allow_private=allow_private, begin=begin)
        if response.status == 206 and _begins(response) == begin:
            return Body(connection, response)
        Body(connection, response).close()
        raise MediaError("the server no longer gives parts")

    return Ranges(body, int(size), reopen)


def _begins(response: http.client.HTTPResponse) -> int:
    """The first byte of a part; -1 if its server does not say."""
    first = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return int(first) if first.isdecimal() else -1


def _ask(
    url: str, *, allow_private: bool, begin: int
) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse, str]:
    """Ask for a URL from a byte on; also says where redirects have led."""
    for _ in range(_REDIRECTS):
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https"):
            raise MediaError("redirected away from HTTP")
        address, port = checked_address(parts, allow_private=allow_private)
        connection = _Pinned(parts, address, port)
        headers = _HEADERS | _login(parts) | {"Range": f"bytes={begin}-"}
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
        except (OSError, http.client.HTTPException, ValueError) as error:
            connection.close()
            raise MediaError(f"{parts.hostname} cannot be reached: {error}") from None
        if response.status in (301, 302, 303, 307, 308):
            url = urljoin(url, response.headers.get("Location", ""))
            Body(connection, response).close()
            continue
        if response.status not in (200, 206):
            Body(connection, response).close()
            raise MediaError(f"{parts.hostname} answers {response.status}")
        return connection, response, url
    raise MediaError("too many redirects")
