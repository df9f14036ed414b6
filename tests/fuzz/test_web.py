"""What a stranger's request reaches: JSON, cookies, headers, addresses, messages of events sockets;
and Markdown, which operators write.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from aiohttp._cookie_helpers import parse_cookie_header
from pydantic import ValidationError

from relay.audience.watching import Watching
from relay.errors import Invalid
from relay.gateway.body import check_json
from relay.gateway.embed import _slug
from relay.gateway.events import _clock, _parsed
from relay.gateway.markdown import to_html
from relay.gateway.visitor import client_address, preferred
from relay.ids import SLUG
from tests.fuzz.mutation import TIMEOUT_S, fuzz

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

pytestmark = pytest.mark.timeout(TIMEOUT_S)

HERE = "https://relay.example"


def test_json(figure: Callable[[str], None]) -> None:
    def check(data: bytes) -> Hashable:
        check_json(data)
        return type(json.loads(data)).__name__

    seeds = [
        b'{"stars": 4, "session": "edge-0.abc", "at_us": 1790000000000000}',
        b'{"text": "a \\u00e9 \\ud83d\\ude80", "name": null, "reply_to": "x"}',
        b'{"a": [' + b'{"b": 1.5e3}, ' * 80 + b"{}]}",
        b'["' + b"x" * 3000 + b'"]',
    ]
    words = [b"NaN", b"Infinity", b"1e999", b"{", b"[" * 60, b'"a":', b"\\u", b"\xff", b"9" * 60]
    figure(fuzz("check_json", 30_000, seeds, check, refusal=Invalid, words=words))


def test_messages_of_events_sockets(figure: Callable[[str], None]) -> None:
    def check(data: bytes) -> Hashable:
        said = _parsed(data.decode(errors="replace"))
        reply = _clock(said)
        assert reply is None or json.loads(reply)["type"] == "clock"
        try:
            report = Watching.model_validate(said)
        except ValidationError:
            return reply is not None, False
        assert report.session is None or len(report.session) <= 128
        return reply is not None, report.playing, report.camera is None

    seeds = [
        b'{"type": "clock", "t0": 12345.5}',
        b'{"type": "watching", "playing": true, "session": "edge-0.abc", "camera": "helmet"}',
        b'{"type": "watching", "playing": false, "latency_ms": 85.5, "freezes": 1, "loss": 0.01}',
    ]
    words = [b"1" + b"0" * 400, b"1e400", b"-", b"null", b"true", b"[" * 90, b"\\ud800", b"NaN"]
    figure(fuzz("events", 30_000, seeds, check, words=words))


def test_cookies(figure: Callable[[str], None]) -> None:
    def check(data: bytes) -> Hashable:
        found = parse_cookie_header(data.decode("latin-1"))
        return len(found), any(name == "eva_viewer" for name, _ in found)

    seeds = [
        b"eva_viewer=abc.def; eva_lang=de; eva_theme=dark",
        b'eva_access="a\\015\\012x"; eva_viewer=' + b"x" * 900,
        b"; ".join(b"c%d=%d" % (number, number) for number in range(150)),
    ]
    words = [b"; ", b'="', b"\\", b"$Path", b"=" * 50, b"eva_viewer="]
    figure(fuzz("cookies", 30_000, seeds, check, words=words))


def test_addresses_that_oembed_is_asked_for(figure: Callable[[str], None]) -> None:
    def check(data: bytes) -> Hashable:
        slug = _slug(data.decode("latin-1"), HERE)
        assert slug is None or SLUG.fullmatch(slug)
        return None if slug is None else len(slug)

    seeds = [
        f"{HERE}/b/eva".encode(),
        f"{HERE}/embed/eva?x={'y' * 900}".encode(),
        b"https://[::1]:99/b/eva#x",
    ]
    words = [b"//", b"@", b"[", b"]", b"/b/", b"%2f", b"?", HERE.encode()]
    figure(fuzz("oembed", 30_000, seeds, check, words=words))


def test_headers(figure: Callable[[str], None]) -> None:
    def check(data: bytes) -> Hashable:
        text = data.decode("latin-1")
        language = preferred(text)
        assert language in ("en", "fr", "de", "es", "it")
        found = client_address("127.0.0.1", text, ("127.0.0.0/8", "10.0.0.0/8"))
        assert "," not in found
        return language, found == "127.0.0.1"

    seeds = [
        b"de-CH, de;q=0.9, en;q=0.8, *;q=0.1",
        b"203.0.113.7, 10.1.2.3, 127.0.0.1",
        b"fr," * 400,
        b"2001:db8::1,10.0.0.1," * 60,
    ]
    words = [b";q=", b",", b"::ffff:10.0.0.1", b"10.0.0.1", b"%", b" " * 80]
    figure(fuzz("headers", 30_000, seeds, check, words=words))


def test_markdown(figure: Callable[[str], None]) -> None:
    """Its cost is the author's, an operator: it is only seen to that nothing in it explodes."""

    def check(data: bytes) -> Hashable:
        html = to_html(data.decode(errors="replace"))
        assert "<script" not in html
        return html.count("<") // 8, html.count("<a ")

    seeds = [
        b"# A title\n\nSome *text* with [a link](https://x.example) and `code`.\n",
        b"| a | b |\n|---|---|\n| 1 | 2 |\n\n> quoted\n> > more\n\n1. one\n2. two\n",
        b"![x](https://y.example/z.png) <b>no</b> &amp; **" + b"_*" * 100,
    ]
    words = [b"[" * 40, b"](", b"*" * 40, b"`" * 20, b"> " * 20, b"- " * 20, b"|", b"<!--", b"&#"]
    cost = (6e-3, 40e-6)
    figure(fuzz("Markdown", 2_500, seeds, check, words=words, cost=cost, most=2048))
