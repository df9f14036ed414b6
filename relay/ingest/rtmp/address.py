"""Where an encoder publishes to: application and stream key out of the places they may stand in.

What people type in is `rtmp://host/live/KEY`. Encoders split it differently: server and key apart,
all of it in the server's field with an empty key, or a query `?key=KEY` on either part.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from relay.ids import PUBLISH_KEY_PREFIX
from relay.ingest.rtmp.errors import RtmpError

_MAX_LENGTH: Final = 1024
_KEY_NAMES: Final = ("streamkey", "token", "pass")
"""What else than `key` the key is called in a query, by the services that encoders are made for."""
_PREFIX: Final = re.compile(r"^(?:flv|mp4):")
"""Of a stream's name, as servers of recordings want it."""
_SCHEMES: Final = frozenset({"rtmp", "rtmps", "rtmpt", "rtmpts"})


@dataclass(frozen=True, slots=True)
class PublishAddress:
    """What `connect` and `publish` say together."""

    app: str
    """The path without the key, such as `live`."""
    key: str = field(repr=False)
    """The stream key; empty if there is none."""
    tc_url: str
    """The URL that the encoder connected to, without key, query, user or password."""


def resolve(app: str, tc_url: str, name: str) -> PublishAddress:
    """Find the stream key: in a query if there is one, otherwise it is the path's last segment.

    `app` and `tc_url` are those of `connect`, `name` is the stream's of `publish`. White space that
    was copied along with the key does not count, nor does a prefix such as `flv:`.

    Raises:
        RtmpError: one of them is longer than any encoder sends.
    """
    if max(len(app), len(tc_url), len(name)) > _MAX_LENGTH:
        raise RtmpError(f"an address of more than {_MAX_LENGTH} characters")
    app, tc_url, name = app.strip(), tc_url.strip(), name.strip()
    app_path, _, app_query = app.partition("?")
    name_path, _, name_query = name.partition("?")
    _, _, tc_query = tc_url.partition("?")
    queries = [dict(parse_qsl(query)) for query in (name_query, app_query, tc_query)]
    segments = [part for part in app_path.split("/") if part]
    named = next((query["key"] for query in queries if query.get("key")), "")
    if not named:
        segments += [_PREFIX.sub("", part) for part in name_path.split("/") if part]
    candidates = [
        named,
        *segments[-1:],
        *(query.get(other, "") for query in queries for other in _KEY_NAMES),
    ]
    # Where several things might be the key, ours are known by how they begin.
    ours = (each for each in candidates if each.startswith(PUBLISH_KEY_PREFIX))
    key = next(ours, next(filter(None, candidates), "")).strip()
    path = "/".join(part for part in segments if part != key)
    return PublishAddress(path, key, _strip(tc_url, path))


def _strip(tc_url: str, path: str) -> str:
    scheme, separator, rest = tc_url.partition("://")
    if not separator or scheme.lower() not in _SCHEMES:
        return ""
    # A password may hold any character, so that all before the last "@" goes.
    host = rest.rpartition("@")[2].partition("?")[0].partition("/")[0]
    return f"{scheme.lower()}://{host}/{path}"
