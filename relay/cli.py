"""The `relay` command.

A command's module is imported when it is called: every process of the relay is one of them, and the
sooner it has started the sooner it does the work of one that died.
"""

from __future__ import annotations

import importlib
import io
import sys
from difflib import get_close_matches
from importlib.metadata import version
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command

from relay.commands.common import fail
from relay.errors import RelayError

_COMMANDS: Final = {
    "serve": "relay.commands.serve",
    "status": "relay.commands.status",
    "demo": "relay.commands.demo",
    "camera": "relay.commands.cameras",
    "broadcast": "relay.commands.broadcasts",
    "partner": "relay.commands.partners",
    "acl": "relay.commands.acl",
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

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is called; a wrong name is answered with the one that was meant."""
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], _COMMANDS, 1)
            meant = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"No such command {args[0]!r}.{meant}")
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"EVA Relay {version('eva-relay')}\n")
        raise typer.Exit


@app.callback()
def relay(
    show_version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", is_eager=True, callback=_print_version
        ),
    ] = False,
) -> None:
    """EVA Relay: a live broadcast relay for spacewalks."""
    del show_version


def main() -> None:
    """The entry point: errors of ours end with one line instead of a traceback."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal of another encoding shows what it can of names and arrows.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        # By this name the shell's completion finds it, however it was called.
        app(prog_name="relay")
    except RelayError as error:
        fail(error)
