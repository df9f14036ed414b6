"""Descriptions in Markdown: what is shown of them, and that nothing of them can do harm."""

from __future__ import annotations

import re

import pytest

from relay.gateway.markdown import to_html, to_line
from tests.support.html import Page

HARMFUL = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](data:text/html,<script>alert(1)</script>)",
    "[a](vbscript:x)",
    "[a](//evil.example)",
    "[a](/api/docs)",
    "[a](https://)",
    "[a](http:evil)",
    "![a](https://example.org/a.png)",
    "![<b>](https://example.org/a.png)",
    "![a](javascript:alert(1))",
    "![a](data:image/svg+xml,<svg/onload=alert(1)>)",
    '![a](https://example.org/"onerror="alert(1))',
    "|a|\n|-|\n|<script>alert(1)</script>|",
    "|a|b|\n|:-:|-|\n|[x](javascript:alert(1))|<img src=x onerror=alert(1)>|",
    "<https://example.org/><b>",
    "<javascript:alert(1)>",
    '[a](https://example.org/"onmouseover="alert(1))',
    '[a](https://example.org/ "title\\"><script>")',
    "[x]: javascript:alert(1)\n\n[x]",
    "&lt;script&gt;&#60;script&#62;",
    "`</code><script>`",
    '```"><script>\n</code></pre><script>\n```',
    "<!-- --><svg/onload=alert(1)>",
    "[" * 5000,
    "*" * 5000,
    "> " * 2000,
]
ALLOWED = {
    *("p", "a", "em", "strong", "ul", "ol", "li", "h3", "h4", "h5", "h6", "hr", "br"),
    *("blockquote", "code", "pre", "table", "thead", "tbody", "tr", "th", "td"),
}


@pytest.mark.parametrize("text", HARMFUL)
def test_nothing_harmful_comes_out(text: str):
    for element in Page(to_html(text)).elements:
        assert element.tag in ALLOWED
        attributes = dict(element.attributes)
        if element.tag == "a":
            assert str(attributes.pop("href")).startswith(("http://", "https://"))
            assert attributes.pop("rel") == "noopener nofollow ugc"
            attributes.pop("title", None)
        if element.tag == "code":
            attributes.pop("class", None)  # the language of a fenced block
        if element.tag in ("th", "td") and "style" in attributes:
            assert attributes.pop("style") in {
                f"text-align:{a}" for a in ("left", "center", "right")
            }
        if element.tag == "ol":
            attributes.pop("start", None)
        assert not attributes


def test_a_picture_is_a_link_that_says_what_it_shows():
    link = '<a href="https://e.org/a.png" rel="noopener nofollow ugc">{}</a>'
    assert to_html("![The *pump*](https://e.org/a.png)") == f"<p>{link.format('The *pump*')}</p>\n"
    assert to_html("![](https://e.org/a.png)") == f"<p>{link.format('https://e.org/a.png')}</p>\n"
    outer = '<a href="https://e.org/" rel="noopener nofollow ugc">Pump</a>'
    assert to_html("[![Pump](https://e.org/a.png)](https://e.org/)") == f"<p>{outer}</p>\n"
    assert to_line("See ![the pump](https://e.org/a.png)") == "See the pump"


@pytest.mark.parametrize(
    ("text", "shown", "leads"),
    [
        ("[nasa.gov](https://evil.example/x)", "nasa.gov (evil.example)", "https://evil.example/x"),
        ("[**see** nasa\u2024gov](https://e.vil)", "see nasa\u2024gov (e.vil)", "https://e.vil"),
        ("[n\u0430sa.gov](https://e.vil)", "n\u0430sa.gov (e.vil)", "https://e.vil"),
        ("[www.\u200bnasa.gov](https://e.vil)", "www.\u200bnasa.gov (e.vil)", "https://e.vil"),
        ("![nasa.gov](https://e.vil/a.png)", "nasa.gov (e.vil)", "https://e.vil/a.png"),
        ("[www.NASA.gov](https://nasa.gov)", "www.NASA.gov", "https://nasa.gov"),
        ("<https://\u0430pple.com/>", "https://xn--pple-43d.com/", "https://xn--pple-43d.com/"),
        ("<https://nasa\u2024gov.e.vil>", "https://nasa.gov.e.vil", "https://nasa.gov.e.vil"),
        ("<https://nasa\u3002gov>", "https://nasa.gov", "https://nasa.gov"),
        ("<https://nasa\uff0egov>", "https://nasa.gov", "https://nasa.gov"),
        ("[a](https://m\u00fcnchen.de)", "a", "https://xn--mnchen-3ya.de"),
    ],
)
def test_a_link_says_where_it_leads(text: str, shown: str, leads: str):
    link = f'<a href="{leads}" rel="noopener nofollow ugc">'
    html = to_html(text)
    assert link in html
    assert re.sub("<[^>]*>", "", html).strip() == shown


@pytest.mark.parametrize(
    "address",
    [
        *("https://nasa.gov@evil.example", "https://nasa.gov:443@evil.example/"),
        *("https://nasa.gov%2f@evil.example", "https://nasa.gov\\\\@evil.example/"),
        *("https://nasa.gov%2eevil.example/", "https://a..b/", "https://nasa.gov:99999999/"),
    ],
)
def test_what_passes_for_another_host_is_no_link(address: str):
    for text in (f"[a]({address})", f"<{address}>", f"![a]({address})"):
        assert "<a" not in to_html(text)


def test_tables_are_tables():
    html = to_html("| a | b |\n|---|--:|\n| 1 | **2** |")
    assert [e.tag for e in Page(html).elements].count("td") == 2
    assert "<strong>2</strong>" in html


def test_what_markdown_is_for_works():
    html = to_html("# A\n\n*b* **c** [d](https://e.org) `f`\n\n* g\n* h\n\n1. i")
    assert html == (
        "<h3>A</h3>\n<p><em>b</em> <strong>c</strong> "
        '<a href="https://e.org" rel="noopener nofollow ugc">d</a> <code>f</code></p>\n'
        "<ul>\n<li>g</li>\n<li>h</li>\n</ul>\n<ol>\n<li>i</li>\n</ol>\n"
    )


def test_one_line():
    assert to_line("# A\n\n*b*\nc [d](https://e.org) `f`") == "A b c d f"
    assert to_line("word " * 100, 20) == "word word word…"
    assert to_line("") == ""
