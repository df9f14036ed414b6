"""Names and secrets: slugs that people choose, ids and keys that nobody can guess.

Keys carry a prefix so that `relay.log` can recognise and hide one wherever it turns up.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import Final

SLUG: Final = re.compile(r"[a-z0-9-]{1,64}")
PUBLISH_KEY_PREFIX: Final = "evk_"
ADMIN_TOKEN_PREFIX: Final = "evt_"  # noqa: S105 - a prefix
PARTNER_KEY_PREFIX: Final = "evp_"
ACCESS_PREFIX: Final = "evc_"
"""Of tokens for closed broadcasts."""
GRANT_PREFIX: Final = "evg_"
"""Of grants, which such tokens are changed for."""
HOST_PREFIX: Final = "evh_"
"""Of tickets that prove whose site a player stands in."""


def is_slug(text: str) -> bool:
    """Whether `text` may name a camera or a broadcast."""
    return SLUG.fullmatch(text) is not None


def new_id() -> str:
    """An id of 128 random bits, URL-safe, 22 characters."""
    return secrets.token_urlsafe(16)


def new_publish_key() -> str:
    """A camera's publish key: 144 random bits behind a fixed prefix."""
    return PUBLISH_KEY_PREFIX + secrets.token_urlsafe(18)


def new_admin_token() -> str:
    """A bearer token with all rights: 192 random bits behind a fixed prefix."""
    return ADMIN_TOKEN_PREFIX + secrets.token_urlsafe(24)


def new_partner_key() -> str:
    """The key of a partner's server: 192 random bits behind a fixed prefix."""
    return PARTNER_KEY_PREFIX + secrets.token_urlsafe(24)


def hash_key(key: str) -> str:
    """What is stored of a key: its SHA-256 in hex.

    A plain hash is enough because keys are random and longer than any search can reach; it lets a
    key be looked up by its hash.
    """
    return hashlib.sha256(to_bytes(key)).hexdigest()


def same(left: str, right: str) -> bool:
    """Compare two secrets in a time that does not depend on where they differ."""
    return hmac.compare_digest(to_bytes(left), to_bytes(right))


def to_bytes(text: str) -> bytes:
    """The bytes of a text that a stranger sent: headers that are not UTF-8 come with surrogates."""
    return text.encode("utf-8", "surrogateescape")
