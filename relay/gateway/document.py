"""A page as a document: head, body, and the built scripts and styles."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from aiohttp import web

from relay.gateway.identity import give_cookie
from relay.gateway.keys import AUTH, FRONTEND
from relay.gateway.visitor import language, theme

if TYPE_CHECKING:
    from pydantic import BaseModel

_POLICY: Final = (
    "default-src 'self'",
    "script-src 'self'",
    # media-chrome puts its styles into style elements; styles cannot run code.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "media-src 'self' blob:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
)


FONT_SIZE: Final = "clamp(100%,.25rem + .625vw,1.75rem)"
"""Of pages without our style sheet, as it has it: large screens are read from afar."""


MARK: Final = (
    '<svg viewBox="0 0 32 32" width="32" height="32" fill="none" stroke="currentColor" '
    'aria-hidden="true"><circle cx="16" cy="16" r="14" stroke-width="2"/>'
    '<path d="M4.1 21.6a19.5 19.5 0 0 1 23.8 0" stroke-width="2.6" '
    'style="stroke:light-dark(#0b5cad,#8ec5ff)"/>'
    '<path d="M20.4 9.8c-5.6-.6-8 1.6-6.2 3.8 1.4 1.7.6 3-.7 3.9" stroke-width="1.3"/>'
    '<circle cx="21.4" cy="9.9" r="2.5" fill="currentColor" stroke="none"/></svg>'
)
"""The house's mark, as the pages draw it (`web/src/ui/mark.ts`)."""


def headers(frame_ancestors: str = "'self'", *, frame_src: str = "'self'") -> dict[str, str]:
    """The headers of every page; `frame_ancestors` are the sites that may show it in a frame."""
    rules = (*_POLICY, f"frame-src {frame_src}", f"frame-ancestors {frame_ancestors}")
    return {
        "Content-Security-Policy": "; ".join(rules),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        "Cache-Control": "private, no-cache",
        "Vary": "Cookie, Accept-Language",
    }


def render(
    request: web.Request,
    *,
    entry: str,
    title: str,
    description: str,
    body: str,
    data: BaseModel | None,
    head: str = "",
    frame_ancestors: str = "'self'",
    embedded: bool = False,
    viewer: str | None = None,
) -> web.Response:
    """A page around `body`, with the scripts and styles of `entry` and `data` for them to read.

    `head` is further markup for the head. An `embedded` page takes language and theme from its
    address, as its site's choice is not the viewer's, and gives a cookie that works in a frame:
    that of `viewer`, if it is named.
    """
    auth = request.app[AUTH]
    lang, shade = language(request, embedded=embedded), theme(request, embedded=embedded)
    html = (
        f'<!doctype html>\n<html lang="{lang}"{themed(shade)}>\n<head>\n'
        '<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="dark light">\n'
        f"<title>{escape(title)}</title>\n"
        f'<meta name="description" content="{escape(description)}">\n'
        '<link rel="icon" href="/static/favicon.svg" type="image/svg+xml">\n'
        f"{head}{request.app[FRONTEND].head(entry)}"
        f"</head>\n<body>\n{body}\n{_data(data)}</body>\n</html>\n"
    )
    response = web.Response(text=html, content_type="text/html", headers=headers(frame_ancestors))
    response.headers["Content-Language"] = lang
    if embedded:
        response.headers["Cache-Control"] = "private, no-store"
    if auth.viewer(request) is None:
        give_cookie(request, response, viewer or auth.new_viewer(), embedded=embedded)
    return response


def themed(shade: str | None) -> str:
    """The attribute of a page whose theme was chosen."""
    return "" if shade is None else f' data-theme="{shade}"'


def _data(data: BaseModel | None) -> str:
    if data is None:
        return ""
    text = script_safe(data.model_dump_json())
    return f'<script type="application/json" id="eva-data">{text}</script>\n'


def script_safe(json_text: str) -> str:
    """JSON that cannot end the script element that it stands in."""
    return json_text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
