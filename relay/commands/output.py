"""What the commands print: tables, JSON and questions, for people and for programs."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relay.config import primary_address
from relay.errors import Invalid
from relay.log import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relay.config import Settings

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def print_list(
    headers: Sequence[str], rows: Sequence[Sequence[str]], items: list[dict[str, Any]], *,
    as_json: bool, empty: str,
) -> None:  # fmt: skip
    """A list: `items` as JSON, or `rows` as a table; `empty` where there are none."""
    if as_json:
        print_json(items)
    elif not rows:
        print(empty)
    else:
        print_table(headers, rows)


def print_json(value: Any) -> None:
    """JSON that people can read as well."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]], indent: str = "") -> None:
    """Columns with their headers, as wide as what stands in them."""
    named = [[printable(cell) for cell in row] for row in rows]
    lines = [[header.upper() for header in headers], *named]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headers))]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print((indent + "  ".join(cells)).rstrip())


def ask(question: str) -> bool | None:
    """The answer to a question of yes or no; None where nobody is there to answer."""
    if not sys.stdin.isatty():
        return None
    return typer.confirm(question)


def require_yes(question: str, *, yes: bool) -> None:
    """Ask before something that cannot be undone.

    Raises:
        Invalid: nobody is there to answer.
        typer.Abort: the answer is no.
    """
    answer = yes or ask(question)
    if answer is None:
        raise Invalid(f"{question} Nobody is here to answer: add --yes")
    if not answer:
        raise typer.Abort


def local(seconds: float) -> str:
    """A moment on this machine's clock: the time, and the day where it is another one."""
    at, now = datetime.fromtimestamp(seconds, UTC).astimezone(), datetime.now(UTC).astimezone()
    return at.strftime("%H:%M" if at.date() == now.date() else "%Y-%m-%d %H:%M")


def page_url(settings: Settings, slug: str) -> str:
    """Where viewers find a broadcast."""
    origin = settings.public_url or f"http://localhost:{settings.http_port}"
    return f"{origin}/b/{slug}"


def rtmp_url(settings: Settings) -> str:
    """Where cameras send to, without the key."""
    host = settings.rtmp_host
    if host in ("", "0.0.0.0", "::"):  # noqa: S104 - that is what is listened on
        host = primary_address()
    return f"rtmp://{f'[{host}]' if ':' in host else host}:{settings.rtmp_port}/live"
