"""Nothing that people write runs, in any field, in a browser under the pages' own policy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.support.hostile import PAYLOADS
from tests.support.stack import ADMIN_TOKEN
from tests.support.walk import ago

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Dialog

    from tests.support.chromium import Tab
    from tests.support.stack import Stack

LINE = 200
"""The longest that a line may be."""
NAME = 60
SCRIPTS = "[...document.scripts].every((one) => one.type.includes('json') || one.src !== '')"


def lines() -> list[str]:
    """All payloads, as few lines as they fit into."""
    found = [""]
    for payload in map(str.strip, PAYLOADS):
        joined = f"{found[-1]} {payload}".strip()
        if len(joined) <= LINE:
            found[-1] = joined
        else:
            found.append(payload)
    return found


def written(stack: Stack, slug: str, line: str) -> None:
    """A broadcast, with this line in every field that takes a text."""
    person = {"name": line, "role": line}
    stack.camera_anew(slug, name=line)
    stack.anew(
        slug,
        [slug],
        title=line,
        description=f"{line}\n\n> {line}\n\n* {line}\n\n| a | b |\n|---|---|\n| {line} | b |",
        starts_at=ago(hours=1),
        crew=[person],
        credits=[person],
        tags=[line],
        links=[
            {"label": line, "url": "https://example.org/x", "kind": kind}
            for kind in ("link", "follow")
        ],
        soundtrack=dict.fromkeys(("title", "performer", "publisher", "licence"), line)
        | {"writers": [line]},
    )
    here = f"/api/v1/broadcasts/{slug}"
    stack.request("POST", f"{here}/markers", {"title": line, "at": ago(minutes=5)})
    comment = said(stack, here, line)
    said(stack, here, line, reply_to=comment)
    stack.request("POST", f"{here}/comments/{comment}/report", {"reason": line})
    stack.request("POST", f"{here}/feedback", {"text": line})
    stack.partner(slug, line, "https://club.example")


def said(stack: Stack, here: str, line: str, **more: str) -> str:
    """A comment, which is to be seen: its id."""
    body = {"text": line, "name": line[:NAME], **more}
    made = stack.request("POST", f"{here}/comments", body)
    path = f"{here}/comments/{made['id']}/moderation"
    stack.request("PATCH", path, {"approved": True})
    return str(made["id"])


def test_nothing_that_is_written_runs(walk: Stack, open_either: Callable[[str], Tab]):
    """What the policy stops would be a complaint of the page, and a surprise at the end."""
    tab = open_either(f"{walk.url}/")
    asked: list[str] = []

    def ask(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    tab.page.on("dialog", ask)
    for number, line in enumerate(lines()):
        slug = f"hostile-{number}"
        written(walk, slug, line)
        tab.page.goto(f"{walk.url}/b/{slug}")
        reads_as_written(tab, line)
        harmless(tab, walk.url)
        tab.page.goto(f"{walk.url}/embed/{slug}")
        tab.wait_for("eva-embed >> h1", f"it.textContent === {json.dumps(line)}", 10)
        harmless(tab, walk.url)
        vote = tab.page.get_by_role("button", name="Rate this broadcast")
        vote.click()
        tab.page.get_by_role("radio", name="5 stars").check()
        tab.wait_for("eva-rating >> .follow", has(line), 10)
        harmless(tab, walk.url)
    for path, place, part in (
        ("/", "eva-home", "eva-card"),
        ("/docs/embed", "eva-playground", "option"),
    ):
        tab.page.goto(walk.url + path)
        for line in lines():
            said = f"(one.shadowRoot ?? one).textContent.includes({json.dumps(line)})"
            every = f"[...(it.shadowRoot ?? it).querySelectorAll({part!r})]"
            tab.wait_for(place, f"{every}.some((one) => {said})", 10)
        harmless(tab, walk.url)
    operators(walk, tab)
    assert asked == []


def has(line: str) -> str:
    return f"(it.shadowRoot ?? it).textContent.includes({json.dumps(line)})"


def reads_as_written(tab: Tab, line: str) -> None:
    """Each field is there to be read: nothing has passed the test by not being shown."""
    tab.wait_for("eva-broadcast >> h1", f"it.textContent === {json.dumps(line)}", 10)
    tab.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    tab.wait_for("eva-comments", "it.loaded === true", 10)
    for place in ("crew", "credits", "tags", "music", "links"):
        tab.wait_for(f"eva-broadcast >> .{place}", has(line), 5)
    tab.wait_for("eva-cameras", has(line), 5)
    tab.wait_for("eva-timeline", has(line), 5)
    comments = "[...it.shadowRoot.querySelectorAll('eva-comment')]"
    for part, text in ((".name", line[:NAME].strip()), (".text", line)):
        shown = f"{comments}.map((one) => one.shadowRoot.querySelector({part!r})?.textContent)"
        tab.wait_for("eva-comments", f"{shown}.join('¦') === {json.dumps(f'{text}¦{text}')}", 5)


def harmless(tab: Tab, url: str) -> None:
    """Nothing that was written has become an element, or leads where no link may."""
    for link in tab.page.get_by_role("link").all():
        assert (link.get_attribute("href") or "").startswith(("https://", "/", url)), link
    assert tab.page.evaluate(SCRIPTS)
    assert tab.page.evaluate("window.hacked") is None
    # The documentation's playground is a frame of ours.
    alien = f"iframe:not([src^='{url}/embed/']), svg[onload], img[onerror], base, math"
    assert tab.page.locator(f"{alien}, meta[http-equiv], a[href^=javascript]").count() == 0


def operators(stack: Stack, tab: Tab) -> None:
    """What only operators read is data, and a browser that is shown it shows text."""
    # Data name no icon, and browsers ask for one by themselves.
    tab.page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
    tab.page.set_extra_http_headers({"Authorization": f"Bearer {ADMIN_TOKEN}"})
    here = "/api/v1/broadcasts/hostile-0"
    first = lines()[0]
    for path in (f"{here}/feedback", f"{here}/comments?state=reported", "/api/v1/partners"):
        answer: Any = tab.page.goto(stack.url + path)
        assert answer.headers["content-type"].startswith("application/json")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert json.dumps(first, ensure_ascii=False)[1:20] in tab.page.inner_text("body")
        assert tab.page.evaluate("window.hacked") is None
