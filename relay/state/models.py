"""What cameras and broadcasts are made of: the form in which they are stored and accepted."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads it at run time
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from relay.ids import SLUG

Slug = Annotated[str, StringConstraints(pattern=rf"^{SLUG.pattern}$")]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=20_000)]


class Model(BaseModel):
    """Strict and immutable: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def explain(error: ValidationError) -> str:
    """Every wrong field and what is wrong with it; values are not repeated."""
    parts = []
    for item in error.errors(include_url=False, include_input=False, include_context=False):
        where = ".".join(str(part) for part in item["loc"]) or "body"
        parts.append(f"{where}: {item['msg']}")
    return "; ".join(parts)


class Projection(StrEnum):
    """How a picture maps to the world."""

    FLAT = "flat"
    EQUIRECTANGULAR = "equirectangular"


class Pull(Model):
    """A source that the relay fetches, instead of waiting to be sent to."""

    url: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
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


class Person(Model):
    """A member of the crew, or of those who made the broadcast."""

    name: Line
    """The person's name."""
    role: Line
    """What the person does, such as EV1."""


class Broadcast(Model):
    """A broadcast: what has a page, a rating and one or more cameras."""

    slug: Slug
    """Its name in URLs."""
    title: Line
    """Its name for people."""
    description: Text = ""
    """What it is about."""
    cameras: Annotated[tuple[Slug, ...], Field(max_length=32)] = ()
    """Ids of its cameras; the first live one is the programme."""
    crew: Annotated[tuple[Person, ...], Field(max_length=64)] = ()
    """Who is outside, and who helps."""
    credits: Annotated[tuple[Person, ...], Field(max_length=256)] = ()
    """Who made it."""
    tags: Annotated[tuple[Line, ...], Field(max_length=32)] = ()
    """What it has in common with others."""
    starts_at: datetime | None = None
    """When it begins or began; mission elapsed time counts from here."""
    ended_at: datetime | None = None
    """When it ended."""
