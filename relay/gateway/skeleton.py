"""Bodies of pages: what is read before, or without, JavaScript. Components take it over."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from relay.gateway.document import MARK
from relay.gateway.markdown import to_html
from relay.gateway.order import is_silent
from relay.state.rights import Phase
from relay.state.weblink import told

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from relay.gateway.views import BroadcastView
    from relay.gateway.words import Words
    from relay.state.models import Link, Person, Soundtrack

_BAR = f'<header class="skeleton-bar"><a href="/">{MARK}EVA Relay</a></header>'


def home(views: Sequence[BroadcastView], words: Words) -> str:
    """The home page's body."""
    phases = {Phase.BEFORE: words.before, Phase.LIVE: words.live, Phase.ENDED: words.ended}
    items = "".join(
        f'<li><a href="/b/{view.slug}"{_lang(view)}>{_bdi(view.title)}</a>'
        f" ({words.silent if is_silent(view) else phases[view.state]})</li>"
        for view in views
    )
    return (
        f'<eva-home>{_BAR}<main class="skeleton"><h1>{words.spacewalks}</h1>'
        f"<ul>{items}</ul></main></eva-home>"
    )


def broadcast(view: BroadcastView, words: Words) -> str:
    """A broadcast's body."""
    return (
        f'<eva-broadcast slug="{view.slug}">{_BAR}<main class="skeleton">'
        f"{_stage(words)}<h1{_lang(view)}>{_bdi(view.title)}</h1>{_when(view, words)}"
        f"<div{_lang(view)}>{to_html(view.description)}</div>"
        f"{_people(words.crew, view.crew)}{_section(words.timeline, _markers(view, words))}"
        f"{_people(words.credits, view.credits)}{_soundtrack(view.soundtrack, words)}"
        f"{_section(words.links, _links(view.links))}</main></eva-broadcast>"
    )


def closed(slug: str, words: Words) -> str:
    """The body of a broadcast's page for those who are not let in."""
    return (
        f'<eva-broadcast slug="{slug}">{_BAR}<main class="skeleton">{_stage(words)}'
        f"<h1>{words.closed}</h1><p>{words.closed_text}</p></main></eva-broadcast>"
    )


def _lang(view: BroadcastView) -> str:
    """The language of what its makers wrote; an empty one says that nobody knows."""
    return f' lang="{view.language or ""}"'


def _stage(words: Words) -> str:
    return f'<div class="skeleton-stage"><noscript><p>{words.no_script}</p></noscript></div>'


def _when(view: BroadcastView, words: Words) -> str:
    if view.starts_at is None:
        return ""
    return f"<p>{_time(view.starts_at, words)}</p>"


def _time(at: datetime, words: Words) -> str:
    return f'<time datetime="{at.isoformat()}">{at.strftime(words.moment)}</time>'


def _section(title: str, items: Iterable[str]) -> str:
    found = "".join(f"<li>{item}</li>" for item in items)
    return f"<h2>{title}</h2><ul>{found}</ul>" if found else ""


def _people(title: str, people: Iterable[Person]) -> str:
    return _section(title, (f"{_bdi(each.name)}, {_bdi(each.role)}" for each in people))


def _markers(view: BroadcastView, words: Words) -> Iterable[str]:
    return (f"{_time(m.at, words)} <span{_lang(view)}>{_bdi(m.title)}</span>" for m in view.markers)


def _soundtrack(music: Soundtrack | None, words: Words) -> str:
    if music is None:
        return ""
    title = _anchor(music.url, music.title) if music.url else _bdi(music.title)
    parts = {
        words.written_by: ", ".join(music.writers),
        words.performed_by: music.performer,
        words.published_by: music.publisher,
        words.licence: music.licence,
    }
    details = [f"{label} {_bdi(text)}" for label, text in parts.items() if text]
    return f"<h2>{words.soundtrack}</h2><p>{', '.join([title, *details])}</p>"


def _links(links: Iterable[Link]) -> Iterable[str]:
    return (_anchor(link.url, link.label) for link in links)


def _bdi(text: str) -> str:
    """A name or a title of any script, which turns nothing around it."""
    return f"<bdi>{escape(text)}</bdi>"


def _anchor(url: str, label: str) -> str:
    return f'<a href="{escape(url)}" rel="noopener nofollow ugc">{_bdi(told(label, url))}</a>'
