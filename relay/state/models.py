"""What cameras and broadcasts are made of: the form in which they are stored and accepted."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final, Literal
from unicodedata import normalize
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
)

from relay.ids import SLUG
from relay.state import writing
from relay.state.weblink import settled

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic_core import ErrorDetails

Slug = Annotated[str, StringConstraints(pattern=rf"^{SLUG.pattern}$")]


STORED: Final = "stored"
"""The context in which a document is read from the state: what was allowed when it was written
stays readable, and only what is new is held to the rules of `writing`.
"""


def _new(require: Callable[[str], str]) -> AfterValidator:
    def check(value: str, info: ValidationInfo) -> str:
        return value if info.context == STORED else require(value)

    return AfterValidator(check)


def _first(change: Callable[[str], str]) -> BeforeValidator:
    def changed(value: object, info: ValidationInfo) -> object:
        is_new = isinstance(value, str) and info.context != STORED
        return change(value) if is_new else value  # type: ignore[arg-type]

    return BeforeValidator(changed)


COMPOSED: Final = _first(partial(normalize, "NFC"))
NAMED: Final = _first(writing.name)
"""As `COMPOSED`, for what somebody goes by."""
NEW_LINE: Final = _new(writing.require_line)
NEW_TEXT: Final = _new(writing.require_text)
LINE_CHARS: Final = r"^[^\x00-\x1f\x7f-\x9f]*$"
"""No control characters: lines are shown on terminals too."""
TEXT_CHARS: Final = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=LINE_CHARS),
    COMPOSED,
    NEW_LINE,
]
"""A name or a title, that stands in a line among others."""
Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=20_000, pattern=TEXT_CHARS),
    COMPOSED,
    NEW_TEXT,
]


def _written(value: object) -> object:
    if isinstance(value, str) and not _NUMBER.fullmatch(value.strip()):
        return value
    if isinstance(value, datetime):
        return value
    raise ValueError("a moment is written as in RFC 3339")


_NUMBER: Final = re.compile(r"[-+\d.eE]*")
Moment = Annotated[AwareDatetime, BeforeValidator(_written)]
"""A moment that is the same for everybody: with its offset from UTC."""


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise ValueError("one stands in it twice")
    return names


_MAX_EXPLAINED: Final = 32


class Model(BaseModel):
    """Strict and immutable: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def explain(error: ValidationError) -> str:
    """Every wrong field and what is wrong with it, up to a number; values are not repeated."""
    found = error.errors(include_url=False, include_input=False)
    parts = [f"{_place(item['loc'])}: {_problem(item)}" for item in found[:_MAX_EXPLAINED]]
    if len(found) > len(parts):
        parts.append(f"and {len(found) - len(parts)} more")
    return "; ".join(parts)


def _problem(item: ErrorDetails) -> str:
    """What is wrong, in words that name what is allowed, not the library's types."""
    limits = item.get("ctx", {})
    if item["type"] == "string_pattern_mismatch":
        return _RULES.get(limits["pattern"], "some of its characters are not allowed")
    if item["type"] in _PROBLEMS:
        return _PROBLEMS[item["type"]].format(**limits)
    return item["msg"].removeprefix("Value error, ").replace("Input should", "must")


_LANGUAGE: Final = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
_RULES: Final = {
    f"^{SLUG.pattern}$": "must be 1 to 64 of the characters a-z, 0-9 and -",
    _LANGUAGE: "must be a language tag, such as en or pt-BR",
}
"""What a text with a pattern must be."""
_PROBLEMS: Final = {
    "missing": "it is missing",
    "extra_forbidden": "there is no such field",
    "string_type": "must be a text",
    "string_too_short": "must not be empty",
    "string_too_long": "must not be longer than {max_length} characters",
    "too_long": "must not have more than {max_length}",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "model_type": "must be an object with fields",
    "model_attributes_type": "must be an object with fields",
    "dict_type": "must be an object with fields",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "enum": "must be {expected}",
    "literal_error": "must be {expected}",
    "datetime_parsing": "must be a moment, such as 2026-11-22T14:00:00Z",
    "datetime_from_date_parsing": "must be a moment, such as 2026-11-22T14:00:00Z",
    "datetime_object_invalid": "must be a moment, such as 2026-11-22T14:00:00Z",
    "timezone_aware": "must name its offset from UTC, such as 2026-11-22T14:00:00Z",
    "json_invalid": "this is not JSON",
}
"""For pydantic's types of errors, what is wrong; its own words are for programmers."""


def _place(location: tuple[int | str, ...]) -> str:
    # Names of fields come from strangers, and may be as long as their bodies.
    return ".".join(str(part)[:64] for part in location) or "body"


class Projection(StrEnum):
    """How a picture maps to the world."""

    FLAT = "flat"
    EQUIRECTANGULAR = "equirectangular"


class Pull(Model):
    """A source that the relay fetches, instead of waiting to be sent to."""

    url: Annotated[
        str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")
    ]
    """A file's path, or a URL; may hold credentials, so it is shown to operators only."""
    loop: bool = False
    """Whether to begin again at the end."""


