"""A partner's web site: another origin, with a page that embeds the player."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator


HEAD: Final = '<!doctype html><html lang="en"><title>A club</title><link rel="icon" href="data:,">'
"""With what a page begins of which nothing else matters."""


@contextmanager
def site() -> Iterator[tuple[str, dict[str, str]]]:
    """A server; yields its origin and its pages, which may be changed while it runs.

    It is reached as `localhost`, and so is another site than a relay on 127.0.0.1.
    """
    pages: dict[str, str] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write((body or "").encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}", pages
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
