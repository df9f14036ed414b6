"""Every state of the pages: how it looks at three widths, in both themes, and whom it shuts out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.answers import answer, problem, without_data
from tests.support.looks import inspect, look_at_everything
from tests.support.talk import wait_loaded
from tests.support.walk import SLUG, ago, fields, small

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.chromium import Tab
    from tests.support.stack import Stack

pytestmark = pytest.mark.slow


COMMENTS = re.compile(r"/comments\?")
ALIKE = {"waiting", "approval", "quiet"}
"""States that look nearly like another one."""


def live(_stack: Stack) -> str:
    return f"/b/{SLUG}"


def known(stack: Stack, slug: str, cameras: list[str], **document: Any) -> None:
    """Create a broadcast, unless another state has."""
    if stack.get(f"/api/v1/broadcasts/{slug}").get("status") == 404:
        stack.broadcast(slug, cameras, **document)


def before(stack: Stack) -> str:
    known(stack, "later", ["away"], **fields() | {"starts_at": ago(hours=-3)})
    return "/b/later"


def waiting(stack: Stack) -> str:
    known(stack, "silent", ["away"], **fields())
    return "/b/silent"


def ended(stack: Stack) -> str:
    known(stack, "over", ["away"], **fields() | {"ended_at": ago(hours=0.2)})
    return "/b/over"


def closed(stack: Stack) -> str:
    known(stack, "closed", [], **fields() | {"access": "closed"})
    return "/b/closed"


def approval(stack: Stack) -> str:
    known(stack, "approval", [], **fields() | {"comments": "approval"})
    return "/b/approval"


def quiet(stack: Stack) -> str:
    known(stack, "quiet", [], title="Nothing said", comments="closed")
    return "/b/quiet"


WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
ADDRESS = "https://example.org/" + "without-any-place-to-break/" * 6


def long_words(stack: Stack) -> str:
    stack.camera_anew("long", name=WORD[:64])
    link = {"label": WORD[:60], "url": ADDRESS}
    document = fields() | {
        "title": f"{WORD} outside",
        "description": f"See {ADDRESS} and {WORD}.\n\n## {WORD}\n\n- `{WORD}`",
        "crew": [{"name": WORD[:60], "role": WORD[:60]}],
        "credits": [{"name": WORD[:60], "role": WORD[:60]}],
        "tags": [WORD[:40].lower()],
        "links": [link | {"kind": kind} for kind in ("follow", "link")],
        "soundtrack": {"title": WORD[:60], "writers": [WORD[:60]]},
    }
    known(stack, "long", ["long", "helmet"], **document)
    marker = {"at": ago(hours=1), "title": WORD}
    stack.request("POST", "/api/v1/broadcasts/long/markers", marker)
    return "/b/long"


def home_long(stack: Stack) -> str:
    known(stack, "long-home", [], title=WORD, description=ADDRESS, starts_at=ago(hours=-1))
    return "/"


def home(_stack: Stack) -> str:
    return "/"


def docs(_stack: Stack) -> str:
    return "/docs/embed"


def api(_stack: Stack) -> str:
    return "/api/docs"


def embed(_stack: Stack) -> str:
    return f"/embed/{SLUG}"


def bare(_stack: Stack) -> str:
    return f"/embed/{SLUG}?controls=0"


def framed(make: Callable[[Stack], str]) -> Callable[[Stack], str]:
    """The same broadcast in a partner's frame."""
    return lambda stack: make(stack).replace("/b/", "/embed/")


def nowhere(_stack: Stack) -> str:
    return "/b/nowhere"


