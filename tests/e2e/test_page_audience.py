"""What viewers say on the page: stars, feedback, comments; and what they hand on."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.axe import violations
from tests.support.talk import wait_loaded, write
from tests.support.walk import SLUG, elapsed, fields

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.chromium import Tab
    from tests.support.stack import Stack


@pytest.fixture
def visit(walk: Stack, open_either: Callable[..., Tab]) -> Callable[..., Tab]:
    """Opens a broadcast's page, at the comments."""

    def visit_one(slug: str = SLUG, *expected: str) -> Tab:
        tab = open_either(f"{walk.url}/b/{slug}", *expected)
        wait_loaded(tab)
        return tab

    return visit_one


def texts(tab: Tab) -> list[str]:
    found: list[str] = tab.element(
        "eva-comments",
        """[...it.renderRoot.querySelectorAll("eva-comment")]
             .map((one) => one.renderRoot.querySelector(".text")?.textContent ?? "")""",
    )
    return found


def wait_text(tab: Tab, text: str, *, present: bool = True) -> None:
    sign = "" if present else "!"
    tab.wait_for(
        "eva-comments",
        f"""{sign}[...it.renderRoot.querySelectorAll("eva-comment")]
             .some((one) => one.renderRoot.textContent.includes({text!r}))""",
        10,
    )


@pytest.mark.slow
def test_comments_are_live_answered_edited_and_vanish(
    walk: Stack, visit: Callable[..., Tab], screenshots: Path
):
    walk.anew("talk", [], **fields())
    here, there = visit("talk"), visit("talk")
    write(here, "What a reflection in the visor!")
    wait_text(here, "What a reflection")
    wait_text(there, "What a reflection")
    there.page.get_by_role("button", name="Reply", exact=True).click()
    there.page.get_by_label("Your reply").fill("Seconded.")
    there.page.get_by_label("Your name").last.fill("Jo")
    there.page.get_by_role("button", name="Post reply").click()
    wait_text(here, "Seconded.")
    here.page.get_by_role("button", name="Edit").click()
    here.page.get_by_label("Your comment").last.fill("What a reflection in her visor!")
    here.page.get_by_role("button", name="Save").click()
    wait_text(there, "in her visor")
    wait_text(there, "edited")
    there.page.screenshot(path=screenshots / "page-comments.png", full_page=True)
    assert violations(there.page) == []
    there.page.get_by_role("button", name="Report").first.click()
    there.page.get_by_label("What is wrong with it?").fill("Testing the button")
    there.page.get_by_role("button", name="Report").first.click()
    wait_text(there, "Reported. Thank you.")
    found = walk.get("/api/v1/broadcasts/talk/comments")["comments"]
    root = next(one for one in found if one["reply_to"] is None)
    path = f"/api/v1/broadcasts/talk/comments/{root['id']}/moderation"
    walk.request("PATCH", path, {"pinned": True})
    wait_text(there, "Pinned")
    walk.request("PATCH", path, {"hidden": True})
    wait_text(here, "visor", present=False)
    wait_text(there, "visor", present=False)


@pytest.mark.slow
def test_a_comment_can_speak_of_a_moment(walk: Stack, visit: Callable[..., Tab]):
    walk.anew("speaking", ["helmet"], **fields())
    tab = visit("speaking")
    watch(tab)
    ticked = datetime.now(UTC)
    tab.page.get_by_role("checkbox", name="About this moment").check()
    write(tab, "This very moment")
    wait_text(tab, "This very moment")
    moment = moment_of(walk, "speaking")
    assert abs((moment - ticked).total_seconds()) < 5
    wait_text(tab, f"T+{elapsed(moment)}")


@pytest.mark.slow
def test_a_moment_rests_with_the_picture(walk: Stack, visit: Callable[..., Tab]):
    walk.anew("resting", ["helmet"], **fields())
    tab = visit("resting")
    watch(tab)
    tab.wait_for("eva-player", "it.health && it.health.latencyMs !== null", 20)
    tab.element("media-controller", "it.focus()")
    tab.page.keyboard.press("k")
    tab.wait_for("video", "it.paused", 5)
    paused = datetime.now(UTC)
    latency_s = tab.element("eva-player", "it.health.latencyMs") / 1000
    tab.page.wait_for_timeout(5000)
    tab.page.get_by_role("checkbox", name="About this moment").check()
    write(tab, "That very moment")
    wait_text(tab, "That very moment")
    moment = moment_of(walk, "resting")
    assert abs((paused - moment).total_seconds() - latency_s) < 1


def watch(tab: Tab) -> None:
    """Have the picture in sight, where alone Chromium plays it as long as it is silent."""
    tab.page.evaluate("scrollTo(0, 0)")
    tab.wait_picture(30)
    tab.wait_for("video", "!it.paused", 10)


def moment_of(walk: Stack, slug: str) -> datetime:
    """The moment of a broadcast's only comment."""
    (found,) = walk.get(f"/api/v1/broadcasts/{slug}/comments")["comments"]
    return datetime.fromisoformat(found["moment"])


