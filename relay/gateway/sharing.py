"""What search engines and other sites read in a broadcast's head: Open Graph, cards, JSON-LD.

The structured data are schema.org's VideoObject with its BroadcastEvent; a rating is told only once
there are votes.
"""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from relay.gateway.document import script_safe
from relay.gateway.markdown import to_line
from relay.gateway.views import still_of
from relay.state.rights import Phase

if TYPE_CHECKING:
    from relay.gateway.views import BroadcastView
    from relay.gateway.words import Words

STILL_WIDTH, STILL_HEIGHT = 1280, 720
_CARD: Final = "/static/card.jpg"
"""What is shown of a broadcast without a picture: one that is to come, or over."""
_CARD_WIDTH, _CARD_HEIGHT = 1200, 630


def describe(view: BroadcastView, words: Words) -> str:
    """One line about a broadcast."""
    return to_line(view.description) or words.a_spacewalk.format(title=view.title)


def broadcast_head(view: BroadcastView, origin: str, words: Words) -> str:
    """Elements for the head of a broadcast's page."""
    page = f"{origin}/b/{view.slug}"
    query = urlencode({"url": page, "format": "json"})
    cards: list[tuple[str, str, str]] = [
        ("property", "og:site_name", "EVA Relay"),
        ("property", "og:type", "video.other"),
        ("property", "og:title", view.title),
        ("property", "og:description", describe(view, words)),
        ("property", "og:url", page),
        ("name", "twitter:title", view.title),
        ("name", "twitter:description", describe(view, words)),
    ]
    linked = ""
    if not view.partners_only:  # sites that are no partners would show a refusal
        cards += [
            ("property", "og:video:url", f"{origin}/embed/{view.slug}"),
            ("property", "og:video:type", "text/html"),
            ("property", "og:video:width", "1280"),
            ("property", "og:video:height", "720"),
        ]
        linked = (
            '<link rel="alternate" type="application/json+oembed" '
            f'href="{escape(f"{origin}/oembed?{query}")}" title="{escape(view.title)}">\n'
        )
    cards += _picture(view, origin, words)
    metas = "".join(
        f'<meta {kind}="{name}" content="{escape(content)}">\n' for kind, name, content in cards
    )
    structure = script_safe(json.dumps(structured(view, origin, words), ensure_ascii=False))
    return (
        f'<link rel="canonical" href="{escape(page)}">\n'
        f"{linked}{metas}"
        f'<script type="application/ld+json">{structure}</script>\n'
    )


def _picture(view: BroadcastView, origin: str, words: Words) -> list[tuple[str, str, str]]:
    address, alt = still(view, origin), words.picture_of.format(title=view.title)
    width, height = STILL_WIDTH, STILL_HEIGHT
    if address is None:
        address, alt = origin + _CARD, "EVA Relay"
        width, height = _CARD_WIDTH, _CARD_HEIGHT
    return [
        ("name", "twitter:card", "summary_large_image"),
        ("name", "twitter:image", address),
        ("property", "og:image", address),
        ("property", "og:image:width", str(width)),
        ("property", "og:image:height", str(height)),
        ("property", "og:image:alt", alt),
    ]


def still(view: BroadcastView, origin: str) -> str | None:
    """Address of the live still, while there is a picture."""
    path = still_of(view)
    return None if path is None else origin + path


def structured(view: BroadcastView, origin: str, words: Words) -> dict[str, Any]:
    """A broadcast in schema.org's terms."""
    page = f"{origin}/b/{view.slug}"
    event: dict[str, Any] = {
        "@type": "BroadcastEvent",
        "name": view.title,
        "isLiveBroadcast": view.state is not Phase.ENDED,
    }
    video: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "VideoObject",
        "name": view.title,
        "description": describe(view, words),
        "url": page,
        "publication": event,
    }
    if not view.partners_only:
        video["embedUrl"] = f"{origin}/embed/{view.slug}"
    if view.starts_at is not None:
        event["startDate"] = video["uploadDate"] = view.starts_at.isoformat()
    if view.ended_at is not None:
        event["endDate"] = view.ended_at.isoformat()
    video["thumbnailUrl"] = [still(view, origin) or origin + _CARD]
    if view.tags:
        video["keywords"] = view.tags
    if view.crew:
        video["actor"] = [{"@type": "Person", "name": person.name} for person in view.crew]
    if view.rating.count:
        video["aggregateRating"] = {
            "@type": "AggregateRating",
            "ratingValue": view.rating.average,
            "ratingCount": view.rating.count,
            "bestRating": 5,
            "worstRating": 1,
        }
    return video
