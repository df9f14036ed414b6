"""The page that people see when something went wrong."""

from __future__ import annotations

import math
from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import Final

from aiohttp import web

from relay.gateway.document import FONT_SIZE, headers, themed
from relay.gateway.words import words

_STYLE: Final = (
    f":root{{color-scheme:dark light;font-size:{FONT_SIZE}}}"
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
    # In a frame, the words need all there is.
    "@media(max-height:32rem){body{background-image:none}}"
    "@media(max-height:16rem){body{font-size:.8125rem}.status{display:none}p{margin:.5rem 0}}"
    ".status{margin:0;font-weight:650;font-variant-numeric:tabular-nums;"
    "color:light-dark(#c23a06,#ff7d47)}"
    "h1{margin:.25rem 0 1rem;font-size:clamp(1.25rem,.9rem + 5vw,3.75rem);line-height:1.06;"
    "letter-spacing:-.03em;text-wrap:balance}"
    "a{color:light-dark(#c23a06,#ff7d47)}"
    "a:focus-visible{outline:2px solid;outline-offset:3px;border-radius:2px}"
)


_BAR: Final = '<header><a href="/">EVA Relay</a></header>\n'
_TELL: Final = (
    'parent.postMessage({eva:1,event:"error",value:'
    '{code:"not-allowed",message:"This site may not show the player."}},"*")'
)
"""What a frame that shows no player tells the page around it, whichever that is."""
_TELL_HASH: Final = b64encode(sha256(_TELL.encode()).digest()).decode()


def refusal_page(title: str, detail: str, *, lang: str, shade: str | None = None) -> web.Response:
    """A page for sites that may not show a player, which just these may show in a frame.

    Without it a browser draws a broken page, and the site learns nothing. It holds no data, sets no
    cookie, and its one link opens elsewhere.
    """
    given = headers("*")
    policy = given["Content-Security-Policy"]
    script_src = f"script-src 'sha256-{_TELL_HASH}'"
    given["Content-Security-Policy"] = policy.replace("script-src 'self'", script_src)
    html = _html(403, title, detail, lang, shade, framed=True, script=_TELL)
    return _response(html, 403, lang, given)


def error_page(
    status: int,
    title: str,
    detail: str,
    *,
    lang: str = "en",
    shade: str | None = None,
    framed: bool = False,
    retry_after: float | None = None,
) -> web.Response:
    """A page that says what went wrong; it asks again by itself where that may help.

    Title and detail are in the language `lang`. `shade` is the theme that the viewer chose, if it
    did. A page for another site's frame has no bar, and its link opens elsewhere; any site may show
    it, for a browser would draw a broken page in its place.
    """
    given = headers("*") if framed else headers()
    again = ""
    if retry_after is not None:
        given["Retry-After"] = str(math.ceil(retry_after))
        again = f'<meta http-equiv="refresh" content="{given["Retry-After"]}">\n'
    html = _html(status, title, detail, lang, shade, framed=framed, head=again)
    return _response(html, status, lang, given)


def _response(html: str, status: int, lang: str, given: dict[str, str]) -> web.Response:
    given |= {"Cache-Control": "no-store", "Content-Language": lang}
    return web.Response(text=html, status=status, content_type="text/html", headers=given)


def _html(
    status: int,
    title: str,
    detail: str,
    lang: str,
    shade: str | None,
    *,
    framed: bool,
    head: str = "",
    script: str = "",
) -> str:
    target = ' target="_blank"' if framed else ""
    run = f"<script>{script}</script>\n" if script else ""
    return (
        f'<!doctype html>\n<html lang="{lang}"{themed(shade)}>\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="dark light">\n'
        '<meta name="robots" content="noindex">\n'
        f"{head}"
        f"<title>{escape(title)} · EVA Relay</title>\n"
        '<link rel="icon" href="/static/favicon.svg" type="image/svg+xml">\n'
        f"<style>{_STYLE}</style>\n"
        f"</head>\n<body>\n{'' if framed else _BAR}<main>\n"
        f'<p class="status">{status}</p>\n<h1>{escape(title)}</h1>\n'
        f"<p>{escape(_sentence(detail))}</p>\n"
        f'<p><a href="/"{target}>{words(lang).all_broadcasts}</a></p>\n'
        f"</main>\n{run}</body>\n</html>\n"
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].removesuffix('.')}."