@pytest.mark.slow
def test_comments_that_wait_for_approval(walk: Stack, visit: Callable[..., Tab]):
    walk.anew("approved", [], **fields() | {"comments": "approval"})
    tab = visit("approved")
    write(tab, "May I?")
    wait_text(tab, "Waits for approval")
    (held,) = walk.get("/api/v1/broadcasts/approved/comments?state=held")["comments"]
    walk.request(
        "PATCH", f"/api/v1/broadcasts/approved/comments/{held['id']}/moderation", {"approved": True}
    )
    wait_text(tab, "Waits for approval", present=False)
    assert texts(tab) == ["May I?"]


@pytest.mark.slow
def test_a_link_waits_and_its_author_is_told_why(walk: Stack, visit: Callable[..., Tab]):
    walk.anew("linked", [], **fields())
    tab = visit("linked")
    write(tab, "See https://example.org")
    wait_text(tab, "Links wait for approval")
    tab.page.reload()
    tab.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    wait_text(tab, "Links wait for approval")
    assert texts(tab) == ["See https://example.org"]
    assert texts(visit("linked")) == []


# Hands on what the relay answers, as if the five minutes were nearly over. Firefox does not tell
# what a request carries, so that nobody else can send it.
HASTY = """() => {
  const ask = window.fetch;
  window.fetch = async (url, wanted) => {
    const answer = await ask(url, wanted);
    if (wanted?.method !== "POST" || !String(url).endsWith("/comments")) return answer;
    window.made = await answer.json();
    const editable_until = new Date(Date.now() + 2000).toISOString();
    return new Response(JSON.stringify({ ...window.made, editable_until }), answer);
  };
}"""


@pytest.mark.slow
def test_a_comment_can_be_changed_for_five_minutes(walk: Stack, visit: Callable[..., Tab]):
    walk.anew("hasty", [], **fields())
    tab = visit("hasty")
    tab.page.evaluate(HASTY)
    write(tab, "Too quick")
    buttons = "[...it.renderRoot.querySelectorAll('.acts button')].map((one) => one.dataset.act)"
    for acts in ("reply,edit,delete", "reply"):
        tab.wait_for("eva-comment", f"{buttons}.join() === {acts!r}", 5)
    made = tab.page.evaluate("window.made")
    at, until = (datetime.fromisoformat(made[name]) for name in ("at", "editable_until"))
    assert until - at == timedelta(minutes=5)


@pytest.mark.slow
def test_an_author_who_is_blocked_is_told_so(walk: Stack, visit: Callable[..., Tab]):
    walk.anew("blocking", [], **fields())
    tab = visit("blocking", "403")
    write(tab, "Once")
    wait_text(tab, "Once")
    here = "/api/v1/broadcasts/blocking/comments"
    (said,) = walk.get(here)["comments"]
    walk.request("PATCH", f"{here}/{said['id']}/moderation", {"block_author": True})
    write(tab, "And again")
    tab.page.get_by_text("The team takes no more comments of yours.").wait_for()
    assert texts(tab) == ["Once"]
    assert tab.page.get_by_label("Your comment").input_value() == "And again"


@pytest.mark.slow
def test_a_name_of_the_crew_is_the_crews_and_the_desk_has_a_badge(
    walk: Stack, visit: Callable[..., Tab], screenshots: Path
):
    walk.anew("guarded", [], **fields())  # whose crew are Sunita Marlowe and Tomás Okafor
    tab = visit("guarded", "422")
    write(tab, "Hello from up here!", "SUNITА  Marlowe")  # one letter is Cyrillic
    refusal = "This name looks like one of the crew or the desk. Choose another."
    tab.page.get_by_text(refusal).wait_for()
    assert tab.page.get_by_label("Your comment").input_value() == "Hello from up here!"
    assert texts(tab) == []
    write(tab, "Hello from down here!", "Sunita M. from Leeds")
    wait_text(tab, "Hello from down here!")
    here = "/api/v1/broadcasts/guarded/comments"
    walk.request("POST", here, {"text": "Hello Leeds.", "name": "Sunita Marlowe"})
    wait_text(tab, "Hello Leeds.")
    badges = """[...it.renderRoot.querySelectorAll("eva-comment")].map((one) =>
      [one.comment.name, one.renderRoot.querySelector(".desk")?.textContent.trim() ?? ""])"""
    named = dict(tab.element("eva-comments", badges))
    assert named == {"Sunita Marlowe": "Desk", "Sunita M. from Leeds": ""}
    tab.screenshot("page-desk", screenshots)
    assert violations(tab.page) == []
    words = {"de": "Redaktion", "fr": "Rédaction", "es": "Redacción", "it": "Redazione"}
    for language, word in words.items():
        tab.page.locator("eva-topbar select").select_option(language)
        tab.page.get_by_text(word, exact=True).wait_for()


