"""What commands print."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relay.commands.output import print_table

if TYPE_CHECKING:
    import pytest


def test_what_an_encoder_calls_itself_does_not_steer_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_table(("id", "source"), [("helmet", "\x1b]0;owned\x07\nEV1 \u202elive")])
    assert capsys.readouterr().out == (
        "ID      SOURCE\nhelmet  " + r"\x1b]0;owned\x07\nEV1 \u202elive" + "\n"
    )