STATES: dict[str, tuple[Callable[[Stack], str], str]] = {
    "live": (live, "eva-player[phase='live']"),
    "before": (before, "eva-player[phase='waiting']"),
    "waiting": (waiting, "eva-player[phase='waiting']"),
    "ended": (ended, "eva-player[phase='ended']"),
    "closed": (closed, ".trouble"),
    "approval": (approval, "eva-player"),
    "quiet": (quiet, "eva-player"),
    "long-words": (long_words, "eva-player"),
    "home": (home, "eva-card"),
    "home-long-words": (home_long, "eva-card"),
    "docs": (docs, "eva-playground"),
    "api": (api, "li"),
    "embed": (embed, "eva-player[phase='live']"),
    "embed-bare": (bare, "eva-player[phase='live']"),
    "embed-before": (framed(before), "eva-player[phase='waiting']"),
    "embed-ended": (framed(ended), "eva-player[phase='ended']"),
    "embed-closed": (framed(closed), "eva-embed >> h1"),
    "nowhere": (nowhere, "h1"),
}


@pytest.mark.parametrize(
    "state",
    [pytest.param(one, marks=[pytest.mark.slow] if one in ALIKE else []) for one in STATES],
)
def test_a_state_looks_right_and_shuts_nobody_out(
    state: str, walk: Stack, open_still: Callable[..., Tab], screenshots: Path
):
    make, proof = STATES[state]
    # A state's own status is no surprise.
    expected = {"nowhere": ["404"], "closed": ["401"], "embed-closed": ["401"]}.get(state, [])
    tab = open_still(walk.url + make(walk), *expected)
    tab.wait_for(proof, "true", 20)
    look_at_everything(tab)
    inspect(tab, f"page-{state}", screenshots, full=not state.startswith("embed"))


def test_a_frame_all_around_looks_right(
    walk: Stack, open_still: Callable[..., Tab], screenshots: Path
):
    tab = open_still(f"{walk.url}/embed/{SLUG}?camera=orbit")
    tab.wait_for("eva-sphere >> canvas", "true", 20)
    inspect(tab, "page-embed-360", screenshots, full=False)


def test_a_lost_signal_and_an_offline_device(
    walk: Stack, clip: Path, open_still: Callable[..., Tab], screenshots: Path
):
    source = small(clip, walk.folder, "helmet")
    publisher = walk.publish(walk.camera_anew("frail"), source)
    walk.anew("frail", ["frail"], **fields())
    walk.wait_live("frail", "frail", 40)
    # A camera without a picture is a conflict, and a device without a network reaches nothing.
    tab = open_still(f"{walk.url}/b/frail", "409", "ERR_INTERNET_DISCONNECTED")
    frame = open_still(f"{walk.url}/embed/frail", "409")
    for each in (tab, frame):
        each.wait_picture(30)
    publisher.kill()
    for each, name in ((tab, "page-lost"), (frame, "page-embed-lost")):
        each.wait_for("eva-player", "it.phase === 'lost'", 20)
        each.wait_for("eva-slate", r"/\d\d:\d\d/.test(it.renderRoot.textContent)", 10)
        inspect(each, name, screenshots, full=False)
    tab.page.context.set_offline(True)
    tab.wait_for("eva-player", "it.phase === 'offline'", 20)
    inspect(tab, "page-offline", screenshots, full=False)


@pytest.mark.parametrize(("width", "height"), [(200, 200), (640, 360)])
def test_a_frame_without_scripts(
    width: int, height: int, walk: Stack, open_either: Callable[..., Tab], screenshots: Path
):
    size = {"width": width, "height": height}
    tab = open_either("about:blank", "sandboxed", viewport=size)
    tab.go_without_scripts(f"{walk.url}/embed/{SLUG}")
    assert tab.page.locator("h1").inner_text() == fields()["title"]
    tab.page.screenshot(path=screenshots / f"page-embed-bare-{width}.png")
    stage = tab.page.locator(".skeleton-stage").bounding_box()
    picture = tab.page.locator("noscript img").bounding_box()
    words = tab.page.locator("noscript div").bounding_box()
    for box in (stage, picture, words):
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height
    assert picture == stage
    link = tab.page.get_by_role("link")
    assert link.get_attribute("href") == f"/b/{SLUG}"


