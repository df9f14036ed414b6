"""Whose site a player stands in: tickets by which its heartbeats prove it.

A page `/embed/{slug}?partner=…` brings one along, which browsers show in that partner's sites only
(`frame-ancestors`). It names the partner, the broadcast and the viewer it was made for, and until
when, and is signed: whoever was not given one counts for nobody, and one that was copied counts as
the viewer it was made for.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Final

from relay.ids import HOST_PREFIX, same

TICKET_S: Final = 43_200
"""A ticket is good for as long as a broadcast lasts."""
_RENEW_S: Final = TICKET_S / 2
"""One that has less left is replaced, for pages that stay open for days."""
_TICKET: Final = re.compile(
    r"([a-z0-9-]{1,64})\.([\w-]{1,64})\.([0-9a-f]{1,12})\.([\w-]{24})", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Hosted:
    """What a ticket proves."""

    partner: str
    """Whose site the page stands in."""
    viewer: str
    """Whose page it is."""
    until_s: float
    """When the ticket ends, seconds since the epoch."""

    def is_old(self, now_s: float) -> bool:
        """Whether it is time for another ticket."""
        return self.until_s - now_s < _RENEW_S


class Hosting:
    """Makes and reads tickets. Times are seconds since the epoch."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def ticket(self, partner: str, broadcast: str, viewer: str, now_s: float) -> str:
        """A ticket for one viewer's pages of a broadcast in a partner's site."""
        text = f"{partner}.{viewer}.{int(now_s) + TICKET_S:x}"
        return f"{HOST_PREFIX}{text}.{self._sign(text, broadcast)}"

    def read(self, ticket: str, broadcast: str, now_s: float) -> Hosted | None:
        """What a ticket proves; None: it is forged, too old, or another broadcast's."""
        text = ticket.removeprefix(HOST_PREFIX)
        match = _TICKET.fullmatch(text)
        if text == ticket or match is None:
            return None
        partner, viewer, until, signature = match.groups()
        if not same(signature, self._sign(f"{partner}.{viewer}.{until}", broadcast)):
            return None
        until_s = int(until, 16)
        return None if until_s <= now_s else Hosted(partner, viewer, until_s)

    def _sign(self, text: str, broadcast: str) -> str:
        digest = hmac.new(self._key, f"{text}:{broadcast}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:18]).decode()
