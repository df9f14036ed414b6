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

app = typer.Typer(add_completion=False)


@app.command(hidden=True)
def demo_camera(
    kind: Annotated[str, typer.Argument(help="Which camera.")],
    width: int | None = None,
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
        # All around is twice as wide as high, anything else 16:9: what a laptop of two cores draws,
        # encodes, relays and shows at once.
        columns = width or (1280 if kind in AROUND else 960)
        rows = height or (columns // 2 if kind in AROUND else columns * 9 // 16)
        camera.run(kind, url, columns, rows, fps)
    except OperatorError as error:
        fail(error)