@pytest.mark.parametrize("path", ["/b", "/embed"])
def test_a_refusal(path: str, walk: Stack, open_still: Callable[..., Tab], screenshots: Path):
    tab = open_still("about:blank", "403")
    answer(tab, "**/whep/**", 403, problem(403))
    tab.page.goto(f"{walk.url}{path}/{SLUG}")
    tab.wait_for("eva-player", "it.phase === 'failed'", 20)
    tab.wait_for("eva-slate", "it.renderRoot.textContent.includes('does not allow this')", 5)
    inspect(tab, f"page-failed{path.replace('/', '-')}", screenshots, full=False)


@pytest.mark.parametrize(
    ("state", "status", "body", "proof"),
    [
        ("home-empty", 200, {"broadcasts": []}, "Nobody is outside"),
        ("home-failing", 503, problem(503), "cannot be loaded"),
    ],
)
def test_a_front_page_without_broadcasts(
    state: str,
    status: int,
    body: object,
    proof: str,
    walk: Stack,
    open_still: Callable[..., Tab],
    screenshots: Path,
):
    tab = open_still("about:blank", *([str(status)] if status >= 400 else []))
    answer(tab, "**/api/v1/broadcasts", status, body)
    without_data(tab)
    tab.page.goto(f"{walk.url}/")
    tab.wait_for("eva-home >> h1", f"it.textContent.includes({proof!r})", 10)
    inspect(tab, f"page-{state}", screenshots)


@pytest.mark.parametrize(
    ("status", "body"), [(200, {"broadcasts": []}), (503, problem(503))], ids=["empty", "failing"]
)
def test_the_documentation_without_broadcasts(
    status: int,
    body: object,
    walk: Stack,
    open_still: Callable[..., Tab],
    screenshots: Path,
):
    tab = open_still("about:blank", *([str(status)] if status >= 400 else []))
    answer(tab, "**/api/v1/broadcasts", status, body)
    with tab.page.expect_response("**/api/v1/broadcasts"):
        tab.page.goto(f"{walk.url}/docs/embed")
    tab.page.get_by_text("There is no broadcast to try this with.").wait_for()
    assert tab.page.get_by_text("/embed/your-broadcast").count() > 0
    inspect(tab, f"page-docs-{status}", screenshots)


def test_thanks(walk: Stack, open_still: Callable[..., Tab], screenshots: Path):
    walk.anew("thanked", [], **fields())
    said = {"text": "First", "name": "Jo"}
    walk.request("POST", "/api/v1/broadcasts/thanked/comments", said)
    tab = open_still(f"{walk.url}/b/thanked")
    tab.page.get_by_role("radio", name="2 stars").check()
    tab.page.get_by_label("What could be better?").fill("More sound")
    tab.page.get_by_role("button", name="Send to the team").click()
    tab.page.get_by_text("Thank you. The team reads every word.").wait_for()
    wait_loaded(tab)
    tab.page.get_by_role("button", name="Report").click()
    tab.page.get_by_label("What is wrong with it?").fill("Testing the button")
    tab.page.get_by_role("button", name="Report").click()
    tab.page.get_by_text("Reported. Thank you.").wait_for()
    inspect(tab, "page-thanked", screenshots)


def test_a_vote_and_comments_that_fail(
    walk: Stack, open_still: Callable[..., Tab], screenshots: Path
):
    tab = open_still("about:blank", "403", "503")
    answer(tab, "**/rating", 403, problem(403, "urn:eva-relay:problem:watch-first"))
    answer(tab, COMMENTS, 503, problem(503))
    walk.anew("failing", [], **fields())
    tab.page.goto(f"{walk.url}/b/failing")
    tab.page.get_by_role("radio", name="4 stars").click()
    tab.page.get_by_text("Watch a little longer, and vote then.").wait_for()
    tab.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    tab.page.get_by_text("The comments cannot be loaded.").wait_for()
    assert tab.page.get_by_text("Nobody has written").count() == 0
    inspect(tab, "page-failing", screenshots)
    tab.page.unroute(COMMENTS)
    tab.page.get_by_role("button", name="Try again").click()
    tab.page.get_by_text("Nobody has written anything yet").wait_for()
