"""The rules of comments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from relay.audience import comments as rules
from relay.audience.comments import DESK, Comment, Place
from relay.errors import Conflict, Forbidden, Invalid
from relay.state.models import CommentPolicy

NOW = datetime(2026, 11, 22, 14, tzinfo=UTC)


def comment(**fields: object) -> Comment:
    base = {"id": "c", "author": "anna", "name": "Anna", "text": "Hello", "at": NOW}
    return Comment.model_validate(base | fields)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "https://example.org",
            "see HTTP://x",
            "www.example.org",
            "go to example.com!",
            "a.xyz/b",
        ),
        *("mailto:me@x.org", "ftp://x", "Buy at BEST-SHOP.ru now", "x.io"),
        *("example\u2024com", "example\u3002com", "example\uff0ecom", "exam\u200bple.c\u00adom"),
    ],
)
def test_links_wait_for_approval(text: str):
    assert rules.has_link(text)
    assert rules.place_of(CommentPolicy.OPEN, "Anna", text) is Place.HELD
    assert rules.place_of(CommentPolicy.OPEN, text[:60], "Hello") is Place.HELD


@pytest.mark.parametrize(
    "text", ["at 3.5 m/s", "e.g. this", "Wow.Great view", "12:30", "a/b", "J. Doe", "so.so", "and."]
)
def test_what_only_looks_like_one_does_not(text: str):
    assert not rules.has_link(text)
    assert rules.place_of(CommentPolicy.OPEN, "Anna", text) is Place.SHOWN
    assert rules.place_of(CommentPolicy.APPROVAL, "Anna", text) is Place.HELD
    with pytest.raises(Conflict):
        rules.place_of(CommentPolicy.CLOSED, "Anna", text)


def test_a_reply_to_a_reply_is_attached_to_its_root():
    assert rules.root_of(comment()) == "c"
    assert rules.root_of(comment(id="d", reply_to="c")) == "c"
    for parent in (None, comment(place="held"), comment(place="hidden")):
        with pytest.raises(Invalid):
            rules.root_of(parent)


def edit(found: Comment, text: str, author: str | None = "anna", after_s: float = 1) -> Comment:
    now = NOW + timedelta(seconds=after_s)
    return rules.edited(found, text, author=author, policy=CommentPolicy.OPEN, now=now)


def test_the_author_may_edit_for_five_minutes():
    changed = edit(comment(pinned=True), "Hi", after_s=299.9)
    assert (changed.text, changed.edited, changed.pinned) == ("Hi", True, True)
    assert edit(comment(), "Hello") == comment()
    for author, after_s, kind in (("ben", 1, "not-yours"), (None, 1, "not-yours")):
        with pytest.raises(Forbidden) as caught:
            edit(comment(), "Hi", author, after_s)
        assert caught.value.kind == kind
    with pytest.raises(Forbidden, match="5 minutes"):
        edit(comment(), "Hi", after_s=300)
    with pytest.raises(Forbidden, match="hidden"):
        edit(comment(place="hidden"), "Hi")


def test_an_edit_is_no_way_around_the_rules():
    assert edit(comment(pinned=True), "www.x.org").place is Place.HELD
    assert not edit(comment(pinned=True), "www.x.org").pinned
    assert edit(comment(place="held"), "no link").place is Place.HELD


@pytest.mark.parametrize(
    ("place", "pinned", "decision", "then", "pinned_then"),
    [
        ("shown", False, {"hidden": True}, "hidden", False),
        ("shown", True, {"hidden": True}, "hidden", False),
        ("hidden", False, {"hidden": False}, "shown", False),
        ("held", False, {"approved": True}, "shown", False),
        ("held", False, {"approved": True, "pinned": True}, "shown", True),
        ("held", False, {"approved": False}, "hidden", False),
        ("shown", False, {"pinned": True}, "shown", True),
        ("shown", True, {"pinned": False}, "shown", False),
        ("shown", True, {}, "shown", True),
    ],
)
def test_moderation(place: str, pinned: bool, decision: dict, then: str, pinned_then: bool):
    given = {"hidden": None, "pinned": None, "approved": None} | decision
    decided = rules.moderated(comment(place=place, pinned=pinned), **given)
    assert (decided.place, decided.pinned) == (then, pinned_then)


@pytest.mark.parametrize(
    "decision", [{"hidden": True, "approved": True}, {"hidden": True, "pinned": True}]
)
def test_contradictions_are_refused(decision: dict):
    given = {"hidden": None, "pinned": None, "approved": None} | decision
    with pytest.raises(Invalid):
        rules.moderated(comment(), **given)


def test_what_the_desk_writes_waits_for_nobody():
    link = "See https://example.org"
    assert rules.place_of(CommentPolicy.APPROVAL, "Anna", link, author=DESK) is Place.SHOWN
    assert rules.place_of(CommentPolicy.OPEN, "Anna", link, author="anna") is Place.HELD
    with pytest.raises(Conflict):
        rules.place_of(CommentPolicy.CLOSED, "Anna", "Hello", author=DESK)
    assert comment(author=DESK).desk
    assert not comment().desk
