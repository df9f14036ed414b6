"""What may be said, and who sees it: the rules of comments. Pure; `now` is an argument."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

from pydantic import StringConstraints

from relay.audience.names import is_reserved
from relay.errors import Conflict, Forbidden, Invalid
from relay.state.models import (
    COMPOSED,
    LINE_CHARS,
    NAMED,
    NEW_LINE,
    NEW_TEXT,
    TEXT_CHARS,
    Broadcast,
    CommentPolicy,
    Model,
    Moment,
)
from relay.state.weblink import folded

DESK: Final = "desk"
"""The author of what operators write, whose token says so; no viewer's id is as short."""
EDIT_S: Final = 300
"""An author may change or withdraw a comment for so long."""
_EDIT: Final = timedelta(seconds=EDIT_S)
_LINK: Final = re.compile(
    r"[a-z][a-z0-9+.-]*://|\bwww\.|\bmailto:"
    # A host's name: only under endings that spam is made of, so that "3.5" and "e.g." are none.
    r"|\b[\w-]+\.(?:com|net|org|info|biz|io|ru|cn|xyz|top|site|online|shop|club|link|live|me|ly|tv)\b",
    re.IGNORECASE,
)

CommentText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=TEXT_CHARS),
    COMPOSED,
    NEW_TEXT,
]
CommentName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=LINE_CHARS),
    NAMED,
    NEW_LINE,
]


class Place(StrEnum):
    """Which list a comment stands in; exactly one."""

    SHOWN = "shown"
    HELD = "held"
    """It waits for approval."""
    HIDDEN = "hidden"


class Comment(Model):
    """A comment as it is stored."""

    id: str
    author: str
    """The viewer that wrote it, or `DESK`; never shown."""
    name: CommentName
    """What the author goes by."""
    text: CommentText
    at: Moment
    """When it was written."""
    moment: Moment | None = None
    """What it speaks of."""
    reply_to: str | None = None
    """The root of its thread; None: it is one."""
    place: Place = Place.SHOWN
    pinned: bool = False
    edited: bool = False

    @property
    def desk(self) -> bool:
        """Whether operators wrote it."""
        return self.author == DESK

    @property
    def at_us(self) -> int:
        """When it was written, µs since the epoch."""
        return (self.at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)

    def is_editable(self, author: str | None, now: datetime) -> bool:
        """Whether this viewer may change or withdraw it at this moment."""
        return self.author == author and now < self.at + _EDIT

    @property
    def editable_until(self) -> datetime:
        """When the author's time to change it ends."""
        return self.at + _EDIT


def has_link(text: str) -> bool:
    """Whether a text leads people elsewhere."""
    return _LINK.search(folded(text)) is not None


def require_free_name(name: str, broadcast: Broadcast) -> None:
    """Let no commenter pass for one of the crew, of the makers or of the desk.

    Raises:
        Invalid: readers would take the name for one of theirs.
    """
    if is_reserved(name, broadcast):
        raise Invalid(
            "name: this looks like the name of the crew or of the desk; choose another. The desk "
            "itself sends its token along: Authorization: Bearer …",
            kind="name-reserved",
        )


def place_of(policy: CommentPolicy, name: str, text: str, *, author: str | None = None) -> Place:
    """Where a new or changed comment goes; what the desk writes waits for nobody.

    Raises:
        Conflict: comments are closed.
    """
    if policy is CommentPolicy.CLOSED:
        raise Conflict("comments on this broadcast are closed", kind="comments-closed")
    if author == DESK:
        return Place.SHOWN
    wanted = policy is CommentPolicy.APPROVAL or has_link(text) or has_link(name)
    return Place.HELD if wanted else Place.SHOWN


def root_of(parent: Comment | None) -> str:
    """What a reply to `parent` is attached to: there is one level of replies.

    Raises:
        Invalid: there is no such comment to reply to.
    """
    if parent is None or parent.place is not Place.SHOWN:
        raise Invalid("reply_to: there is no such comment")
    return parent.reply_to or parent.id


def edited(
    comment: Comment, text: str, *, author: str | None, policy: CommentPolicy, now: datetime
) -> Comment:
    """The comment with another text.

    Raises:
        Forbidden: it is another viewer's, hidden, or its time is over.
        Conflict: comments are closed.
    """
    require_author(comment, author, now)
    if comment.place is Place.HIDDEN:
        raise Forbidden("this comment was hidden", kind="comment-hidden")
    if text == comment.text:
        return comment
    place = place_of(policy, comment.name, text, author=author)
    if comment.place is Place.HELD:
        place = Place.HELD
    pinned = comment.pinned and place is Place.SHOWN
    update = {"text": text, "edited": True, "place": place, "pinned": pinned}
    return comment.model_copy(update=update)


def require_author(comment: Comment, author: str | None, now: datetime) -> None:
    """Let only the author pass, for a while.

    Raises:
        Forbidden: it is another viewer's, or its time is over.
    """
    if comment.author != author:
        raise Forbidden("this comment is another viewer's", kind="not-yours")
    if not comment.is_editable(author, now):
        raise Forbidden(
            f"a comment can be changed for {EDIT_S // 60} minutes only", kind="edit-time-over"
        )


def moderated(
    comment: Comment, *, hidden: bool | None, pinned: bool | None, approved: bool | None
) -> Comment:
    """The comment after an operator's decision; None leaves a thing as it is.

    Raises:
        Invalid: the decision contradicts itself, or pins what is not shown.
    """
    if hidden and approved:
        raise Invalid("a comment is either hidden or approved")
    place = comment.place
    if approved is not None:
        place = Place.SHOWN if approved else Place.HIDDEN
    if hidden is not None:
        place = Place.HIDDEN if hidden else Place.SHOWN
    if pinned and place is not Place.SHOWN:
        raise Invalid("pinned: only a comment that is shown can be pinned")
    pin = comment.pinned if pinned is None else pinned
    return comment.model_copy(update={"place": place, "pinned": pin and place is Place.SHOWN})