class Camera(Model):
    """A camera."""

    id: Slug
    """Its name in URLs."""
    name: Line
    """Its name for people."""
    projection: Projection = Projection.FLAT
    """How its picture maps to the world."""
    pull: Pull | None = None
    """Where the relay fetches it from; None: it sends by itself, with its publish key."""
    key_hash: str = ""
    """SHA-256 of its publish key."""


LanguageTag = Annotated[str, StringConstraints(pattern=_LANGUAGE, max_length=35)]
"""A language as HTML's `lang` names it (BCP 47), such as `en` or `pt-BR`."""


def _web_address(value: str, info: ValidationInfo) -> str:
    if info.context == STORED:
        return value
    found = settled(value)
    if found is None:
        raise ValueError("it has to begin with http:// or https:// and name a host, and no user")
    return found


WebAddress = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, max_length=2000, pattern=r"^[^\x00-\x20\x7f-\x9f\"<>\\^`{|}]*$"
    ),
    AfterValidator(_web_address),
]
"""An address that people may follow: of http or https, without a name and a password, its host in
ASCII.
"""


class Person(Model):
    """A member of the crew, or of those who made the broadcast."""

    name: Line
    """The person's name."""
    role: Line
    """What the person does, such as EV1."""


class Link(Model):
    """A link beside a broadcast."""

    label: Line
    """What people read."""
    url: WebAddress
    """Where it leads."""
    kind: Literal["follow", "link"] = "link"
    """Whether it lets people follow those who made the broadcast, or leads elsewhere."""


class Soundtrack(Model):
    """The music of a broadcast, as its licence wants it named."""

    title: Line
    writers: Annotated[tuple[Line, ...], Field(max_length=32)] = ()
    performer: Line | None = None
    publisher: Line | None = None
    licence: Line | None = None
    url: WebAddress | None = None
    """Where it can be heard."""


class Marker(Model):
    """A moment of a broadcast, and what happens at it."""

    id: str
    at: Moment
    title: Line
    camera: Slug | None = None
    """The camera that shows it best."""


class Feedback(Model):
    """What a viewer told the operators."""

    id: str
    at: Moment
    text: str
    email: str | None = None
    """Where to answer, if the viewer wants that."""
    stars: int | None = None
    """The viewer's rating at that moment."""


def _origin(value: str, info: ValidationInfo) -> str:
    parts = urlsplit(_web_address(value, info))
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("an origin is https:// and a host, without a path")
    if not _HOST.fullmatch(parts.netloc):
        raise ValueError("the host may have letters, digits, - and . only, and a port")
    return f"{parts.scheme}://{parts.netloc.lower()}"


_HOST: Final = re.compile(r"[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?")
Origins = Annotated[
    tuple[Annotated[str, StringConstraints(max_length=270), AfterValidator(_origin)], ...],
    Field(max_length=32),
]
"""The origins of sites, as browsers send them."""


class Partner(Model):
    """Whose sites may show broadcasts in their pages."""

    id: Slug
    """Its name in URLs."""
    name: Line
    """Its name for people."""
    origins: Origins = ()
    """The origins of its sites."""
    key_hash: str = ""
    """SHA-256 of the key with which its server makes tokens; "" if it has none."""


class CommentPolicy(StrEnum):
    """Who sees a new comment."""

    OPEN = "open"
    """Everybody, at once."""
    APPROVAL = "approval"
    """Operators, until they approve it."""
    CLOSED = "closed"
    """There are no new ones."""


class Access(StrEnum):
    """Who may watch."""

    OPEN = "open"
    CLOSED = "closed"
    """Those who were given a token."""


class Broadcast(Model):
    """A broadcast: what has a page, a rating and one or more cameras."""

    slug: Slug
    """Its name in URLs."""
    title: Line
    """Its name for people."""
    description: Text = ""
    """What it is about."""
    language: LanguageTag | None = None
    """The language of its texts, for screen readers and translators; None: not told."""
    cameras: Annotated[
        tuple[Slug, ...],
        Field(max_length=32, json_schema_extra={"uniqueItems": True}),
        AfterValidator(_each_once),
    ] = ()
    """Ids of its cameras; the first live one is the programme."""
    crew: Annotated[tuple[Person, ...], Field(max_length=64)] = ()
    """Who is outside, and who helps."""
    credits: Annotated[tuple[Person, ...], Field(max_length=256)] = ()
    """Who made it."""
    tags: Annotated[tuple[Line, ...], Field(max_length=32)] = ()
    """What it has in common with others."""
    starts_at: Moment | None = None
    """When it begins or began; mission elapsed time counts from here."""
    ended_at: Moment | None = None
    """When it ended."""
    cameras_released: bool = False
    """Whether its cameras were let go when it ended; see `state.course`."""
    links: Annotated[tuple[Link, ...], Field(max_length=32)] = ()
    """What leads on from it."""
    soundtrack: Soundtrack | None = None
    """Its music."""
    comments: CommentPolicy = CommentPolicy.OPEN
    """Who sees a new comment."""
    access: Access = Access.OPEN
    """Who may watch."""
    partners_only: bool = False
    """Whether it may be embedded by partners' sites only."""
    partners: Annotated[
        tuple[Slug, ...],
        Field(max_length=256, json_schema_extra={"uniqueItems": True}),
        AfterValidator(_each_once),
    ] = ()
    """Ids of the partners whose servers may let viewers in while it is closed."""
