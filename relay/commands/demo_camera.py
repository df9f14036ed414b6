"""`relay demo-camera`."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import TYPE_CHECKING, Annotated, Final

import typer

from relay import log, process
from relay.bus import demand
from relay.bus.client import connect
from relay.commands.common import fail, settings_or_exit
from relay.commands.numbers import whole
from relay.demo import camera, show
from relay.demo.scene import AROUND
from relay.errors import OperatorError, StoreError
from relay.supervisor.environment import Urls

if TYPE_CHECKING:
    from collections.abc import Callable

_LOOK_S: Final = 0.3
"""How often it is asked whether somebody watches; until then a viewer sees few pictures."""

app = typer.Typer(add_completion=False)


@app.command(hidden=True)
def demo_camera(
    kind: Annotated[str, typer.Argument(help="Which camera.")],
    width: Annotated[int | None, typer.Option(**whole("--width", 16))] = None,
    height: Annotated[int | None, typer.Option(**whole("--height", 16))] = None,
    fps: Annotated[int, typer.Option(**whole("--fps"))] = 30,
    marks: Annotated[
        bool, typer.Option("--marks", help="Show a timecode strip and a flash, and tick.")
    ] = False,
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
        columns = width or (1440 if kind in AROUND else 1280)
        rows = height or (columns // 2 if kind in AROUND else columns * 9 // 16)
        watched = _watch_demand(Urls(settings, "demo").bus, kind)
        camera.run(kind, url, (columns, rows), fps, watched=watched, marks=marks)
    except OperatorError as error:
        fail(error)


def _watch_demand(bus_url: str, name: str) -> Callable[[], bool]:
    """Ask the bus, in a thread, whether a camera is watched; while nobody knows, it is."""
    watched = threading.Event()
    watched.set()

    async def ask() -> None:
        bus = connect(bus_url)
        while True:
            try:
                wanted = bool(await demand.wanted(bus, name))
            except StoreError:
                wanted = True
            (watched.set if wanted else watched.clear)()
            await asyncio.sleep(_LOOK_S)

    threading.Thread(target=asyncio.run, args=(ask(),), name="demand", daemon=True).start()
    return watched.is_set
