"""Links of strangers and partners: what the reader sees is where they lead. Pure.

A host is written in ASCII, as browsers resolve it: letters of other scripts that look like Latin
ones show as `xn--…`, and signs that look like dots become dots or no host (UTS 46). A name and a
password before the host are refused: they pass for one.
"""

from __future__ import annotations

import re
from typing import Final
from unicodedata import normalize
from urllib.parse import urlsplit

_HOST: Final = re.compile(r"[a-z0-9._-]{1,253}|[0-9a-f:.]{2,45}")
_NAMED: Final = re.compile(r"(?:(?<=//)|(?<![\w/@.-]))(?:[^\W_][\w-]{0,62}\.){1,8}[^\W\d_]{2,63}")
"""What readers take for a host; a path has no others."""
_DOTS: Final = str.maketrans({"\u3002": ".", "\uff61": ".", "\u2024": ".", "\uff0e": "."})
_UNSEEN: Final = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def folded(text: str) -> str:
    """A text in the letters and dots that it looks like, without what is not seen."""
    return normalize("NFKC", _UNSEEN.sub("", text)).translate(_DOTS)


def settled(url: str) -> str | None:
    """An address of http or https as browsers go there; None: it is no plain one."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = normalize("NFKC", parts.hostname or "").encode("idna").decode().lower()
    except ValueError:  # UnicodeError is one
        return None
    if parts.scheme not in ("http", "https") or "@" in parts.netloc or not _HOST.fullmatch(host):
        return None
    netloc = f"[{host}]" if ":" in host else host
    return parts._replace(netloc=netloc if port is None else f"{netloc}:{port}").geturl()


def told(label: str, url: str) -> str:
    """What a link says: its label, and the host where it leads if the label names another."""
    real = urlsplit(url).hostname or ""
    hosts = {found.lower().removeprefix("www.") for found in _NAMED.findall(folded(label))}
    return label if hosts <= {real.removeprefix("www.")} else f"{label} ({real})"
