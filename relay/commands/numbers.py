"""Numbers on the command line, and what wrong ones are told.

Typer's own types answer in the words of their author; these name the option and what is allowed.
"""

from __future__ import annotations

import math
from typing import Any

from relay.errors import Invalid


def whole(option: str, least: int = 1) -> dict[str, Any]:
    """What `typer.Option` takes to read a whole number of at least so much."""

    def parse(text: str | int) -> int:
        try:
            value = int(text)
        except ValueError:
            raise Invalid(f"{option} {text}: must be a whole number") from None
        if value < least:
            raise Invalid(f"{option} {text}: must be {least} or more")
        return value

    return {"parser": parse, "metavar": "N"}


def above_zero(option: str) -> dict[str, Any]:
    """What `typer.Option` takes to read a number of more than nothing."""

    def parse(text: str | float) -> float:
        try:
            value = float(text)
        except ValueError:
            raise Invalid(f"{option} {text}: must be a number") from None
        if not (value > 0 and math.isfinite(value)):
            raise Invalid(f"{option} {text}: must be more than 0, and finite")
        return value

    return {"parser": parse, "metavar": "NUMBER"}