@pytest.mark.slow
def test_a_low_vote_is_asked_why_and_a_high_one_may_follow(
    walk: Stack, visit: Callable[..., Tab], screenshots: Path
):
    tab = visit()
    tab.page.evaluate("scrollTo(0, 0)")
    tab.page.get_by_role("radio", name="2 stars").check()
    tab.page.get_by_label("What could be better?").fill("More sound, please")
    tab.page.get_by_label("E-mail").fill("viewer@example.org")
    tab.screenshot("page-feedback", screenshots)
    assert violations(tab.page) == []
    tab.page.get_by_role("button", name="Send to the team").click()
    tab.page.get_by_text("The team reads every word").wait_for()
    told = walk.get(f"/api/v1/broadcasts/{SLUG}/feedback")["feedback"]
    assert ("More sound, please", "viewer@example.org") in [(t["text"], t["email"]) for t in told]
    tab.page.get_by_role("radio", name="5 stars").check()
    tab.page.get_by_text("Glad that you like it!").wait_for()
    tab.screenshot("page-follow", screenshots)
    assert violations(tab.page) == []


def test_voting_with_the_keyboard_alone(visit: Callable[..., Tab]):
    tab = visit()
    tab.element("eva-rating >> input", "it.focus()")
    for _ in range(3):
        tab.page.keyboard.press("ArrowRight")
    tab.wait_for("eva-rating", "it.rating.yours === 4", 10)


@pytest.mark.slow
def test_sharing(walk: Stack, visit: Callable[..., Tab], screenshots: Path):
    tab = visit()
    watch(tab)
    tab.allow_clipboard()
    tab.page.get_by_role("button", name="Share", exact=True).click()
    link = tab.page.get_by_label("Link", exact=True)
    link.wait_for()
    assert link.input_value() == f"{walk.url}/b/{SLUG}"
    tab.page.get_by_role("checkbox", name="Mention the present moment").check()
    address = link.input_value()
    assert "?at=20" in address
    moment = datetime.fromisoformat(parse_qs(urlsplit(address).query)["at"][0])
    assert f"{walk.url}/embed/{SLUG}" in tab.page.get_by_label("Embed as a frame").input_value()
    tab.screenshot("page-share", screenshots)
    assert violations(tab.page) == []
    tab.element("eva-share >> [data-copies=link]", "it.click()")
    tab.page.get_by_text("Copied").first.wait_for()
    assert tab.page.evaluate("navigator.clipboard.readText()") == address
    for kind, label in (("frame", "Embed as a frame"), ("element", "Embed as an element")):
        tab.element(f"eva-share >> [data-copies={kind}]", "it.click()")
        tab.wait_for(f"eva-share >> [data-copies={kind}]", "it.innerText.includes('Copied')", 5)
        code = tab.page.get_by_label(label).input_value()
        assert tab.page.evaluate("navigator.clipboard.readText()") == code
    tab.page.goto(address)
    tab.page.get_by_text(f"This link points to T+{elapsed(moment)}").wait_for()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "watching", "rate"),
    [
        ("de", "sehen zu|sieht zu", "Diese Übertragung bewerten"),
        ("fr", "spectateur", "Noter cette retransmission"),
        ("es", "espectador", "Valorar esta emisión"),
        ("it", "spettator", "Vota questa trasmissione"),
    ],
)
def test_the_page_speaks_five_languages(
    language: str, watching: str, rate: str, visit: Callable[..., Tab], screenshots: Path
):
    tab = visit()
    tab.page.evaluate("scrollTo(0, 0)")
    tab.page.get_by_label("Language").select_option(language)
    tab.page.get_by_role("heading", name=rate).wait_for()
    tab.page.get_by_text(re.compile(watching)).first.wait_for()
    if language == "de":  # media-chrome's own buttons as well, in a page that changes its language
        tab.wait_picture(30)
        mute = "it.getAttribute('aria-label') === 'Stummschaltung aufheben'"
        tab.wait_for("media-mute-button", mute, 10)
    tab.page.reload()
    tab.page.get_by_role("heading", name=rate).wait_for()
    assert tab.page.evaluate("document.documentElement.lang") == language
    tab.screenshot(f"page-language-{language}", screenshots)
    assert violations(tab.page) == []


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/", "/docs/embed", "/b/shut"])
def test_the_tab_is_named_in_the_chosen_language(
    path: str, walk: Stack, open_either: Callable[..., Tab]
):
    """As the server names it, which a reload would show."""
    walk.anew("shut", [], access="closed")
    tab = open_either(walk.url + path, "401")
    for language in ("de", "fr", "es", "it", "en"):
        former = tab.page.title()
        tab.page.locator("eva-topbar select").select_option(language)
        tab.wait_for("html", f"document.title !== {former!r}", 10)
        served = tab.page.evaluate("fetch(location.href).then((answer) => answer.text())")
        assert f"<title>{tab.page.title()}</title>" in served


@pytest.mark.slow
def test_the_page_speaks_the_browsers_language(walk: Stack, open_either: Callable[..., Tab]):
    walk.anew("german", [], **fields())
    for stars in (4, 5):
        walk.request("POST", "/api/v1/broadcasts/german/rating", {"stars": stars})
    tab = open_either(f"{walk.url}/b/german", locale="de-DE")
    assert tab.page.evaluate("document.documentElement.lang") == "de"
    tab.page.get_by_role("heading", name="Diese Übertragung bewerten").wait_for()
    tab.wait_for("eva-rating >> .summary", "it.innerText.includes('4,5 ')", 5)
