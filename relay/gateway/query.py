"""What the query of a request may name: told in the API's document, and read here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from relay.errors import Invalid

if TYPE_CHECKING:
    from aiohttp import web


@dataclass(frozen=True, slots=True)
class Query:
    """A parameter of a query."""

    name: str
    text: str
    """What it is for, in a line."""
    schema: tuple[tuple[str, Any], ...] = (("type", "string"),)
    """Its JSON schema's members."""
    required: bool = False


LIMIT: Final = "limit"


def limit_of(most: int, usual: int) -> Query:
    """How many a list may give at once, for the document."""
    schema = (("type", "integer"), ("minimum", 1), ("maximum", most), ("default", usual))
    return Query(LIMIT, "How many at the most", schema)


def read_limit(request: web.Request, *, most: int, usual: int) -> int:
    """How many are asked for.

    Raises:
        Invalid: it is no number from 1 to `most`.
    """
    text = request.query.get(LIMIT)
    if text is None:
        return usual
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= most:
        raise Invalid(f"the limit is 1 to {most}")
    return int(text)
