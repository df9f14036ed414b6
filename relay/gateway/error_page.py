"""The page that people see when something went wrong."""

from __future__ import annotations

import math
from html import escape
from typing import Final

from aiohttp import web

from relay.gateway.document import headers, themed
from relay.gateway.words import words

_STYLE: Final = (
    ":root{color-scheme:dark light}"
    ":root[data-theme=dark]{color-scheme:dark}:root[data-theme=light]{color-scheme:light}"
    "body{margin:0;min-height:100svh;display:grid;align-content:center;"
    "padding:clamp(1rem,6vw,6rem);box-sizing:border-box;overflow-wrap:anywhere;"
    "font:400 1rem/1.6 system-ui,sans-serif;"
    "color:light-dark(#0b1220,#f1f4f9);background:light-dark(#f4f6f9,#06090f) "
    # The Earth's limb, as on every page.
    "radial-gradient(120vmax 120vmax at 50% calc(100% + 96vmax),"
    "light-dark(#cfe0f5,#0d2340) 99%,light-dark(#8fb7e8,#5aa9ff) 99.6%,#0000 100.4%) no-repeat}"
    "header{position:absolute;inset:0 0 auto;display:flex;align-items:center;min-height:4rem;"
    "padding-inline:clamp(1rem,6vw,6rem);font:650 1.0625rem/1 system-ui,sans-serif}"
    "header a{color:inherit;text-decoration:none}"
    "main{max-width:42rem}"
    ".status{margin:0;font-weight:650;font-variant-numeric:tabular-nums;"
    "color:light-dark(#c23a06,#ff7d47)}"
    "h1{margin:.25rem 0 1rem;font-size:clamp(2.1rem,1.5rem + 2.6vw,3.75rem);line-height:1.06;"
    "letter-spacing:-.03em;text-wrap:balance}"
    "a{color:light-dark(#c23a06,#ff7d47)}"
)


_BAR: Final = '<header><a href="/">EVA Relay</a></header>\n'


def error_page(
    status: int,
    title: str,
    detail: str,
    *,
    lang: str = "en",
    shade: str | None = None,
    framed: bool = False,
    retry_after: float | None = None,
    frame_ancestors: str = "'self'",
) -> web.Response:
    """A page that says what went wrong; it asks again by itself where that may help.

    Title and detail are in the language `lang`. `shade` is the theme that the viewer chose, if it
    did. A page that stands in another site's frame has no bar.
    """
    again = "" if retry_after is None else str(math.ceil(retry_after))
    refresh = f'<meta http-equiv="refresh" content="{again}">\n' if again else ""
    html = (
        f'<!doctype html>\n<html lang="{lang}"{themed(shade)}>\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="dark light">\n'
        '<meta name="robots" content="noindex">\n'
        f"{refresh}"
        f"<title>{escape(title)} · EVA Relay</title>\n"
        '<link rel="icon" href="/static/favicon.svg" type="image/svg+xml">\n'
        f"<style>{_STYLE}</style>\n"
        f"</head>\n<body>\n{'' if framed else _BAR}<main>\n"
        f'<p class="status">{status}</p>\n<h1>{escape(title)}</h1>\n'
        f'<p>{escape(_sentence(detail))}</p>\n<p><a href="/">{words(lang).all_broadcasts}</a></p>\n'
        "</main>\n</body>\n</html>\n"
    )
    given = headers(frame_ancestors) | {"Cache-Control": "no-store", "Content-Language": lang}
    if again:
        given["Retry-After"] = again
    return web.Response(text=html, status=status, content_type="text/html", headers=given)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].removesuffix('.')}."
