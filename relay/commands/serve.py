"""`relay serve`."""

from __future__ import annotations

import typer

from relay import process
from relay.commands.common import settings_or_exit
from relay.supervisor.serve import serve as serve_all

app = typer.Typer(add_completion=False)


@app.command()
def serve() -> None:
    """Run the whole relay on this machine."""
    settings = settings_or_exit()
    raise SystemExit(process.run("serve", settings, serve_all(settings)))
