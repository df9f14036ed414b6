"""Who may watch what: the one rule that gateway and edges ask. Pure.

Media (sessions, hints, stills, playlists) goes out while a broadcast is live; what is told of it
(pages, events, embeds) also before and after. A closed broadcast takes a pass. A pass names a
generation of its broadcast, and one of the partner that let its holder in: closing or deleting a
broadcast, a partner's new key, removing a partner, and taking one into a broadcast (again) raise
it, and the passes of before are dead.

Operators may see all that there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from relay.state.models import Access

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Phase(StrEnum):
    """Where a broadcast stands."""

    BEFORE = "before"
    LIVE = "live"
    ENDED = "ended"


class Way(StrEnum):
    """By what somebody watches, or reads of a broadcast."""

    PAGE = "page"
    """Its page, and what the API tells of it."""
    EVENTS = "events"
    EMBED = "embed"
    OEMBED = "oembed"
    STILL = "still"
    WHEP = "whep"
    HINT = "hint"
    """What a player asks of its session."""
    HLS = "hls"
    METRICS = "metrics"


MEDIA: Final = frozenset({Way.STILL, Way.WHEP, Way.HINT, Way.HLS})
"""Ways that show pictures."""


class Verdict(StrEnum):
    """Whether somebody may watch, or why not."""

    YES = "yes"
    GONE = "gone"
    """There is no such thing."""
    CLOSED = "closed"
    """It takes a pass, or the admin token."""
    PARTNERS = "partners"
    """Only partners' sites may show it."""
    BEFORE = "before"
    """It has not begun."""
    ENDED = "ended"
    """It has ended."""


@dataclass(frozen=True, slots=True)
class Pass:
    """What a token or a grant proves. Whoever made it has signed it."""

    slug: str
    """The broadcast that it opens."""
    generation: int
    """The broadcast's when it was made."""
    partner: str = ""
    """Whose server let its holder in; "": an operator."""
    partner_generation: int = 0
    """The partner's when it was made."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks."""

    operator: bool = False
    """Whether the admin token was shown."""
    passes: tuple[Pass, ...] = ()
    """What was shown besides."""
    site: str = ""
    """The partner in whose site the player stands; "": in none."""

    def to_json(self) -> dict[str, Any]:
        """For an edge, which asks again later."""
        passes = [[p.slug, p.generation, p.partner, p.partner_generation] for p in self.passes]
        return {"operator": self.operator, "passes": passes}

    @classmethod
    def from_json(cls, fact: Mapping[str, Any]) -> Asker:
        """What `to_json` has written."""
        return cls(bool(fact["operator"]), tuple(Pass(*each) for each in fact["passes"]))


@dataclass(frozen=True, slots=True)
class Show:
    """What the rule has to know of a broadcast."""

    slug: str
    phase: Phase
    access: Access
    partners_only: bool
    cameras: tuple[str, ...]
    generation: int
    partners: Mapping[str, int]
    """Partners that may let viewers in, and their generations."""

    def to_json(self) -> dict[str, Any]:
        """For edges."""
        return {
            "slug": self.slug,
            "phase": self.phase,
            "access": self.access,
            "partners_only": self.partners_only,
            "cameras": self.cameras,
            "generation": self.generation,
            "partners": dict(self.partners),
        }

    @classmethod
    def from_json(cls, fact: Mapping[str, Any]) -> Show:
        """What `to_json` has written."""
        return cls(
            slug=fact["slug"],
            phase=Phase(fact["phase"]),
            access=Access(fact["access"]),
            partners_only=fact["partners_only"],
            cameras=tuple(fact["cameras"]),
            generation=fact["generation"],
            partners=fact["partners"],
        )


def may_watch(show: Show | None, asker: Asker, way: Way, camera: str | None = None) -> Verdict:
    """Whether somebody may watch a broadcast, or one of its cameras, in some way.

    `show` is None where there is no such broadcast; of `Way.METRICS` it is not asked for.
    """
    if way is Way.METRICS:
        return Verdict.YES if asker.operator else Verdict.CLOSED
    if show is None or (camera is not None and camera not in show.cameras):
        return Verdict.GONE
    if asker.operator:
        return Verdict.YES
    if show.partners_only and not asker.site and way in (Way.EMBED, Way.OEMBED):
        return Verdict.PARTNERS
    if show.access is Access.CLOSED and not any(opens(each, show) for each in asker.passes):
        return Verdict.CLOSED
    return _BY_PHASE[show.phase] if way in MEDIA else Verdict.YES


_BY_PHASE: Final = {
    Phase.BEFORE: Verdict.BEFORE,
    Phase.LIVE: Verdict.YES,
    Phase.ENDED: Verdict.ENDED,
}
"""Whether there are pictures to be seen."""


def may_watch_camera(shows: Iterable[Show], asker: Asker, way: Way, camera: str) -> Verdict:
    """Whether somebody may watch a camera by itself: by any broadcast that shows it.

    One that is in none is the operators' alone.
    """
    if asker.operator:
        return Verdict.YES
    found = {may_watch(show, asker, way, camera) for show in shows}
    return next((each for each in _HELPFUL if each in found), Verdict.GONE)


_HELPFUL: Final = (Verdict.YES, Verdict.BEFORE, Verdict.CLOSED, Verdict.ENDED)
"""Of several verdicts the one that tells most of what can be done."""


def partner_generation(found: Mapping[str, int], partner: str, slug: str) -> int:
    """A partner's generation in a broadcast: it rises with the partner's own, and each time that
    the broadcast takes it in.
    """
    return found.get(f"partner:{partner}", 0) + found.get(f"partner:{partner}:{slug}", 0)


def opens(shown: Pass, show: Show) -> bool:
    """Whether a pass opens a broadcast.

    A pass of a later generation than is known was made by a process that knows more: they rise.
    """
    if shown.slug != show.slug or shown.generation < show.generation:
        return False
    if not shown.partner:
        return True
    known = show.partners.get(shown.partner)
    return known is not None and shown.partner_generation >= known
