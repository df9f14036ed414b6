"""What `--pull` names: a URL that can be pulled, or a file that is there."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from relay.errors import Invalid
from relay.ingest.fetch import SCHEMES, is_url


def source(text: str, *, option: str, elsewhere: bool = False) -> str:
    """A source as it is stored: a URL as it is, a file with its whole path.

    `elsewhere` says that another machine may pull it, whose files cannot be looked at.

    Raises:
        Invalid: it cannot be pulled, or is not there.
    """
    if is_url(text):
        return _url(text, option)
    # The process that pulls works in another folder.
    path = Path(text).expanduser().absolute()
    if path.is_dir():
        raise Invalid(f"{option} {text}: this is a folder; name a file in it")
    if not path.is_file() and not elsewhere:
        raise Invalid(f"{option} {text}: there is no such file ({path})")
    return str(path)


def _url(text: str, option: str) -> str:
    allowed = ", ".join(f"{scheme}://" for scheme in SCHEMES)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise Invalid(f"{option}: this is no URL: its host or its port is wrong") from None
    if parts.scheme not in SCHEMES:
        scheme = f"{parts.scheme or text.partition('://')[0]}://"
        raise Invalid(f"{option}: {scheme} cannot be pulled; allowed are {allowed} and files")
    if not parts.hostname or port == 0:
        raise Invalid(f"{option}: this URL has no host, or the port 0")
    return text
