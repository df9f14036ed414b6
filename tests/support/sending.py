"""What a page sends, heard in the page itself: Firefox does not tell what a request carries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from playwright.sync_api import Frame, Page

_LISTEN: Final = """() => {
  window.sent = [];
  const ask = window.fetch;
  window.fetch = (url, wanted) => {
    if (wanted?.body) window.sent.push([String(url), JSON.parse(wanted.body)]);
    return ask(url, wanted);
  };
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (text) {
    window.sent.push([this.url, JSON.parse(text)]);
    send.call(this, text);
  };
}"""


def listen(frame: Page | Frame) -> None:
    """Keep what is sent from now on."""
    frame.evaluate(_LISTEN)


def sent(frame: Page | Frame, address: str) -> list[dict[str, Any]]:
    """The JSON that has been sent to addresses with that part, oldest first, each told once."""
    found: list[dict[str, Any]] = frame.evaluate(
        """(part) => {
          const found = window.sent.filter(([url]) => url.includes(part));
          window.sent = window.sent.filter(([url]) => !url.includes(part));
          return found.map(([, body]) => body);
        }""",
        address,
    )
    return found
