"""`relay demo-camera`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from relay import log, process
from relay.commands.common import fail, settings_or_exit
from relay.demo import camera, show
from relay.demo.scene import AROUND
from relay.errors import OperatorError

app = typer.Typer()


@app.command(hidden=True)
def demo_camera(
    kind: Annotated[str, typer.Argument(help="Which camera.")],
    width: int = 1280,
    height: int | None = None,
    fps: int = 30,
) -> None:
    """Draw and send one demo camera (`relay demo` does this); EVA_DEMO_URL holds its address."""
    settings = settings_or_exit()
    log.configure(
        process=f"demo-{kind}", json=settings.log_format == "json", level=settings.log_level
    )
    url = os.environ.pop(show.URL, "")
    process.ready()
    try:
        # All around is twice as wide as high, anything else 16:9.
        rows = height or (width // 2 if kind in AROUND else width * 9 // 16)
        camera.run(kind, url, width, rows, fps)
    except OperatorError as error:
        fail(error)
