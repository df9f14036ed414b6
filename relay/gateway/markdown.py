"""Descriptions: Markdown (CommonMark) to HTML that can do no harm.

No HTML of the author's passes, and links lead to http and https only, to where they say. A picture
becomes a link that says what it shows: pages load nothing from elsewhere. Tables are those of
GitHub's dialect.
"""

from __future__ import annotations

from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any, Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from relay.state.weblink import settled, told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.renderer import RendererProtocol

_LEVEL: Final = 2
"""The page's title is its first heading; those of a description stand this far below."""


class _Parser(MarkdownIt):
    # The names are the library's. It asks for the address first, and then whether that is valid.
    def normalizeLink(self, url: str) -> str:  # noqa: N802
        return super().normalizeLink(settled(url) or url)

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802
        return settled(link) or link

    def validateLink(self, url: str) -> bool:  # noqa: N802
        return settled(url) is not None


def _link(
    renderer: RendererProtocol, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    tokens[index].attrSet("rel", "noopener nofollow ugc")
    found: str = renderer.renderToken(tokens, index, options, env)  # type: ignore[attr-defined]
    return found


def _image(
    renderer: RendererProtocol, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    del renderer, options, env
    source = str(tokens[index].attrGet("src") or "")
    label = tokens[index].content.strip() or source
    before = [token.type for token in tokens[:index]]
    if before.count("link_open") > before.count("link_close"):
        return escape(label)  # a link holds no other one
    return (
        f'<a href="{escape(source)}" rel="noopener nofollow ugc">{escape(told(label, source))}</a>'
    )


def _make() -> MarkdownIt:
    parser = _Parser("commonmark", {"html": False}).enable("table")
    parser.add_render_rule("link_open", _link)
    parser.add_render_rule("image", _image)
    return parser


_PARSER: Final = _make()


@lru_cache(maxsize=256)
def to_html(text: str) -> str:
    """The HTML of a text."""
    tokens = _parsed(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + _LEVEL)}"
    found: str = _PARSER.renderer.render(tokens, _PARSER.options, {})
    return found


@lru_cache(maxsize=256)
def to_line(text: str, limit: int = 200) -> str:
    """A text without its marks, on one line, cut after a word where it is longer than `limit`."""
    blocks = (token.children or () for token in _parsed(text) if token.type == "inline")
    spoken = ("".join(_spoken(child) for child in block) for block in blocks)
    line = " ".join(" ".join(spoken).split())
    if len(line) <= limit:
        return line
    return line[: limit - 1].rsplit(" ", 1)[0] + "…"


def _parsed(text: str) -> list[Token]:
    """A text's tokens, with the host after each link whose words name another."""
    tokens = _PARSER.parse(text)
    for token in tokens:
        found: list[Token] = []
        begin = 0
        for child in token.children or ():
            if child.type == "link_open":
                begin = len(found)
            elif child.type == "link_close":
                label = "".join(map(_spoken, found[begin:]))
                says = told(label, str(found[begin].attrGet("href")))
                found.append(Token("text", "", 0, content=says[len(label) :]))
            found.append(child)
        token.children = found or None
    return tokens


def _spoken(token: Token) -> str:
    if token.type in ("softbreak", "hardbreak"):
        return " "
    return token.content if token.type in ("text", "code_inline", "image") else ""
