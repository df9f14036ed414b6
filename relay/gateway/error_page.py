"""The page that people see when something went wrong."""

from __future__ import annotations

import math
from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import Final

from aiohttp import web

from relay.gateway.document import FONT_SIZE, MARK, headers, themed
from relay.gateway.words import words

_STYLE: Final = (
    f":root{{color-scheme:dark light;font-size:{FONT_SIZE}}}"
    ":root[data-theme=dark]{color-scheme:dark}:root[data-theme=light]{color-scheme:light}"
    "*{box-sizing:border-box}"
    "body{margin:0;overflow-wrap:anywhere;font:400 1rem/1.6 -apple-system,'Segoe UI',Roboto,"
    "'Helvetica Neue',Arial,sans-serif;"
    "color:light-dark(#0b1220,#f1f4f9);background:light-dark(#f4f6f9,#06090f)}"
    "header{min-height:4rem;padding:.75rem clamp(1rem,2.6vw,2.5rem);color:#fff;background:#02050b}"
    "header a{display:inline-flex;align-items:center;gap:.7rem;min-height:2.5rem;"
    "font-size:1.0625rem;font-weight:650;line-height:1;color:inherit;text-decoration:none}"
    "header svg{width:2rem;height:2rem}"
    "main{position:relative;display:grid;align-items:center;min-height:calc(100svh - 4rem);"
    "padding:1rem clamp(1rem,2.6vw,2.5rem) 34svh;overflow:hidden;color:#fff;background:#02050b}"
    "main:first-child{min-height:100svh}"
    "main>svg{position:absolute;inset:0;width:100%;height:100%}"
    "main>div{position:relative;max-width:44rem}"
    ".status{margin:0;font-weight:650;font-variant-numeric:tabular-nums;color:#b4bfd0}"
    "h1{margin:.25rem 0 .75rem;font-size:clamp(1.25rem,1rem + 2.4vw,2.375rem);line-height:1.15;"
    "letter-spacing:-.02em;text-wrap:balance}"
    "p{margin:0 0 1.5rem}"
    "main a{color:#8ec5ff}"
    "a:focus-visible{outline:2px solid;outline-offset:3px;border-radius:2px}"
    # In a frame, the words need all there is.
    "@media(max-height:32rem){main{padding-bottom:1rem}main>svg{opacity:.35}}"
    "@media(max-height:16rem){body{font-size:.8125rem}.status{display:none}p{margin:.5rem 0}}"
)

_LIMB: Final = (
    # The Earth's limb at dawn, as the pages draw it (`web/src/ui/limb.ts`).
    '<svg viewBox="0 0 1600 900" preserveAspectRatio="xMidYMid slice" aria-hidden="true"><defs>'
    '<radialGradient id="air" gradientUnits="userSpaceOnUse" cx="760" cy="2802" r="2194">'
    '<stop offset=".952" stop-color="#bfe9ff"/><stop offset=".96" stop-color="#5db8ff"/>'
    '<stop offset=".967" stop-color="#1f6fe0" stop-opacity=".6"/>'
    '<stop offset="1" stop-color="#0a2360" stop-opacity="0"/></radialGradient>'
    '<radialGradient id="ground" gradientUnits="userSpaceOnUse" cx="760" cy="2802" r="2100">'
    '<stop offset=".955" stop-color="#031022"/><stop offset=".988" stop-color="#07305c"/>'
    '<stop offset="1" stop-color="#1a6bb3"/></radialGradient>'
    '<radialGradient id="light" gradientUnits="userSpaceOnUse" cx="1088" cy="728" r="1150">'
    '<stop offset="0" stop-color="#fff"/><stop offset="1" stop-color="#4a4a4a"/></radialGradient>'
    '<radialGradient id="sun"><stop offset="0" stop-color="#fff"/>'
    '<stop offset=".2" stop-color="#ffd9ac" stop-opacity=".6"/>'
    '<stop offset=".5" stop-color="#ff8a4d" stop-opacity=".16"/>'
    '<stop offset="1" stop-color="#ff7d47" stop-opacity="0"/></radialGradient>'
    '<mask id="dawn"><rect width="1600" height="900" fill="url(#light)"/></mask></defs>'
    '<g mask="url(#dawn)"><circle cx="760" cy="2802" r="2194" fill="url(#air)"/>'
    '<circle cx="760" cy="2802" r="2100" fill="url(#ground)"/></g>'
    '<ellipse cx="1088" cy="728" rx="420" ry="150" fill="url(#sun)"/></svg>'
)

_BAR: Final = f'<header><a href="/">{MARK}EVA Relay</a></header>\n'
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
        f"</head>\n<body>\n{'' if framed else _BAR}<main>{_LIMB}<div>\n"
        f'<p class="status">{status}</p>\n<h1>{escape(title)}</h1>\n'
        f"<p>{escape(_sentence(detail))}</p>\n"
        f'<p><a href="/"{target}>{words(lang).all_broadcasts}</a></p>\n'
        f"</div></main>\n{run}</body>\n</html>\n"
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].removesuffix('.')}."
