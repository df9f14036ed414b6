"""The `relay` command.

A command's module is imported when it is called: every process of the relay is one of them, and the
sooner it has started the sooner it does the work of one that died.
"""

from __future__ import annotations

import importlib
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command

from relay.commands.common import fail
from relay.errors import RelayError

_COMMANDS: Final = {
    "serve": "relay.commands.serve",
    "demo": "relay.commands.demo",
    "camera": "relay.commands.cameras",
    "broadcast": "relay.commands.broadcasts",
    "partner": "relay.commands.partners",
    "bench": "relay.commands.bench",
    "gateway": "relay.commands.gateway",
    "ingest": "relay.commands.ingest",
    "edge": "relay.commands.edge",
    "demo-camera": "relay.commands.demo_camera",
}
"""Names and modules; a module's `app` is the command or the group."""


class _Commands(TyperGroup):
    """The commands, each found by its name."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, in the order in which people need them."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name; None if there is none."""
        del ctx
        module = _COMMANDS.get(cmd_name)
        if module is None:
            return None
        command = get_command(importlib.import_module(module).app)
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=_Commands, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False
)


@app.callback()
def relay() -> None:
    """EVA Relay: a live broadcast relay for spacewalks."""


def main() -> None:
    """The entry point: errors of ours end with one line instead of a traceback."""
    try:
        app()
    except RelayError as error:
        fail(error)
